import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createEngine, exportOnnx, initialState, ShapeError, type Model } from '../../deeplog/engine/index.js';
import { logKeyModel, tokenEncoderModel } from '../../deeplog/models/index.js';

const ROWS = 6;
const LENGTH = 5;
const IDS = 11;

const logKey = logKeyModel({ preset: 'trainer', vocabularySize: IDS, windowSize: LENGTH, units: 4, batchSize: ROWS });
const encoder = tokenEncoderModel({ vocabularySize: IDS, sequenceLength: LENGTH, hidden: 8, layers: 2, heads: 2, feedForward: 12, batchSize: ROWS });

function idsOf(rows: number): Int32Array {
  return Int32Array.from({ length: rows * LENGTH }, (_, i) => (i * 7 + 3) % IDS);
}

async function expected(model: Model, parameters: Record<string, Float32Array>): Promise<Float32Array> {
  const engine = await createEngine({ engine: 'eager', backend: 'cpu' });
  const forward = await engine.compileForward(model);
  await forward.load(parameters);
  const outputs = await forward.run({ [model.forwardInputs[0].name]: idsOf(ROWS) });
  return outputs['log_probabilities'] as Float32Array;
}

describe('exportOnnx', () => {
  for (const model of [logKey, encoder]) {
    const input = model.forwardInputs[0].name;
    const perRow = model === logKey ? IDS : LENGTH * IDS;

    it(`writes ${model.name} with parameters inside and any number of rows`, async () => {
      const { parameters } = initialState(model, 3);
      const session = await ort.InferenceSession.create(await exportOnnx(model, parameters));
      expect(session.inputNames).toEqual([input]);
      expect(session.outputNames).toEqual(['log_probabilities']);
      const wanted = await expected(model, parameters);
      for (const rows of [ROWS, 1, 4]) {
        const outputs = await session.run({ [input]: new ort.Tensor('int32', idsOf(rows), [rows, LENGTH]) });
        const { data } = outputs['log_probabilities'];
        expect(data.length).toBe(rows * perRow);
        Array.from(data as Float32Array).forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 4));
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
