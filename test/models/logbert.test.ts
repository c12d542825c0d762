import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, initialState, type Batch, type Engine, type Model } from '../../deeplog/engine/index.js';
import { logAnomalyModel, logBertModel } from '../../deeplog/models/index.js';

const [TOKENS, H] = [9, 8];
const shape = { tokens: TOKENS, classes: TOKENS - 2, longest: 16, hidden: H, layers: 2, heads: 2, dropout: 0, alpha: 0.1 };
/** DIST (8), then keys, one of them masked (7). */
const ROWS = [[8, 3, 7, 5], [8, 4, 4, 7, 6, 3], [8, 7]];

/** The rows padded to `length`, and with `extra` rows of padding below. */
function batchOf(length: number, extra: number): Batch {
  const B = ROWS.length + extra;
  const batch = { ids: new Int32Array(B * length), targets: new Int32Array(B * length), weights: new Float32Array(B * length), rows: new Float32Array(B), centre: Float32Array.from({ length: H }, (_, i) => Math.sin(i)) };
  for (let r = 0; r < B; r++) batch.ids[r * length] = 8;
  ROWS.forEach((row, r) => {
    batch.ids.set(row, r * length);
    batch.targets[r * length + row.indexOf(7)] = 3 + r;
    batch.weights[r * length + row.indexOf(7)] = 1 + r;
    batch.rows[r] = 1 + r;
  });
  return batch;
}

let engine: Engine;
beforeAll(async () => { engine = await createEngine({ engine: 'onnx' }); });
afterAll(() => engine.dispose());

async function results(model: Model, batch: Batch): Promise<{ loss: number; outputs: Record<string, ArrayLike<number>> }> {
  const { parameters } = initialState(model, 3);
  const [loss, forward] = [await engine.compileLoss(model), await engine.compileForward(model)];
  await loss.load(parameters);
  await forward.load(parameters);
  return { loss: (await loss.run(batch)).loss[0], outputs: await forward.run(batch) };
}

describe('LogBERT', () => {
  it('gives the same loss and scores however far a batch is padded', async () => {
    const short = await results(logBertModel({ ...shape, sequenceLength: 6, batchSize: 3 }), batchOf(6, 0));
    for (const [length, extra] of [[7, 0], [16, 0], [6, 2], [12, 5]]) {
      const padded = await results(logBertModel({ ...shape, sequenceLength: length, batchSize: 3 + extra }), batchOf(length, extra));
      expect(padded.loss).toBeCloseTo(short.loss, 5);
      ROWS.forEach((row, r) => {
        for (let h = 0; h < H; h++) expect(padded.outputs.dist[r * H + h]).toBeCloseTo(short.outputs.dist[r * H + h], 5);
        for (let k = 0; k < row.length * shape.classes; k++) expect(padded.outputs.log_probabilities[r * length * shape.classes + k]).toBeCloseTo(short.outputs.log_probabilities[r * 6 * shape.classes + k], 5);
      });
    }
  });

  it('adds the mean squared distance to the centre, weighted by rows, to the loss of the masked keys', async () => {
    const batch = batchOf(6, 1);
    const [plain, both] = [await results(logBertModel({ ...shape, sequenceLength: 6, batchSize: 4, alpha: 0 }), batch), await results(logBertModel({ ...shape, sequenceLength: 6, batchSize: 4, alpha: 2 }), batch)];
    const { dist, log_probabilities: logP } = both.outputs;
    let [masked, weights, hypersphere, rows] = [0, 0, 0, 0];
    batch.weights.forEach((w, i) => { masked -= w * logP[i * shape.classes + batch.targets[i]]; weights += w; });
    batch.rows.forEach((w, r) => {
      rows += w;
      for (let h = 0; h < H; h++) hypersphere += (w * (dist[r * H + h] - batch.centre[h]) ** 2) / H;
    });
    expect(plain.loss).toBeCloseTo(masked / weights, 4);
    expect(both.loss).toBeCloseTo(masked / weights + (2 * hypersphere) / rows, 4);
  });
});

describe('LogAnomaly', () => {
  it('reads counts and vectors of a window: another order of the same keys changes one branch, other vectors the other', async () => {
    const model = logAnomalyModel({ vocabularySize: 6, dimensions: 3, windowSize: 4, units: 5, batchSize: 2 });
    const vectors = Float32Array.from({ length: 18 }, (_, i) => Math.cos(i * i));
    const inputs = (windows: number[], v = vectors): Batch => ({ windows: Int32Array.from([...windows, 0, 0, 0, 0]), targets: new Int32Array(2), weights: Float32Array.of(1, 0), vectors: v });
    const of = async (batch: Batch): Promise<number[]> => Array.from((await results(model, batch)).outputs.log_probabilities).slice(0, 6);
    const same = await of(inputs([0, 3, 4, 5]));
    expect(await of(inputs([0, 4, 3, 5]))).not.toEqual(same);
    // Keys 3 and 4 with the same vector: only the counts tell them apart.
    const alike = vectors.slice();
    alike.copyWithin(12, 9, 12);
    expect(await of(inputs([0, 3, 3, 5], alike))).not.toEqual(await of(inputs([0, 4, 4, 5], alike)));
  });
});
