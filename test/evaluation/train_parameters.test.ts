import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensors } from '../../deeplog/artifacts/index.js';
import { seededRandom } from '../../deeplog/common/index.js';
import { DEEPLOG_PARAMS_DEFAULTS } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { trainParameters, type TrainedParameters } from '../../deeplog/evaluation/index.js';
import { SILENT } from '../../deeplog/training/index.js';

let folder: string;
let engine: Engine;

/** 300 rows: a sine that can be predicted, noise, a word, a constant; one row of the test part is planted wrong. */
const PLANTED = 260;
const random = seededRandom(4);
const rows = Array.from({ length: 300 }, (_, i) => [50 + 10 * Math.sin(i / 3) + (i === PLANTED ? 80 : 0), i === 40 ? null : random(), `word${i}`, 5]);

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'deeplog-matrix-'));
  engine = await createEngine();
});

afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function train(data: unknown, name: string, changed = {}): Promise<TrainedParameters> {
  const inputFile = path.join(folder, `${name}.json`);
  await writeFile(inputFile, JSON.stringify({ data }));
  return trainParameters({
    inputFile, outputPath: path.join(folder, name), overwrite: false, trainRatio: 0.5, valRatio: 0.75, trainOn: 'normal', targetFpr: 0.001, seed: 1, flags: {}, formats: ['onnx'],
    model: { ...DEEPLOG_PARAMS_DEFAULTS, units: 24, learningRate: 0.01, maxEpochs: 40, dropout: 0, ...changed },
  }, engine, SILENT, new AbortController().signal);
}

describe('the parameter stage on a matrix', () => {
  it('predicts what can be predicted, reports columns, and finds the planted row', async () => {
    const { results, columnNotes, detector } = await train(rows, 'sine');
    expect(columnNotes).toEqual(['column 2: 1 missing values: not learned from; where they come before others the mean stands in', 'column 3: not numeric: left out', 'column 4: constant (always 5): left out']);
    const [r] = results;
    expect(r).toMatchObject({ train_rows: 150, validation_rows: 75, test_rows: 70, columns: ['column 1', 'column 2'] });
    // Noise cannot be predicted (error 1 at best in column 2), a sine can: half the error of the mean, planted row aside.
    const [model] = detector.models;
    expect(model.keys[0].residuals[0].deviation).toBeLessThan(0.5);
    expect(model.keys[0].residuals[1].deviation).toBeGreaterThan(0.8);
    expect(r.above_bound).toBeGreaterThan(0);
    expect(r.worst_at).toBe(PLANTED + 1);
    const svg = await readFile(path.join(folder, 'sine', 'errors.svg'), 'utf8');
    expect(svg).toContain('n = 70');
    expect(await readFile(path.join(folder, 'sine', 'columns.csv'), 'utf8')).toContain('column 3,not numeric');
  });

  it('takes the scaler from the training rows only', async () => {
    const shifted = rows.map(([a], i) => [Number(a) + (i >= 150 ? 1e6 : 0)]);
    const { detector } = await train(shifted, 'shifted', { maxEpochs: 1 });
    const mean = rows.slice(0, 150).reduce((s, [a]) => s + Number(a) / 150, 0);
    expect(detector.keys[0].columns[0].mean).toBeCloseTo(mean, 6);
  });

  it('writes weights that say the same when they are read', async () => {
    const { detector } = await train(rows.map(([a]) => [a]), 'weights', { maxEpochs: 2 });
    const tensors = await readTensors(path.join(folder, 'weights', 'model.safetensors'));
    for (const [name, data] of Object.entries(detector.models[0].parameters)) expect(tensors[`0/${name}`].data).toEqual(data);
  });

  it('writes an ONNX file that predicts the same in another runtime', async () => {
    const { detector } = await train(rows.map(([a]) => [a]), 'onnx', { maxEpochs: 2 });
    const [model] = detector.models;
    const window = Float32Array.from([0.1, -0.4, 1.2, 0.7, -1]);
    const forward = await engine.compileForward(model.model(1));
    await forward.load(model.parameters);
    const { predictions } = await forward.run({ windows: window });
    await forward.dispose();
    const session = await InferenceSession.create(path.join(folder, 'onnx', 'parameter_model.onnx'));
    const outputs = await session.run({ windows: new Tensor('float32', window, [1, 5, 1]) });
    expect(outputs.predictions.data[0]).toBeCloseTo(predictions[0], 5);
  });

  it('refuses what is no matrix, and rows of different widths, by number', async () => {
    await expect(train([[1, 2], [3]], 'ragged')).rejects.toThrow(/row 2: has 1 values, the first row has 2/);
    await expect(train([[1], [2], [3]], 'short')).rejects.toThrow(/cannot be learned from/);
    await expect(train({}, 'object')).rejects.toThrow(/expected \{"data": \[\[…\], …\]\}/);
    await expect(train(Array.from({ length: 60 }, () => ['a']), 'words')).rejects.toThrow(/no column with numbers that vary/);
  });
});
