import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, type Batch, type Engine, type EngineOptions, type Model } from '../../deeplog/engine/index.js';
import { logKeyModel } from '../../deeplog/models/index.js';

const BATCH = 12;
const WINDOW = 4;
const KEYS = 9;

function batchOf(): Batch {
  return {
    windows: Int32Array.from({ length: BATCH * WINDOW }, (_, i) => (i * 7 + (i >> 2)) % KEYS),
    targets: Int32Array.from({ length: BATCH }, (_, i) => (i * 5) % KEYS),
    weights: Float32Array.from({ length: BATCH }, (_, i) => (i < BATCH - 2 ? 1 + (i % 3) : 0)),
  };
}

const engines: Engine[] = [];

async function losses(options: EngineOptions, model: Model): Promise<number[]> {
  const engine = await createEngine(options);
  engines.push(engine);
  const step = await engine.compileStep(model, { seed: 11 });
  const values: number[] = [];
  for (let i = 1; i <= 5; i++) values.push((await step.run(batchOf(), { learningRate: 0.02, seed: 5, step: i })).loss);
  await step.dispose();
  return values;
}

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
});

describe('five training steps', () => {
  for (const preset of ['paper', 'trainer'] as const) {
    const model = logKeyModel({ preset, vocabularySize: KEYS, windowSize: WINDOW, units: 6, batchSize: BATCH });
    for (const options of [{ engine: 'eager', backend: 'wasm' }, { engine: 'onnx' }] as const) {
      it(`of ${model.name} on ${options.engine} agree with eager cpu within 1e-4`, async () => {
        const expected = await losses({ engine: 'eager', backend: 'cpu' }, model);
        const actual = await losses(options, model);
        expect(expected[4]).toBeLessThan(expected[0]);
        actual.forEach((loss, i) => expect(Math.abs(loss - expected[i]) / expected[i]).toBeLessThan(1e-4));
      });
    }
  }
});
