import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../deeplog/engine/index.js';
import { textAutoencoderModel } from '../../deeplog/models/index.js';
import { gpuForTests } from './gpu.js';

let engine: Engine | undefined;
beforeAll(async () => { engine = await gpuForTests(); }, 60_000);
afterAll(async () => { await engine?.dispose(); });

it('steps asked for ahead of their losses give what steps one after the other give', async ({ skip }) => {
  if (engine === undefined) return skip();
  const model = textAutoencoderModel({ vocabularySize: 9, length: 4, end: 2, embedding: 5, latent: 4, pooling: 'last', dropout: 0, batchSize: 3 });
  const batch = { ids: Int32Array.from([3, 4, 2, 0, 5, 2, 0, 0, 6, 7, 8, 2]), weights: Float32Array.of(1, 1, 1) };
  const [inTurn, ahead] = [await engine.compileStep(model, { seed: 1 }), await engine.compileStep(model, { seed: 1 })];
  const scalars = (step: number) => ({ learningRate: 0.01, seed: 1, step });
  const [expected, found]: [number[], number[]] = [[], []];
  for (let step = 1; step <= 40; step++) expected.push((await inTurn.run(batch, scalars(step))).loss);
  for (let from = 0; from < 40; from += 20) {
    const group = await Promise.all(Array.from({ length: 20 }, (_, i) => ahead.run(batch, scalars(from + i + 1))));
    found.push(...group.map(({ loss }) => loss));
  }
  expect(found).toEqual(expected);
  expect(found[39]).toBeLessThan(found[0]);
  expect((await ahead.state()).parameters).toEqual((await inTurn.state()).parameters);
}, 60_000);
