import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson, writeManifest } from '../../deeplog/artifacts/index.js';
import { AUTOENCODER_DEFAULTS, Calibration, CountNeighbours, DEEPLOG_KEYS_DEFAULTS, DEEPLOG_PARAMS_DEFAULTS, DetailedSessions, DeepLog, DeepLogKeys, DeepLogParams, DeepLogWorkflow, Ensemble, isExportable, LOGANOMALY_DEFAULTS, LogAnomaly, LogBert, LOGBERT_DEFAULTS, TextAutoencoder, type Detector } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { exportModel, FORMATS, TOLERANCE, type Format } from '../../deeplog/export/index.js';
import { PART, readSessionSet, splitByShare } from '../../deeplog/sequences/index.js';
import { rawLines } from '../../deeplog/sessions/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

const folder = scratchFolder();
removeScratchAfterwards();
let engine: Engine;
let drain: string;

beforeAll(async () => {
  drain = await parseSimulated(simulateBlockStore({ sessions: 100, anomalyShare: 0.1, seed: 3 }), folder);
  engine = await createEngine({ engine: 'onnx' });
});
afterAll(() => engine.dispose());

/** Fits on half of the sessions and saves as a stage would. */
async function fitted(detector: Detector, name: string): Promise<string> {
  const { table } = await readSessionSet(drain);
  const split = splitByShare(table, { trainUntil: 0.5, validationUntil: 0.75, order: 'chronological', seed: 1, trainOn: 'normal', purgeSeams: false });
  const parsed = await DetailedSessions.read(drain);
  const details = detector.needs.has('text') ? parsed.withText(await rawLines(drain)) : parsed;
  await detector.fit(details.part(split, PART.train), details.part(split, PART.validation), { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });
  const model = path.join(folder, name);
  await detector.save(model);
  await writeManifest(model, { stage: 'test', startedAt: performance.now(), inputs: {}, options: { input_file: drain } });
  await detector.dispose?.();
  return model;
}

const run = (model: string, name: string, formats: readonly Format[] = FORMATS) => exportModel({ model, outputPath: path.join(folder, name), overwrite: false, formats, verify: true, verifySessions: 40, flags: {} }, () => Promise.resolve(engine));

describe('export of detectors that are no plain sequence of layers', () => {
  it.each<readonly [string, () => Detector, readonly string[]]>([
    ['LogAnomaly', () => new LogAnomaly({ ...LOGANOMALY_DEFAULTS, units: 6, dimensions: 8, batchSize: 32, maxEpochs: 1, score: 'nll' }), ['loganomaly_model']],
    ['LogBERT', () => new LogBert({ ...LOGBERT_DEFAULTS, hidden: 8, layers: 1, heads: 2, maxLength: 40, maxEpochs: 1 }), ['logbert_length_32', 'logbert_length_40']],
    ['the text autoencoder', () => new TextAutoencoder({ ...AUTOENCODER_DEFAULTS, longest: 16, lines: { ...AUTOENCODER_DEFAULTS.lines, embedding: 6, latent: 4, buckets: 2, maxEpochs: 1 }, windows: { ...AUTOENCODER_DEFAULTS.windows, windowSize: 6, units: 4, code: 3, maxEpochs: 1 } }, null), ['line_encoder_length_16', 'window_autoencoder']],
  ])('%s: ONNX and a graph model that score as the engine does, and no layer files', async (name, make, networks) => {
    const { files, parity, notes } = await run(await fitted(make(), name), `${name}-out`);
    expect([...files.keys()]).toEqual(networks);
    expect(Object.keys(parity)).toEqual(['onnx', 'tfjs-graph']);
    for (const p of Object.values(parity)) {
      expect(p.samples).toBeGreaterThan(20);
      expect(p.deviation).toBeLessThan(TOLERANCE);
    }
    expect(notes[0]).toMatch(/has no tfjs-layers or h5 file .* only onnx, tfjs-graph/);
    await expect(run(path.join(folder, name), `${name}-h5`, ['h5'])).rejects.toThrow(/cannot be exported as h5: .* It has onnx, tfjs-graph: choose with --formats/);
  });

  it('the combined DeepLog: the networks of its parts, each with its own config.json', async () => {
    const detector = new DeepLog({
      keys: new DeepLogKeys({ ...DEEPLOG_KEYS_DEFAULTS, units: 4, batchSize: 64, maxEpochs: 1 }),
      params: new DeepLogParams({ ...DEEPLOG_PARAMS_DEFAULTS, units: 4, maxEpochs: 1, minRows: 30 }), workflow: new DeepLogWorkflow(),
    });
    const { files, parity } = await run(await fitted(detector, 'deeplog'), 'deeplog-out', ['onnx']);
    expect([...files.keys()]).toContain('log_key_model');
    expect([...files.keys()].filter((n) => n.startsWith('parameter_model')).length).toBeGreaterThan(0);
    for (const p of Object.values(parity)) expect(p).toMatchObject({ samples: 40, unit: 'session' });
    expect(await readJson(path.join(folder, 'deeplog-out', 'deeplog-keys', 'config.json'))).toMatchObject({ model: 'log-key' });
    expect(await readJson(path.join(folder, 'deeplog-out', 'deeplog-workflow', 'workflow_model.json'))).toMatchObject({ schema: 'deeplog.workflow/1' });
  });

  it('the ensemble: the network of its key part, with what the other part needs', async () => {
    const detector = new Ensemble({ counts: new CountNeighbours({ complete: true }), keys: new DeepLogKeys({ ...DEEPLOG_KEYS_DEFAULTS, units: 4, batchSize: 64, maxEpochs: 1, predictEnd: false, score: 'event-nll' }) });
    const { files, parity } = await run(await fitted(detector, 'ensemble'), 'ensemble-out', ['onnx']);
    expect([...files.keys()]).toEqual(['log_key_model']);
    expect(parity.onnx?.deviation).toBeLessThan(TOLERANCE);
    expect(existsSync(path.join(folder, 'ensemble-out', 'count-neighbours', 'model.safetensors'))).toBe(true);
  });

  it('tells exportable detectors from others', () => {
    expect(isExportable(new DeepLogWorkflow())).toBe(false);
    expect(isExportable(new LogBert(LOGBERT_DEFAULTS))).toBe(true);
  });

  it('says how unusual a value is as the LogBERT recipe does', () => {
    // The recipe's formula, worked by hand: 9 sessions, highest 4 3 3 1.
    const c = Calibration.fit([4, 3, 3, 1, 0, 0, 0, 0, 0]);
    expect(c.unusual(3)).toBeCloseTo(-Math.log10(4 / 10), 12);
    expect(c.unusual(8)).toBeCloseTo(Math.log10(10) + 1 - 4 / 8, 12);
  });
});
