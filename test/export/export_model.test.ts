import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson, readManifest, writeJson, writeManifest } from '../../deeplog/artifacts/index.js';
import { EXPORT_FORMATS } from '../../deeplog/cli/index.js';
import { createDetector, DEEPLOG_KEYS_DEFAULTS, DEEPLOG_PARAMS_DEFAULTS, DeepLogKeys, type Exportable } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { trainLogKey, trainParameters } from '../../deeplog/evaluation/index.js';
import { checkParity, exportModel, FORMATS, formatsOf, TOLERANCE, writeFormats, type ExportOptions } from '../../deeplog/export/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

const folder = scratchFolder();
removeScratchAfterwards();
const [keys, params, trivial] = ['keys', 'params', 'trivial'].map((name) => path.join(folder, name));
let engine: Engine;
let drain: string;

beforeAll(async () => {
  drain = await parseSimulated(simulateBlockStore({ sessions: 150, anomalyShare: 0.1, seed: 5 }), folder);
  engine = await createEngine({ engine: 'onnx' });
  const common = { inputFile: drain, overwrite: true, trainRatio: 0.5, valRatio: 0.75, order: 'chronological' as const, trainOn: 'normal' as const, targetFpr: 0.01, seed: 1, flags: { input_file: drain, train_ratio: 0.5 } };
  const signal = new AbortController().signal;
  await trainLogKey({ ...common, outputPath: keys, formats: ['onnx', 'h5'], model: { ...DEEPLOG_KEYS_DEFAULTS, units: 8, learningRate: 0.01, batchSize: 64, maxEpochs: 3, score: 'nll' } }, engine, SILENT, signal);
  await trainParameters({ ...common, outputPath: params, model: { ...DEEPLOG_PARAMS_DEFAULTS, units: 6, maxEpochs: 1 } }, engine, SILENT, signal);
  const detector = createDetector('event-set');
  await detector.fit({ size: 1, provides: new Set(['events']), *distinct() { yield { session: { key: 'a', events: Uint32Array.of(1, 2) }, count: 1 }; } }, { size: 0, provides: new Set(['events']), *distinct() { /* none */ } }, { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal });
  await detector.save(trivial);
  await writeManifest(trivial, { stage: 'benchmark fit', startedAt: performance.now(), inputs: {}, options: {} });
}, 60_000);
afterAll(() => engine.dispose());

const options = (model: string, name: string, more: Partial<ExportOptions> = {}): ExportOptions => ({
  model, outputPath: path.join(folder, name), overwrite: false, formats: FORMATS, verify: true, verifySessions: 60, flags: {}, ...more,
});
const run = (o: ExportOptions) => exportModel(o, () => Promise.resolve(engine));

