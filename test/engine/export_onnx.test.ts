import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createEngine, exportOnnx, initialState, ShapeError, type Model } from '../../deeplog/engine/index.js';
import { logKeyModel, textAutoencoderModel, tokenEncoderModel, windowAutoencoderModel } from '../../deeplog/models/index.js';

const ROWS = 6;
const LENGTH = 5;
const IDS = 11;

const logKey = logKeyModel({ preset: 'trainer', vocabularySize: IDS, windowSize: LENGTH, units: 4, batchSize: ROWS });
const encoder = tokenEncoderModel({ vocabularySize: IDS, sequenceLength: LENGTH, hidden: 8, layers: 2, heads: 2, feedForward: 12, batchSize: ROWS });

const text = textAutoencoderModel({ vocabularySize: IDS, length: LENGTH, end: 2, embedding: 6, latent: 4, pooling: 'max', dropout: 0.2, batchSize: ROWS });
const windows = windowAutoencoderModel({ windowSize: LENGTH, dimensions: 3, units: 4, code: 2, batchSize: ROWS });

/** The first rows of what every model is given. */
function batchOf(model: Model, rows: number): Record<string, Int32Array | Float32Array> {
  return Object.fromEntries(model.forwardInputs.map(({ name, shape, dtype }) => {
    const length = rows * shape.slice(1).reduce((a, b) => a * b, 1);
    return [name, dtype === 'int32' ? Int32Array.from({ length }, (_, i) => (i * 7 + 3) % IDS) : Float32Array.from({ length }, (_, i) => Math.sin(i))];
  }));
}

async function expected(model: Model, parameters: Record<string, Float32Array>): Promise<Record<string, ArrayLike<number>>> {
  const engine = await createEngine({ engine: 'eager', backend: 'cpu' });
  const forward = await engine.compileForward(model);
  await forward.load(parameters);
  return forward.run(batchOf(model, ROWS));
}

describe('exportOnnx', () => {
  for (const model of [logKey, encoder, text, windows]) {
    it(`writes ${model.name} with parameters inside and any number of rows`, async () => {
      const { parameters } = initialState(model, 3);
      const session = await ort.InferenceSession.create(await exportOnnx(model, parameters));
      expect([...session.inputNames].sort()).toEqual(model.forwardInputs.map(({ name }) => name).sort());
      const wanted = await expected(model, parameters);
      expect([...session.outputNames].sort()).toEqual(Object.keys(wanted).sort());
      for (const rows of [ROWS, 1, 4]) {
        const given = batchOf(model, rows);
        const outputs = await session.run(Object.fromEntries(model.forwardInputs.map(({ name, shape, dtype }) => [name, new ort.Tensor(dtype, given[name], [rows, ...shape.slice(1)])])));
        for (const [name, { data }] of Object.entries(outputs)) {
          expect(data.length).toBe(wanted[name].length / ROWS * rows);
          Array.from(data as Float32Array).forEach((value, i) => expect(value).toBeCloseTo(wanted[name][i], 4));
        }
      }
      await session.release();
    });

    it(`uses no operators of onnxruntime's own for ${model.name}`, async () => {
      const bytes = await exportOnnx(model, initialState(model, 3).parameters);
      expect(Buffer.from(bytes).includes('com.microsoft')).toBe(false);
    });
  }

  it('refuses parameters of another model', async () => {
    await expect(exportOnnx(encoder, initialState(logKey, 1).parameters)).rejects.toThrow(ShapeError);
  });
});
