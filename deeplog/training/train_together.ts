import { permutation, seededRandom } from '../common/index.js';
import type { Batch, Engine, Model, State } from '../engine/index.js';
import type { TrainOptions } from './loop.js';
import type { Reporter } from './reporter.js';
import { mean, TrainingSession } from './session.js';

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
 * @throws InterruptedError when `signal` fires, after the step in progress and a checkpoint; DivergedError when a loss is NaN
 */
export async function trainTogether(engine: Engine, model: Model, source: TogetherSource, validate: (parameters: State['parameters']) => Promise<readonly number[]>, options: TrainOptions, reporter: Reporter, signal: AbortSignal): Promise<TogetherResult> {
  const started = performance.now();
  const { batchSize, seed } = options;
  const { counts } = source;
  const steps = Math.max(1, Math.ceil(Math.max(...counts) / batchSize));
  const batchOf = (orders: readonly ArrayLike<number>[], s: number): Batch => source.batch(orders.map((order) => Uint32Array.from({ length: batchSize }, (_, i) => order[(s * batchSize + i) % order.length])));
  const sample = (): Batch => batchOf(counts.map((n) => Uint32Array.from({ length: n }, (_, i) => i)), 0);
  const session = await TrainingSession.open(engine, model, { counts, validationExamples: 0, steps, sample }, options, reporter, signal);
  const best = Object.fromEntries(Object.entries(session.best).map(([name, data]) => [name, data.slice()]));
  session.best = best;
  try {
    while (session.goesOn) {
      const epoch = session.progress.epoch + 1;
      const orders = counts.map((n) => permutation(n, seededRandom(seed * 100_003 + epoch)));
      const weights = await session.runEpoch((s) => ({ batch: batchOf(orders, s), weight: 1 }));
      const losses = await validate(weights);
      if (losses.every((loss) => !Number.isFinite(loss))) throw session.diverged(losses[0]);
      const { progress } = session;
      const better = losses.map((loss, k) => loss < progress.bestLosses[k] * (1 - LEAST_IMPROVEMENT));
      for (const [name, data] of Object.entries(weights)) {
        const size = data.length / counts.length;
        better.forEach((isBetter, k) => { if (isBetter) best[name].set(data.subarray(k * size, (k + 1) * size), k * size); });
      }
      const bestEpochs = progress.bestEpochs.map((b, k) => (better[k] ? epoch : b));
      const bestLosses = progress.bestLosses.map((b, k) => (better[k] ? losses[k] : b));
      await session.endEpoch({ loss: session.epochLoss / counts.length, validationLoss: mean(losses), bestEpochs, bestLosses, examples: steps * batchSize * counts.length }, weights);
    }
    const { bestEpochs, bestLosses, epoch } = session.progress;
    return { parameters: best, bestEpochs, bestLosses, epochs: epoch, seconds: (performance.now() - started) / 1000 };
  } finally {
    await session.dispose();
  }
}
