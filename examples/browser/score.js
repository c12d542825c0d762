// Scores sessions with an exported key model: the steps of config.json's export.scoring, in a page. Needs TensorFlow.js as `tf`.

const [PAD, UNK, END, FIRST_EVENT] = [0, 1, 2, 3];
const TIE = 1e-5;
const UNKNOWN_NLL = 1000;

/** Loads an export folder: its config.json and the network in one of TensorFlow.js' two formats ('tfjs-layers' or 'tfjs-graph'). */
export async function loadExport(folder, format = 'tfjs-layers') {
  const answer = await fetch(`${folder}/config.json`);
  if (!answer.ok) throw new Error(`${folder}/config.json: ${answer.status}. Start the page with an export folder (see README.md).`);
  const config = await answer.json();
  const [network] = config.export?.networks ?? [];
  if (config.model !== 'log-key' || network?.files[format] === undefined) throw new Error(`${folder}: holds no key model in the format ${format}.`);
  const url = `${folder}/${network.files[format]}/model.json`;
  const run = format === 'tfjs-layers' ? layers(await tf.loadLayersModel(url), network.layers) : graph(await tf.loadGraphModel(url));
  return { config, index: new Map(config.vocabulary.map((event, i) => [event, i + FIRST_EVENT])), tokens: config.vocabulary.length + FIRST_EVENT, run };
}

/** A layer model reads one-hot vectors; its scoring output comes before the softmax, where small probabilities are still told apart. */
function layers(whole, { input: [, tokens], scoring_output: layer }) {
  const model = tf.model({ inputs: whole.inputs, outputs: whole.getLayer(layer).output });
  return (windows) => tf.logSoftmax(model.predict(tf.oneHot(tf.tensor2d(windows, undefined, 'int32'), tokens).toFloat()));
}

function graph(model) {
  return (windows) => model.execute({ windows: tf.tensor2d(windows, undefined, 'int32') }, 'log_probabilities');
}

/** One session's events → its score, and the value of every event (and of the end, where the model predicts it). */
export async function scoreSession({ config, index, tokens, run }, events) {
  const targets = events.map((e) => index.get(e) ?? UNK);
  if (config.predict_end && config.score !== 'event-nll') targets.push(END);
  if (targets.length === 0) return { score: 0, values: [] };
  const before = [...new Array(config.window_size).fill(PAD), ...targets];
  const windows = targets.map((_, i) => before.slice(i, i + config.window_size));
  const result = tf.tidy(() => run(windows));
  const rows = await result.array();
  result.dispose();
  const values = targets.map((target, i) => (config.score === 'rank' ? rank(rows[i], target, tokens) : target === UNK ? UNKNOWN_NLL : Math.round(-rows[i][target] * 1e4) / 1e4));
  return { score: Math.max(...values), values };
}

/** 1 for the likeliest; nearly equal ones share the better rank; an unknown key is behind all. */
function rank(row, target, tokens) {
  if (target === UNK) return tokens + 1;
  return 1 + row.filter((p) => p > row[target] + TIE).length;
}
