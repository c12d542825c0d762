import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDetector, type DeepLogKeys } from '../../deeplog/detectors/index.js';
import { createEngine, initialState, type Engine } from '../../deeplog/engine/index.js';
import { exportModel, importKeras, readKerasFile, toStack, writeH5, type ImportOptions } from '../../deeplog/export/index.js';
import { logKeyStack, stackModel } from '../../deeplog/models/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();
const folder = scratchFolder();

// Files that Keras 2.2.4 and tf.keras 2.11 wrote, with what they answer: scripts/fixtures/make_keras_fixtures.py.
const fixture = (name: string): string => path.join(import.meta.dirname, '../fixtures/keras', name);
interface Expected { readonly ids: number[][]; readonly probabilities: number[][]; readonly session: number[]; readonly worst: { readonly trainer: number; readonly deeplog: number } }
const expected = (name: string): Expected => JSON.parse(readFileSync(fixture(`${name}_expected.json`), 'utf8')) as Expected;
const VOCABULARY = [11, 7, 23, 5];

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  writeFileSync(path.join(folder, 'vocabulary.json'), JSON.stringify({ vocabulary: VOCABULARY }));
});
afterAll(() => engine.dispose());

const options = (file: string, name: string, more: Partial<ImportOptions> = {}): ImportOptions => ({
  file, vocabulary: path.join(folder, 'vocabulary.json'), outputPath: path.join(folder, name), overwrite: false, windows: 'trainer', g: 3, flags: {}, ...more,
});

describe('a file that Keras wrote', () => {
  it.each([
    ['keras22', 'keras22_model.h5', null],
    ['keras22', 'keras22_weights.h5', { steps: 5, gates: 'hard_sigmoid' }],
    ['tfkeras', 'tfkeras_model.h5', null],
  ] as const)('of %s (%s) answers as it does there', async (name, file, missing) => {
    const { stack, parameters } = toStack(fixture(file), await readKerasFile(fixture(file)), missing);
    const { ids, probabilities } = expected(name);
    const forward = await engine.compileForward(stackModel(name, stack, ids.length));
    await forward.load(parameters);
    const { log_probabilities: values } = await forward.run({ windows: Int32Array.from(ids.flat()) });
    probabilities.flat().forEach((p, i) => expect(Math.exp(values[i])).toBeCloseTo(p, 6));
    await forward.dispose();
  });

  it('has other probabilities with the other gates', async () => {
    const { stack, parameters } = toStack('x', await readKerasFile(fixture('keras22_weights.h5')), { steps: 5, gates: 'sigmoid' });
    const { ids, probabilities } = expected('keras22');
    const forward = await engine.compileForward(stackModel('x', stack, ids.length));
    await forward.load(parameters);
    const { log_probabilities: values } = await forward.run({ windows: Int32Array.from(ids.flat()) });
    expect(Math.max(...probabilities.flat().map((p, i) => Math.abs(Math.exp(values[i]) - p)))).toBeGreaterThan(0.01);
    await forward.dispose();
  });

  it.each(['keras22', 'tfkeras'])('of %s becomes a model that scores sessions, in both layouts of windows', async (name) => {
    const { session, worst } = expected(name);
    for (const windows of ['trainer', 'deeplog'] as const) {
      const target = `${name}-${windows}`;
      expect(await importKeras(options(fixture(`${name}_model.h5`), target, { windows }))).toMatchObject({ windowSize: 5, tokens: 7 });
      const detector = (await loadDetector(path.join(folder, target), () => Promise.resolve(engine))) as DeepLogKeys;
      const events = Uint32Array.from(session, (token) => VOCABULARY[token - 3]);
      const [score] = await detector.withScore('nll').scoreBatch([{ key: 'a', events }]);
      expect(Math.abs(score - worst[windows])).toBeLessThan(1e-4); // what scores are rounded to
      await detector.dispose();
    }
  });

  it('can be exported again', async () => {
    await importKeras(options(fixture('keras22_model.h5'), 'again'));
    const { parity } = await exportModel({ model: path.join(folder, 'again'), outputPath: path.join(folder, 'exported'), overwrite: false, formats: ['onnx', 'tfjs-layers', 'tfjs-graph', 'h5'], verify: true, verifySessions: 5, flags: {} }, () => Promise.resolve(engine));
    expect(Object.keys(parity)).toEqual(['onnx', 'tfjs-layers', 'tfjs-graph']);
  });

  it('holds the weights that were written, when it is ours', async () => {
    const stack = logKeyStack({ preset: 'trainer', vocabularySize: 9, windowSize: 4, units: 5 });
    const { parameters } = initialState(stackModel('ours', stack, 2), 4);
    const file = path.join(folder, 'ours.h5');
    await writeH5(file, 'ours', stack, parameters);
    const read = toStack(file, await readKerasFile(file), null);
    expect(read.stack).toEqual(stack);
    expect(read.parameters).toEqual(parameters);
  });
});

describe('import refuses', () => {
  const wrong = (name: string, content: unknown): string => {
    const file = path.join(folder, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };

  it.each<readonly [string, () => Partial<ImportOptions>, RegExp]>([
    ['a missing file', () => ({ file: path.join(folder, 'none.h5') }), /there is no such file/],
    ['what is no HDF5', () => ({ file: wrong('text.h5', 'hello') }), /text\.h5: is no Keras h5 file/],
    ['weights without what they do not say', () => ({ file: fixture('keras22_weights.h5') }), /holds weights only.*--window_size and --gates/],
    ['a vocabulary of another model', () => ({ vocabulary: wrong('short.json', [1, 2, 3]) }), /has 3 event ids, which with padding, unknown and end make 6 tokens; the network .* has 7/],
    ['a vocabulary that is none', () => ({ vocabulary: wrong('words.json', ['a']) }), /expected a list of event ids/],
    ['an event twice', () => ({ vocabulary: wrong('twice.json', [1, 2, 2, 3]) }), /event 2 is in the vocabulary twice/],
  ])('%s', async (_, change, message) => {
    await expect(importKeras(options(fixture('keras22_model.h5'), 'refused', change()))).rejects.toThrow(message);
  });

  it.each<readonly [string, Record<string, unknown>, RegExp]>([
    ['GRU', {}, /layer l has a GRU; known are LSTM, Dense/],
    ['LSTM', { recurrent_activation: 'tanh' }, /layer l has recurrent_activation "tanh"; known is "sigmoid" or "hard_sigmoid"/],
    ['LSTM', { go_backwards: true }, /layer l has go_backwards true/],
    ['Dense', { activation: 'tanh' }, /layer l has activation "tanh"/],
  ])('a layer %s %j by name', (class_name, config, message) => {
    const array = { name: 'l/kernel:0', shape: [7, 16], data: new Float32Array(112) };
    expect(() => toStack('f.h5', { kerasVersion: null, layers: [{ class_name, config: { name: 'l', ...config } }], weights: new Map([['l', [array, array, array]]]) }, null)).toThrow(message);
  });
});
