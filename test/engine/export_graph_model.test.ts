import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createEngine, exportGraphModel, initialState, openTfjs, ShapeError, type GraphModel, type Model } from '../../deeplog/engine/index.js';
import { logKeyModel, logKeyStack, parameterValueModel, stackModel, textAutoencoderModel, tokenEncoderModel, valueStack, windowAutoencoderModel } from '../../deeplog/models/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const ROWS = 7;
const IDS = 11;
const key = { preset: 'trainer', vocabularySize: IDS, windowSize: 5, units: 4 } as const;
const logKey = logKeyModel({ ...key, batchSize: ROWS });
const stack = stackModel('stack', logKeyStack(key), ROWS);
const hard = stackModel('hard gates', { ...logKeyStack(key), layers: logKeyStack(key).layers.map((l) => (l.kind === 'lstm' ? { ...l, gates: 'hard_sigmoid' } : l)) }, ROWS);
const encoder = tokenEncoderModel({ vocabularySize: IDS, sequenceLength: 5, hidden: 8, layers: 2, heads: 2, feedForward: 12, batchSize: ROWS });
const values = stackModel('values', valueStack({ windowSize: 5, units: 4, columns: 3 }), ROWS);
const text = textAutoencoderModel({ vocabularySize: IDS, length: 5, end: 2, embedding: 6, latent: 4, pooling: 'max', dropout: 0.2, batchSize: ROWS });
const windows = windowAutoencoderModel({ windowSize: 5, dimensions: 3, units: 4, code: 2, batchSize: ROWS });
const together = parameterValueModel({ keys: 2, columns: 3, windowSize: 4, units: 4, dropout: 0, batchSize: 5 });

function batchOf(model: Model, rows: number): Record<string, Int32Array | Float32Array> {
  return Object.fromEntries(model.forwardInputs.map(({ name, shape, dtype }) => {
    const length = shape.reduce((a, b) => a * b, 1) / shape[0] * rows;
    return [name, dtype === 'int32' ? Int32Array.from({ length }, (_, i) => (i * 7 + 3) % IDS) : Float32Array.from({ length }, (_, i) => Math.sin(i))];
  }));
}

/** As a user would save it: model.json and one file of weights. */
function save({ topology, signature, weights }: GraphModel): string {
  const folder = path.join(scratchFolder(), 'model');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'weights.bin'), Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))));
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify({ format: 'graph-model', modelTopology: topology, signature, weightsManifest: [{ paths: ['weights.bin'], weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }] }));
  return folder;
}

describe('exportGraphModel', () => {
  for (const model of [logKey, stack, hard, encoder, values, text, windows, together]) {
    it(`writes ${model.name} as TensorFlow.js reads it, with the same outputs`, async () => {
      const { parameters } = initialState(model, 3);
      const engine = await createEngine({ engine: 'eager', backend: 'cpu' });
      const forward = await engine.compileForward(model);
      await forward.load(parameters);
      const wanted = await forward.run(batchOf(model, model.forwardInputs[0].shape[0]));
      const loaded = await openTfjs(save(await exportGraphModel(model, parameters)));
      // Keys that train side by side are no batch: their number is fixed.
      for (const rows of model === together ? [2] : [ROWS, 1, 4]) {
        const inputs = Object.fromEntries(Object.entries(batchOf(model, rows)).map(([name, data], i) => [name, { data, shape: [rows, ...model.forwardInputs[i].shape.slice(1)] }]));
        const outputs = await loaded.run(inputs);
        expect(Object.keys(outputs)).toEqual(Object.keys(wanted));
        for (const [name, values] of Object.entries(outputs)) {
          expect(values.length).toBe(wanted[name].length / model.forwardInputs[0].shape[0] * rows);
          values.forEach((value, i) => expect(value).toBeCloseTo(wanted[name][i], 5));
        }
      }
      await loaded.dispose();
      await forward.dispose();
    });
  }

  it('refuses parameters of another model', async () => {
    await expect(exportGraphModel(encoder, initialState(logKey, 1).parameters)).rejects.toThrow(ShapeError);
  });
});
