import { loadExport, scoreSession } from './score.js';

const element = (id) => document.getElementById(id);
const { searchParams } = new URL(location.href);

try {
  // WebGL where there is one; ?backend=cpu does without.
  if (searchParams.has('backend')) await tf.setBackend(searchParams.get('backend'));
  const model = await loadExport('model', searchParams.get('format') ?? 'tfjs-layers');
  const { config } = model;
  element('about').textContent = `${config.detector}: windows of ${config.window_size}, ${config.vocabulary.length} known events (${config.vocabulary.join(', ')}); abnormal above ${config.threshold}. TensorFlow.js ${tf.version_core}, ${tf.getBackend()}.`;
  element('sessions').value = `${config.vocabulary.slice(0, 8).join(' ')}\n${config.vocabulary.slice(0, 3).join(' ')} 999`;
  element('score').disabled = false;
  element('score').addEventListener('click', () => judge(model));
} catch (error) {
  element('about').textContent = '';
  element('error').textContent = error.message;
}

async function judge(model) {
  element('error').textContent = '';
  const table = element('verdicts');
  table.replaceChildren();
  const lines = element('sessions').value.split('\n').filter((line) => line.trim() !== '');
  for (const [i, line] of lines.entries()) {
    const words = line.trim().split(/[\s,]+/);
    const wrong = words.find((word) => !/^\d+$/.test(word));
    if (wrong !== undefined) {
      element('error').textContent = `Line ${i + 1}: "${wrong}" is no event id.`;
      return;
    }
    const events = words.map(Number);
    const { score, values } = await scoreSession(model, events);
    table.append(row(events, score, values, model.config.threshold));
  }
  table.dataset.done = String(lines.length);
}

function row(events, score, values, threshold) {
  const tr = document.createElement('tr');
  tr.className = score > threshold ? 'abnormal' : 'normal';
  tr.dataset.score = String(score);
  const keys = document.createElement('td');
  values.forEach((value, i) => {
    const key = document.createElement('span');
    key.className = value > threshold ? 'key bad' : 'key';
    key.textContent = events[i] ?? 'end';
    key.title = String(+value.toPrecision(4));
    keys.append(key);
  });
  const number = document.createElement('td');
  number.className = 'score';
  number.textContent = String(+score.toPrecision(5));
  const verdict = document.createElement('td');
  verdict.className = 'verdict';
  verdict.textContent = score > threshold ? 'abnormal' : 'normal';
  tr.append(keys, number, verdict);
  return tr;
}
