import type { Batch, Model, State } from '../engine/index.js';
import { DataError, permutation, seededRandom } from '../common/index.js';
import type { Compiler } from './bucketed.js';
import { CONSTANT, type Schedule } from './schedule.js';

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
  /** Told the parameters that an epoch starts from, before its first batch is made. */
  beforeEpoch?(epoch: number, parameters: State['parameters']): Promise<void>;
  /** Epochs without a better validation loss before stopping. */
  readonly earlyStop: number;
  readonly seed: number;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly maxEpochs: number;
  readonly steps: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly examplesPerSecond: number;
}

/** Told of everything that happens while a model trains. */
export interface Reporter {
  step(progress: { epoch: number; maxEpochs: number; step: number; steps: number; loss: number }): void;
  epoch(report: EpochReport): void;
}

export const SILENT: Reporter = { step: () => undefined, epoch: () => undefined };

/** Everything that is needed to go on with a run that was interrupted. */
export interface Checkpoint {
  readonly state: State;
  readonly best: State['parameters'];
  readonly epoch: number;
  readonly globalStep: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly history: readonly EpochReport[];
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

/** The run was stopped by its signal; what it had is in `checkpoint`. */
export class InterruptedError extends Error {
  override name = 'AbortError';
  constructor(readonly checkpoint: Checkpoint) {
    super(`interrupted in epoch ${checkpoint.epoch + 1}`);
  }
}

/** The loss is no longer a number: names the step. */
export class DivergedError extends Error {
  override name = 'DivergedError';
  constructor(epoch: number, step: number, loss: number) {
    super(`the loss became ${loss} in epoch ${epoch}, step ${step}; lower --learning_rate or look for broken input`);
  }
}

/**
 * The training loop: seeded shuffle each epoch, validation loss after it, early stopping that gives back the best weights.
 * An epoch's order depends on (seed, epoch) alone, so that a run can be taken up again at any epoch.
 * @throws InterruptedError when `signal` fires, after the step in progress; DivergedError when the loss is NaN.
 */
export async function trainLoop(engine: Compiler, model: Model, train: BatchSource, validation: BatchSource, options: TrainOptions, reporter: Reporter, signal: AbortSignal): Promise<TrainResult> {
  const started = performance.now();
  const step = await engine.compileStep(model, { seed: options.seed });
  const lossOnly = await engine.compileLoss(model);
  try {
    if (validation.count === 0) throw new DataError('The validation part holds nothing to predict: there is no loss to stop by. Use longer sessions or other boundaries.');
    const history: EpochReport[] = [];
    let best = (await step.state()).parameters;
    let bestLoss = Infinity;
    let bestEpoch = 0;
    let globalStep = 0;
    const schedule = options.schedule ?? CONSTANT;
    const breathe = breather();
    for (let epoch = 1; epoch <= options.maxEpochs; epoch++) {
      const epochStarted = performance.now();
      await options.beforeEpoch?.(epoch, (await step.state()).parameters);
      const batches = batchesOf(train, permutation(train.count, seededRandom(options.seed * 100_003 + epoch)), options.batchSize);
      const steps = batches.length;
      let lossSum = 0;
      let weightSum = 0;
      for (let s = 0; s < steps; s++) {
        const { batch, weight } = train.batch(batches[s], ++globalStep);
        const { loss } = await step.run(batch, { learningRate: options.learningRate * schedule(globalStep), seed: options.seed, step: globalStep });
        if (!Number.isFinite(loss)) throw new DivergedError(epoch, s + 1, loss);
        lossSum += loss * weight;
        weightSum += weight;
        await breathe();
        reporter.step({ epoch, maxEpochs: options.maxEpochs, step: s + 1, steps, loss });
        if (signal.aborted) throw new InterruptedError({ state: await step.state(), best, epoch: epoch - 1, globalStep, bestEpoch, bestLoss, history });
      }
      const { parameters } = await step.state();
      await lossOnly.load(parameters);
      const validationLoss = await meanLoss((b) => lossOnly.run(b), validation, options.batchSize);
      if (validationLoss < bestLoss) {
        bestLoss = validationLoss;
        bestEpoch = epoch;
        best = parameters;
      }
      const seconds = (performance.now() - epochStarted) / 1000;
      const report = { epoch, maxEpochs: options.maxEpochs, steps, loss: lossSum / weightSum, validationLoss, bestEpoch, seconds, examplesPerSecond: train.count / seconds };
      history.push(report);
      reporter.epoch(report);
      if (epoch - bestEpoch >= options.earlyStop) return { parameters: best, history, bestEpoch, bestLoss, stopped: 'early', seconds: (performance.now() - started) / 1000 };
    }
    return { parameters: best, history, bestEpoch, bestLoss, stopped: 'max_epochs', seconds: (performance.now() - started) / 1000 };
  } finally {
    await step.dispose();
    await lossOnly.dispose();
  }
}

/**
 * Lets timers and signals in now and then: an engine that computes on this thread settles its promises without ever returning
 * to the event loop, and Ctrl-C would go unheard.
 */
function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 50) return;
    await new Promise((resolve) => { setImmediate(resolve); });
    last = performance.now();
  };
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
