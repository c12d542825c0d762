import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, initialState, type Batch, type Engine, type Model } from '../../deeplog/engine/index.js';
import { logKeyModel, tokenEncoderModel } from '../../deeplog/models/index.js';

const [ROWS, LENGTH, IDS] = [6, 4, 9];
const engines: Engine[] = [];
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
});

const models: readonly Model[] = [
  logKeyModel({ preset: 'trainer', vocabularySize: IDS, windowSize: LENGTH, units: 5, batchSize: ROWS }),
  tokenEncoderModel({ vocabularySize: IDS, sequenceLength: LENGTH, hidden: 8, layers: 1, heads: 2, feedForward: 12, batchSize: ROWS }),
];

function batchOf(model: Model): Batch {
  const rows = model.inputs.find(({ name }) => name === 'targets')?.shape[0] ?? 0;
  const ids = Int32Array.from({ length: ROWS * LENGTH }, (_, i) => (i * 5 + 2) % IDS);
  return {
    windows: ids, ids,
    targets: Int32Array.from({ length: rows }, (_, i) => (i * 7) % IDS),
    weights: Float32Array.from({ length: rows }, (_, i) => i % 4),
  };
}

describe('forward passes and losses', () => {
  for (const threads of [1, 2, 3]) {
    for (const model of models) {
      it(`of ${model.name} on ${threads} threads are those of tfjs cpu`, async () => {
        const { parameters } = initialState(model, 2);
        const results: Array<Record<string, ArrayLike<number>>> = [];
        for (const options of [{ engine: 'eager', backend: 'cpu' }, { engine: 'onnx', threads }] as const) {
          const engine = await createEngine(options);
          engines.push(engine);
          const [forward, loss] = [await engine.compileForward(model), await engine.compileLoss(model)];
          await forward.load(parameters);
          await loss.load(parameters);
          results.push({ ...(await forward.run(batchOf(model))), ...(await loss.run(batchOf(model))) });
        }
        const [expected, actual] = results;
        expect(expected['loss'].length).toBe(1);
        for (const name of ['log_probabilities', 'loss']) {
          expect(actual[name].length).toBe(expected[name].length);
          Array.from(expected[name]).forEach((value, i) => expect(actual[name][i]).toBeCloseTo(value, 5));
        }
      });
    }
  }

  it('stay on one graph where rows depend on each other', async () => {
    const mixing: Model = {
      ...models[0], name: 'batch norm',
      forward: (params, batch) => {
        const { log_probabilities: x } = models[0].forward(params, batch);
        return { log_probabilities: tf.sub(x, tf.max(x, 0, true)) };
      },
    };
    const { parameters } = initialState(mixing, 2);
    const outputs: Array<ArrayLike<number>> = [];
    for (const options of [{ engine: 'eager', backend: 'cpu' }, { engine: 'onnx', threads: 2 }] as const) {
      const engine = await createEngine(options);
      engines.push(engine);
      const forward = await engine.compileForward(mixing);
      await forward.load(parameters);
      outputs.push((await forward.run(batchOf(mixing)))['log_probabilities']);
    }
    Array.from(outputs[0]).forEach((value, i) => expect(outputs[1][i]).toBeCloseTo(value, 5));
  });
});
