import { permutation, seededRandom } from '../common/index.js';
import type { Batch, Engine, Model, State } from '../engine/index.js';
import { DivergedError, type Reporter, type TrainOptions } from './loop.js';

/** Several small models of equal shape that train as one; each has examples of its own. */
export interface TogetherSource {
  /** Training examples of each. */
  readonly counts: readonly number[];
  /** For each model the examples at its indices; all are `batchSize` long. */
  batch(indices: readonly Uint32Array[]): Batch;
}

export interface TogetherResult {
  /** Each model's part is that of its own best epoch. */
  readonly parameters: State['parameters'];
  readonly bestEpochs: readonly number[];
  readonly bestLosses: readonly number[];
  readonly epochs: number;
  readonly seconds: number;
}

/** Of many models one always gains a hair: less than this share of the loss is no improvement. */
const LEAST_IMPROVEMENT = 0.01;

/**
 * Trains the models of a leading dimension side by side: one compiled step, one Adam, but each model keeps the weights of the epoch
 * where its own validation loss was lowest. All see the same number of batches an epoch: one pass of the longest, so that shorter ones
 * go round more often. Ends when none has improved for `earlyStop` epochs.
 * @param validate validation loss of each model, for weights given
 * @throws DivergedError when the loss is NaN
 */
export async function trainTogether(engine: Engine, model: Model, source: TogetherSource, validate: (parameters: State['parameters']) => Promise<readonly number[]>, options: TrainOptions, reporter: Reporter, signal: AbortSignal): Promise<TogetherResult> {
  const started = performance.now();
  const { batchSize } = options;
  const longest = Math.max(...source.counts);
  const steps = Math.max(1, Math.ceil(longest / batchSize));
  const step = await engine.compileStep(model, { seed: options.seed });
  try {
    const best: Record<string, Float32Array> = Object.fromEntries(Object.entries((await step.state()).parameters).map(([name, data]) => [name, data.slice()]));
    const bestLosses = source.counts.map(() => Infinity);
    const bestEpochs = source.counts.map(() => 0);
    let globalStep = 0;
    let epoch = 0;
    while (epoch < options.maxEpochs) {
      epoch++;
      const epochStarted = performance.now();
      const orders = source.counts.map((n) => permutation(n, seededRandom(options.seed * 100_003 + epoch)));
      let lossSum = 0;
      for (let s = 0; s < steps; s++) {
        const indices = orders.map((order) => Uint32Array.from({ length: batchSize }, (_, i) => order[(s * batchSize + i) % order.length]));
        const { loss } = await step.run(source.batch(indices), { learningRate: options.learningRate, seed: options.seed, step: ++globalStep });
        if (!Number.isFinite(loss)) throw new DivergedError(epoch, s + 1, loss);
        lossSum += loss;
        reporter.step({ epoch, maxEpochs: options.maxEpochs, step: s + 1, steps, loss });
        signal.throwIfAborted();
      }
      const { parameters } = await step.state();
      const losses = await validate(parameters);
      losses.forEach((loss, k) => {
        if (!(loss < bestLosses[k] * (1 - LEAST_IMPROVEMENT))) return;
        bestLosses[k] = loss;
        bestEpochs[k] = epoch;
        for (const [name, data] of Object.entries(parameters)) {
          const size = data.length / source.counts.length;
          best[name].set(data.subarray(k * size, (k + 1) * size), k * size);
        }
      });
      const seconds = (performance.now() - epochStarted) / 1000;
      const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
      reporter.epoch({ epoch, maxEpochs: options.maxEpochs, steps, loss: lossSum / steps / source.counts.length, validationLoss: mean(losses), bestEpoch: Math.max(...bestEpochs), seconds, examplesPerSecond: (steps * batchSize * source.counts.length) / seconds });
      if (bestEpochs.every((b) => epoch - b >= options.earlyStop)) break;
    }
    return { parameters: best, bestEpochs, bestLosses, epochs: epoch, seconds: (performance.now() - started) / 1000 };
  } finally {
    await step.dispose();
  }
}
