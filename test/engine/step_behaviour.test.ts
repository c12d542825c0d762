import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  createEngine, EngineUnavailableError, fillUniform, initialState, ShapeError, TracedValueError, UnknownKernelError,
  type Batch, type CompiledStep, type Engine, type EngineOptions, type Model, type State,
} from '../../deeplog/engine/index.js';
import { logKeyModel } from '../../deeplog/models/index.js';
import { gpuForTests } from './gpu.js';

const ROWS = 8;

/** Logistic regression with dropout: small enough to run thousands of times, and it uses the noise. */
const dropout: Model = {
  name: 'dropout regression',
  parameters: [
    { name: 'w', shape: [3, 1], initialise: (random) => Float32Array.from({ length: 3 }, () => random() - 0.5) },
    { name: 'b', shape: [1], initialise: () => new Float32Array(1) },
  ],
  inputs: [{ name: 'x', shape: [ROWS, 3], dtype: 'float32' }, { name: 'y', shape: [ROWS, 1], dtype: 'float32' }],
  noise: [{ name: 'mask', shape: [ROWS, 3], dtype: 'float32' }],
  forwardInputs: [{ name: 'x', shape: [ROWS, 3], dtype: 'float32' }],
  loss: (p, batch, noise) => {
    const x = noise === null ? batch['x'] : tf.mul(batch['x'], tf.mul(tf.cast(tf.greaterEqual(noise['mask'], 0.3), 'float32'), 1 / 0.7));
    return tf.mean(tf.square(tf.sub(tf.sigmoid(tf.add(tf.matMul(x as tf.Tensor2D, p['w'] as tf.Tensor2D), p['b'])), batch['y'])));
  },
  forward: (p, batch) => ({ y: tf.sigmoid(tf.add(tf.matMul(batch['x'] as tf.Tensor2D, p['w'] as tf.Tensor2D), p['b'])) }),
};

const dropoutBatch: Batch = {
  x: Float32Array.from({ length: ROWS * 3 }, (_, i) => Math.sin(i * 1.7)),
  y: Float32Array.from({ length: ROWS }, (_, i) => i % 2),
};

const logKey = logKeyModel({ preset: 'paper', vocabularySize: 7, windowSize: 2, units: 5, batchSize: ROWS });
const logKeyBatch: Batch = {
  windows: Int32Array.from({ length: ROWS * 2 }, (_, i) => (i * 5) % 7),
  targets: Int32Array.from({ length: ROWS }, (_, i) => (i * 3) % 7),
  weights: new Float32Array(ROWS).fill(1),
};

const engines: Engine[] = [];
async function engineOf(options: EngineOptions): Promise<Engine> {
  if (options.engine === 'webgpu' && gpu !== undefined) return gpu;
  const engine = await createEngine(options);
  engines.push(engine);
  return engine;
}
afterAll(async () => {
  await Promise.all([...engines, ...(gpu === undefined ? [] : [gpu])].map((engine) => engine.dispose()));
});

async function train(step: CompiledStep, batch: Batch, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = from; i <= to; i++) losses.push((await step.run(batch, { learningRate: 0.05, seed: 9, step: i })).loss);
  return losses;
}

const gpu = await gpuForTests();
const WAYS: ReadonlyArray<readonly [string, EngineOptions]> = [
  ...(gpu === undefined ? [] : [['webgpu', { engine: 'webgpu' }] as const]),
  ['eager wasm', { engine: 'eager' }],
  ['onnx', { engine: 'onnx' }],
  ['onnx on two threads', { engine: 'onnx', threads: 2 }],
];

