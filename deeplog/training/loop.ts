import type { Batch, Model, State } from '../engine/index.js';
import { DataError, permutation, seededRandom } from '../common/index.js';
import type { Compiler } from './bucketed.js';
import type { EpochReport, Reporter } from './reporter.js';
import type { Schedule } from './schedule.js';
import { TrainingSession } from './session.js';

/** Examples that can be cut into batches of the model's static size. */
export interface BatchSource {
  readonly count: number;
  /**
   * The examples at `indices` as one batch, padded to the model's size with weight zero; `weight` is the sum of their weights.
   * `step` is the update it is for, from 1, and 0 for validation: what is drawn anew each time (masks) depends on it alone.
   */
  batch(indices: Uint32Array, step: number): { batch: Batch; weight: number };
  /** The examples in the given order cut into batches; where absent, each batch takes the next `batchSize`. */
  cut?(order: Uint32Array): Uint32Array[];
}

export interface TrainOptions {
  readonly batchSize: number;
  readonly maxEpochs: number;
  readonly learningRate: number;
  /** Factor on the learning rate, by update; constant when absent. */
  readonly schedule?: Schedule;
  /** Told the parameters that an epoch starts from, before its first batch is made; and again when a run is taken up within the epoch. */
  beforeEpoch?(epoch: number, parameters: State['parameters']): Promise<void>;
  /** Measured on the validation part after each epoch, beside the loss, and shown with it: accuracy for one. */
  metrics?(parameters: State['parameters']): Promise<Readonly<Record<string, number>>>;
  /** Epochs without a better validation loss before stopping. */
  readonly earlyStop: number;
  readonly seed: number;
}

export interface TrainResult {
  /** Of the epoch with the best validation loss. */
  readonly parameters: State['parameters'];
  readonly history: readonly EpochReport[];
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly stopped: 'early' | 'max_epochs';
  readonly seconds: number;
}

/**
 * The training loop: seeded shuffle each epoch, validation loss after it, early stopping that gives back the best weights.
 * An epoch's order depends on (seed, epoch) alone, so that a run can be taken up again anywhere.
 * @throws InterruptedError when `signal` fires, after the step in progress and a checkpoint; DivergedError when a loss is NaN.
 */
export async function trainLoop(engine: Compiler, model: Model, train: BatchSource, validation: BatchSource, options: TrainOptions, reporter: Reporter, signal: AbortSignal): Promise<TrainResult> {
  const started = performance.now();
  if (validation.count === 0) throw new DataError('The validation part holds nothing to predict: there is no loss to stop by. Use longer sessions or other boundaries.');
  const { batchSize, seed } = options;
  const inOrder = batchesOf(train, Uint32Array.from({ length: train.count }, (_, i) => i), batchSize);
  const data = { counts: [train.count], validationExamples: validation.count, steps: inOrder.length, sample: () => train.batch(inOrder[0], 0).batch };
  const session = await TrainingSession.open(engine, model, data, options, reporter, signal);
  const lossOnly = await engine.compileLoss(model);
  try {
    while (session.goesOn) {
      const epoch = session.progress.epoch + 1;
      const batches = batchesOf(train, permutation(train.count, seededRandom(seed * 100_003 + epoch)), batchSize);
      const weights = await session.runEpoch((s, step) => train.batch(batches[s], step));
      await lossOnly.load(weights);
      const validationLoss = await meanLoss((b) => lossOnly.run(b), validation, batchSize);
      if (!Number.isFinite(validationLoss)) throw session.diverged(validationLoss);
      const isBest = validationLoss < session.progress.bestLosses[0];
      if (isBest) session.best = weights;
      const metrics = await options.metrics?.(weights);
      const { bestEpochs, bestLosses } = isBest ? { bestEpochs: [epoch], bestLosses: [validationLoss] } : session.progress;
      await session.endEpoch({ loss: session.epochLoss, validationLoss, bestEpochs, bestLosses, examples: train.count, ...(metrics && { metrics }) }, weights);
    }
    const { history, bestEpochs: [bestEpoch], bestLosses: [bestLoss] } = session.progress;
    return { parameters: session.best, history, bestEpoch, bestLoss, stopped: session.stoppedEarly ? 'early' : 'max_epochs', seconds: (performance.now() - started) / 1000 };
  } finally {
    await session.dispose();
    await lossOnly.dispose();
  }
}

async function meanLoss(run: (batch: Batch) => Promise<Record<string, ArrayLike<number>>>, source: BatchSource, batchSize: number): Promise<number> {
  let lossSum = 0;
  let weightSum = 0;
  for (const indices of batchesOf(source, Uint32Array.from({ length: source.count }, (_, i) => i), batchSize)) {
    const { batch, weight } = source.batch(indices, 0);
    lossSum += (await run(batch)).loss[0] * weight;
    weightSum += weight;
  }
  return lossSum / weightSum;
}

function batchesOf(source: BatchSource, order: Uint32Array, batchSize: number): Uint32Array[] {
  if (source.cut !== undefined) return source.cut(order);
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, s) => order.subarray(s * batchSize, (s + 1) * batchSize));
}