describe('export', () => {
  it('writes the key model in every format, and each scores real sessions as the engine does', async () => {
    const { files, parity } = await run(options(keys, 'out'));
    expect([...files]).toEqual([['log_key_model', { onnx: 'log_key_model.onnx', 'tfjs-layers': 'log_key_model_tfjs_layers', 'tfjs-graph': 'log_key_model_tfjs_graph', h5: 'log_key_model.h5' }]]);
    for (const file of Object.values(files.get('log_key_model') ?? {})) expect(existsSync(path.join(folder, 'out', file))).toBe(true);
    expect(Object.keys(parity)).toEqual(['onnx', 'tfjs-layers', 'tfjs-graph']);
    for (const p of Object.values(parity)) {
      expect(p.samples).toBeGreaterThan(20);
      expect(p.deviation).toBeLessThan(TOLERANCE);
      // Two runtimes never agree to the last bit: a difference of nothing would mean that nothing was compared.
      expect(p.largest_output_difference).toBeGreaterThan(0);
    }
    expect((await readManifest(path.join(folder, 'out'))).parity).toEqual(parity);
  });

  it('leaves all that another runtime needs in config.json, and a model card', async () => {
    const out = path.join(folder, 'out');
    const config = (await readJson(path.join(out, 'config.json'))) as { vocabulary: number[]; threshold: number; export: { scoring: string[]; networks: { inputs: unknown[] }[] } };
    expect(config.export.networks[0].inputs).toMatchObject([{ name: 'windows', dtype: 'int32', shape: ['rows', 10], below: config.vocabulary.length + 3 }]);
    expect(config.export.scoring.at(-1)).toMatch(/abnormal when it is above `threshold`/);
    const card = (await readJson(path.join(out, 'model_card.json'))) as { metrics: { n_test: number; recall: number }; threshold: number; protocol: object; limits: string[] };
    const { test } = (await readJson(path.join(keys, 'metrics.json'))) as { test: { recall: number } };
    expect(card).toMatchObject({ detector: 'deeplog-keys-nll', threshold: config.threshold, protocol: { train_ratio: 0.5, seed: 1 } });
    expect(card.metrics.recall).toBe(test.recall);
    expect(card.limits.join()).toMatch(/abnormal sessions only: the figures are uncertain/);
    const page = await readFile(path.join(out, 'model_card.md'), 'utf8');
    for (const heading of ['Intended use', 'Data', 'Protocol', 'Metrics', 'How a score is made', 'Limits', 'Licence']) expect(page).toContain(`\n## ${heading}\n`);
    for (const name of ['parser.json', 'parser_state.json', 'templates.json']) expect(existsSync(path.join(out, name))).toBe(true);
  });

  it('writes a network per event of the parameter model, which scores as all of them together do', async () => {
    const { files, parity } = await run(options(params, 'values'));
    expect(files.size).toBeGreaterThan(1);
    for (const name of files.keys()) expect(name).toMatch(/^parameter_models\/event_\d+$/);
    for (const p of Object.values(parity)) {
      expect(p).toMatchObject({ samples: 60, unit: 'session' });
      expect(p.deviation).toBeLessThan(TOLERANCE);
    }
  });

  it('notices a file whose gates are in another order', async () => {
    const detector = await DeepLogKeys.load(keys, engine);
    const units = detector.options.units;
    const swapped = (values: Float32Array): Float32Array => values.map((_, i) => values[i % (4 * units) < units ? i + units : i % (4 * units) < 2 * units ? i - units : i]);
    const wrong = Object.create(detector, { networks: { value: () => detector.networks().map((n) => ({ ...n, parameters: { ...n.parameters, 'lstm_2/bias': swapped(n.parameters['lstm_2/bias']) } })) } }) as Exportable;
    const { files } = await writeFormats(wrong, path.join(folder, 'swapped'), ['onnx', 'tfjs-layers']);
    const parity = await checkParity({ networks: () => detector.networks(), unit: 'session' }, path.join(folder, 'swapped'), files, { samples: null, engine });
    expect(parity.onnx?.deviation).toBeGreaterThan(100 * TOLERANCE);
    expect(parity['tfjs-layers']?.deviation).toBeGreaterThan(100 * TOLERANCE);
    await detector.dispose();
  });

  it('writes what was asked for only, and with the training stages', async () => {
    const { files } = await run(options(keys, 'some', { formats: ['onnx'], verify: false }));
    expect(files.get('log_key_model')).toEqual({ onnx: 'log_key_model.onnx' });
    expect(readdirSync(path.join(folder, 'some')).filter((f) => f.startsWith('log_key_model'))).toEqual(['log_key_model.onnx']);
    expect(readdirSync(keys).filter((f) => f.startsWith('log_key_model'))).toEqual(['log_key_model.h5', 'log_key_model.onnx']);
  });

  it('copies the JSON of a detector without a network, and says so', async () => {
    const { files, notes } = await run(options(trivial, 'json'));
    expect(files.size).toBe(0);
    expect(notes).toEqual(['event-set has no network: its JSON was copied, there is nothing for ONNX, TensorFlow.js or Keras']);
    expect(await readJson(path.join(folder, 'json', 'config.json'))).toMatchObject({ detector: 'event-set', threshold: 0.5 });
  });

  it('compares generated inputs only where there are no sessions, and says so', async () => {
    const { parity, notes } = await run(options(keys, 'unseen', { formats: ['onnx'], verifyInput: undefined, model: await copyWithout(keys, 'gone') }));
    expect(parity.onnx).toMatchObject({ samples: null, largest_score_difference: null });
    expect(notes[0]).toMatch(/not at hand: the files were compared on generated inputs only/);
  });

  it('refuses a folder without a model, a finished export, and a Python without Keras', async () => {
    await expect(run(options(drain, 'x'))).rejects.toThrow(/holds the result of drain, not a trained model/);
    await writeJson(path.join(folder, 'part', 'config.json'), { schema: 'deeplog.window_autoencoder/1' });
    await writeManifest(path.join(folder, 'part'), { stage: 'autoencoder detect', startedAt: performance.now(), inputs: {}, options: {} });
    await expect(run(options(path.join(folder, 'part'), 'x'))).rejects.toThrow(/holds the result of autoencoder detect, whose config\.json names no detector/);
    await expect(run(options(keys, 'out'))).rejects.toThrow(/holds a finished export result .* Add --overwrite/);
    await expect(run(options(keys, 'y', { kerasPython: path.join(folder, 'no-python') }))).rejects.toThrow(/no-python: cannot run Keras files/);
    expect(existsSync(path.join(folder, 'y', 'manifest.json'))).toBe(false);
  });

  it('knows which formats a network can have', async () => {
    const detector = await DeepLogKeys.load(keys, engine);
    const [network] = detector.networks();
    const { stack, ...plain } = network;
    expect(stack).toBeDefined();
    expect(formatsOf(network)).toEqual(FORMATS);
    expect(formatsOf(plain)).toEqual(['onnx', 'tfjs-graph']);
    expect(EXPORT_FORMATS).toEqual(FORMATS);
    await detector.dispose();
  });
});

/** The model folder as someone else gets it: its training data is elsewhere. */
async function copyWithout(model: string, name: string): Promise<string> {
  const { cp, readFile: read, writeFile } = await import('node:fs/promises');
  const copy = path.join(folder, name);
  await cp(model, copy, { recursive: true });
  const file = path.join(copy, 'manifest.json');
  await writeFile(file, (await read(file, 'utf8')).replaceAll(drain, path.join(folder, 'nowhere')));
  return copy;
}