describe('a compiled step', () => {
  for (const [way, options] of WAYS) {
    for (const [model, batch] of [[dropout, dropoutBatch], [logKey, logKeyBatch]] as const) {
      it(`of ${model.name} gives the same losses for the same seed on ${way}`, async () => {
        const engine = await engineOf(options);
        const once = await train(await engine.compileStep(model, { seed: 4 }), batch, 1, 6);
        const again = await train(await engine.compileStep(model, { seed: 4 }), batch, 1, 6);
        const other = await train(await engine.compileStep(model, { seed: 5 }), batch, 1, 6);
        expect(again).toEqual(once);
        expect(other).not.toEqual(once);
      });

      it(`of ${model.name} resumes on ${way} as if never interrupted`, async () => {
        const engine = await engineOf(options);
        const straight = await train(await engine.compileStep(model, { seed: 4 }), batch, 1, 8);
        const first = await engine.compileStep(model, { seed: 4 });
        await train(first, batch, 1, 5);
        const saved = await first.state();
        const second = await engine.compileStep(model, { seed: 77 });
        await second.load(saved);
        expect(await train(second, batch, 6, 8)).toEqual(straight.slice(5));
      });
    }
  }

  it('resumes on another engine within 1e-5', async () => {
    const cpu = await engineOf({ engine: 'eager', backend: 'cpu' });
    const straight = await train(await cpu.compileStep(dropout, { seed: 4 }), dropoutBatch, 1, 8);
    const first = await cpu.compileStep(dropout, { seed: 4 });
    await train(first, dropoutBatch, 1, 4);
    const second = await (await engineOf({ engine: 'onnx' })).compileStep(dropout, { seed: 1 });
    await second.load(await first.state());
    (await train(second, dropoutBatch, 5, 8)).forEach((loss, i) => expect(Math.abs(loss - straight[4 + i])).toBeLessThan(1e-5));
  });

  it('makes the update that Adam prescribes, with and without clipping', async () => {
    // loss = 3a + 4b: gradients (3, 4), norm 5. At step 1 m̂ = g and v̂ = g², so p ← p − lr·g/(|g| + ε) whatever the scale.
    const linear: Model = {
      name: 'linear', noise: [], forwardInputs: [],
      parameters: [{ name: 'p', shape: [2], initialise: () => Float32Array.of(1, 2) }],
      inputs: [{ name: 'c', shape: [2], dtype: 'float32' }],
      loss: (p, batch) => tf.sum(tf.mul(p['p'], batch['c'])),
      forward: () => ({}),
    };
    for (const options of [{ engine: 'eager', backend: 'cpu' }, { engine: 'onnx' }, ...(gpu === undefined ? [] : [{ engine: 'webgpu' }])] as EngineOptions[]) {
      const engine = await engineOf(options);
      const run = async (adam: { clipNorm?: number; epsilon?: number }): Promise<State> => {
        const step = await engine.compileStep(linear, { seed: 1, adam });
        await step.run({ c: Float32Array.of(3, 4) }, { learningRate: 0.1, seed: 1, step: 1 });
        return step.state();
      };
      const plain = await run({ epsilon: 1 });
      expect(plain.parameters['p'][0]).toBeCloseTo(1 - (0.1 * 3) / (3 + 1), 6);
      expect(plain.parameters['p'][1]).toBeCloseTo(2 - (0.1 * 4) / (4 + 1), 6);
      expect(plain.firstMoments['p'][0]).toBeCloseTo(0.3, 6);
      expect(plain.secondMoments['p'][1]).toBeCloseTo(0.016, 6);
      const clipped = await run({ clipNorm: 1 });
      expect(clipped.firstMoments['p'][0]).toBeCloseTo(0.1 * (3 / 5), 6);
      expect(clipped.secondMoments['p'][1]).toBeCloseTo(0.001 * (4 / 5) ** 2, 8);
    }
  });

  it('refuses a batch that does not fit, by name', async () => {
    const step = await (await engineOf({ engine: 'onnx' })).compileStep(logKey, { seed: 1 });
    const lacking = { windows: logKeyBatch['windows'], weights: logKeyBatch['weights'] };
    await expect(step.run(lacking, { learningRate: 1, seed: 1, step: 1 })).rejects.toThrow(/lacks targets/);
    await expect(step.run({ ...logKeyBatch, windows: new Int32Array(3) }, { learningRate: 1, seed: 1, step: 1 })).rejects.toThrow(ShapeError);
    await expect(step.load(initialState(dropout, 1))).rejects.toThrow(/lstm_1\/kernel/);
  });

  it('reports an id that is not in the vocabulary, on whichever thread, and does not hang', async () => {
    for (const threads of [1, 2]) {
      const step = await (await engineOf({ engine: 'onnx', threads })).compileStep(logKey, { seed: 1 });
      const windows = logKeyBatch['windows'].slice();
      windows[windows.length - 1] = 99;
      const scalars = { learningRate: 1, seed: 1, step: 1 };
      await expect(step.run({ ...logKeyBatch, windows }, scalars)).rejects.toThrow(/99/);
      if (threads === 2) await expect(step.run(logKeyBatch, scalars)).rejects.toThrow(/compile the step anew/);
    }
  });

  it('keeps memory flat over 1,500 steps', async () => {
    const step = await (await engineOf({ engine: 'onnx' })).compileStep(dropout, { seed: 1 });
    await train(step, dropoutBatch, 1, 300);
    const before = process.memoryUsage().rss;
    await train(step, dropoutBatch, 301, 1800);
    expect(process.memoryUsage().rss - before).toBeLessThan(24 * 2 ** 20);
  });
});

describe('what an engine cannot do', () => {
  const broken = (name: string, loss: Model['loss']): Model => ({ ...dropout, name, loss });

  it('is an error naming kernel, model and file for a kernel without a rule', async () => {
    const engine = await engineOf({ engine: 'onnx' });
    const model = broken('cumulative', (p) => tf.sum(tf.cumprod(p['w'])));
    await expect(engine.compileLoss(model)).rejects.toThrow(UnknownKernelError);
    await expect(engine.compileLoss(model)).rejects.toThrow(/Cumprod.*cumulative.*deeplog\/engine\/trace\/kernels\.ts/);
  });

  it('is an error naming the model when a loss reads a value', async () => {
    const engine = await engineOf({ engine: 'onnx' });
    const model = broken('peeking', (p) => tf.mul(tf.sum(p['w']), p['w'].dataSync()[0]));
    await expect(engine.compileLoss(model)).rejects.toThrow(TracedValueError);
  });

  it('is an error with the fix for a backend that is not installed', async () => {
    await expect(createEngine({ engine: 'eager', backend: 'tensorflow' })).rejects.toThrow(EngineUnavailableError);
    await expect(createEngine({ engine: 'eager', backend: 'tensorflow' })).rejects.toThrow(/docs\/tensorflow\.md/);
  });
});

describe('fillUniform', () => {
  it('depends on seed, step and stream alone, and is uniform', () => {
    const draw = (seed: number, step: number, stream: number) => fillUniform(new Float32Array(20_000), seed, step, stream);
    expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
    const reference = draw(1, 2, 3);
    for (const other of [draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4)]) {
      const equal = other.filter((x, i) => x === reference[i]).length;
      expect(equal).toBeLessThan(20);
    }
    const values = draw(1, 2, 3);
    const bins = new Array<number>(10).fill(0);
    for (const x of values) bins[Math.floor(x * 10)]++;
    const chiSquared = bins.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
    expect(chiSquared).toBeLessThan(27.9); // 99.9 % quantile for 9 degrees of freedom
  });
});
