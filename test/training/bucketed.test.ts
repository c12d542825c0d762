import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine, type Batch, type Engine } from '../../deeplog/engine/index.js';
import { logBertModel } from '../../deeplog/models/index.js';
import { bucketed, type ModelFamily } from '../../deeplog/training/index.js';

const [B, TOKENS, H] = [2, 9, 8];
const at = (sequenceLength: number) => logBertModel({ tokens: TOKENS, classes: TOKENS, sequenceLength, longest: 12, hidden: H, layers: 1, heads: 2, batchSize: B, dropout: 0, alpha: 0.1 });
const FAMILY: ModelFamily = { at, lengthOf: (batch) => batch['ids'].length / B, first: 6 };

/** Two rows of 3 to 5 keys after DIST, the second key masked. */
function batchOf(length: number, i: number): Batch {
  const batch = { ids: new Int32Array(B * length), targets: new Int32Array(B * length), weights: new Float32Array(B * length), rows: Float32Array.of(1, 2), centre: new Float32Array(H) };
  for (let r = 0; r < B; r++) {
    batch.ids.set([8, ...Array.from({ length: 3 + ((i + r) % 3) }, (_, k) => (k === 1 ? 7 : 2 + ((i + r + k) % 4)))], r * length);
    batch.targets[r * length + 2] = 3 + (i % 2);
    batch.weights[r * length + 2] = 1 + r;
  }
  return batch;
}

let engine: Engine;
beforeAll(async () => { engine = await createEngine({ engine: 'onnx' }); });
afterAll(() => engine.dispose());

it('a network trained at several lengths in turn is the one trained at the longest alone', async () => {
  const family = await bucketed(engine, FAMILY).compileStep(at(6), { seed: 4 });
  const alone = await engine.compileStep(at(12), { seed: 4 });
  for (let i = 1; i <= 9; i++) {
    const scalars = { learningRate: 0.01, seed: 1, step: i };
    const { loss } = await family.run(batchOf([6, 6, 8, 12, 8, 6][i % 6], i), scalars);
    expect(loss).toBeCloseTo((await alone.run(batchOf(12, i), scalars)).loss, 4);
  }
  const [ours, theirs] = [await family.state(), await alone.state()];

  const losses = await bucketed(engine, FAMILY).compileLoss(at(6));
  await losses.load(theirs.parameters);
  const [short, long] = [(await losses.run(batchOf(6, 1))).loss[0], (await losses.run(batchOf(12, 1))).loss[0]];
  expect(short).toBeCloseTo(long, 5);
  await losses.load(ours.parameters);
  expect((await losses.run(batchOf(12, 1))).loss[0]).toBeCloseTo(long, 3);
  await Promise.all([family.dispose(), alone.dispose(), losses.dispose()]);
});
