import type { Batch, CompiledStep, Model, State } from '../engine/index.js';
import type { Compiler } from './bucketed.js';
import { identityOf, isFinite, type Checkpoint, type Progress, type TrainingSlot } from './checkpoint.js';
import { DivergedError, InterruptedError } from './errors.js';
import { sampleGradients, type SampleGradients } from './gradients.js';
import type { TrainOptions } from './loop.js';
import type { EpochReport, Reporter } from './reporter.js';
import { CONSTANT } from './schedule.js';

/** What a training learns from, as its session needs to know it. */
export interface SessionData {
  /** Training examples of each model that trains. */
  readonly counts: readonly number[];
  readonly validationExamples: number;
  /** Of an epoch. */
  readonly steps: number;
  /** Any batch that is always the same: tells one training from another, and serves for histograms of gradients. */
  sample(): Batch;
}

/** What an epoch came to. */
export interface EpochOutcome {
  readonly loss: number;
  readonly validationLoss: number;
  readonly bestEpochs: readonly number[];
  readonly bestLosses: readonly number[];
  readonly examples: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * What every training loop shares: the compiled step, how far it is, its checkpoints, and Ctrl-C. The loop says what a batch is and what
 * an epoch was worth. An epoch's order must depend on (seed, epoch) alone: then, dropout depending on (seed, step), a training taken up
 * again between any two steps gives the losses that it would have given uninterrupted.
 */
export class TrainingSession {
  private constructor(
    private readonly data: SessionData,
    private readonly options: TrainOptions,
    private readonly reporter: Reporter,
    private readonly signal: AbortSignal,
    private readonly step: CompiledStep,
    private readonly gradients: SampleGradients,
    private readonly slot: TrainingSlot | undefined,
    /** Weights of the best epoch so far; the loop keeps them. */
    public best: State['parameters'],
    public progress: Progress,
    /** Weights that the present epoch began with, where the loop has a use for them. */
    private epochStart: State['parameters'] | null,
  ) {}

  /** Compiles the step and takes up the checkpoint of `reporter.checkpoints`, if there is one. @throws DataError when it is of another training. */
  static async open(engine: Compiler, model: Model, data: SessionData, options: TrainOptions, reporter: Reporter, signal: AbortSignal): Promise<TrainingSession> {
    const step = await engine.compileStep(model, { seed: options.seed });
    try {
      const slot = await reporter.checkpoints?.begin(identityOf(model, data.counts, data.validationExamples, options.batchSize, options.seed, data.sample()));
      const restored = slot?.restored ?? null;
      if (restored !== null) await step.load(restored.state);
      const best = restored?.best ?? (await step.state()).parameters;
      const fresh: Progress = { epoch: 0, stepInEpoch: 0, globalStep: 0, lossSum: 0, weightSum: 0, seconds: 0, bestEpochs: data.counts.map(() => 0), bestLosses: data.counts.map(() => Infinity), history: [] };
      const session = new TrainingSession(data, options, reporter, signal, step, sampleGradients(engine, model, reporter), slot, best, restored ?? fresh, restored?.epochStart ?? null);
      const { epoch, stepInEpoch, globalStep } = session.progress;
      reporter.training?.({
        model: model.name, examples: data.counts.reduce((a, b) => a + b, 0), validationExamples: data.validationExamples, steps: data.steps, maxEpochs: options.maxEpochs,
        parameters: model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0), resumedAt: restored && { epoch, step: stepInEpoch, globalStep },
      });
      if (restored === null) await slot?.save(await session.checkpoint(), false);
      return session;
    } catch (error) {
      await step.dispose();
      throw error;
    }
  }

  get stoppedEarly(): boolean {
    return this.progress.bestEpochs.every((best) => this.progress.epoch - best >= this.options.earlyStop);
  }

  /** Whether there is another epoch to run. */
  get goesOn(): boolean {
    return this.progress.epoch < this.options.maxEpochs && !this.stoppedEarly;
  }

  /**
   * Runs the steps of the next epoch that are still to be done; gives the weights after it.
   * @param batchAt the batch of step s of the epoch, from 0; `step` is that of the training, from 1
   * @throws InterruptedError when the signal fires, after the step in progress and a checkpoint; DivergedError when the loss is no number
   */
  async runEpoch(batchAt: (s: number, step: number) => { readonly batch: Batch; readonly weight: number }): Promise<State['parameters']> {
    const { steps } = this.data;
    const { seed, maxEpochs } = this.options;
    const epoch = this.progress.epoch + 1;
    const started = performance.now() - this.progress.seconds * 1000;
    const breathe = breather();
    if (this.options.beforeEpoch !== undefined) {
      // Taken up within an epoch, what depends on the weights it began with is made of those, not of the present ones.
      if (this.progress.stepInEpoch === 0 || this.epochStart === null) this.epochStart = (await this.step.state()).parameters;
      await this.options.beforeEpoch(epoch, this.epochStart);
    }
    const under: Array<{ readonly weight: number; readonly result: Promise<{ loss: number }> }> = []; // asked for, oldest first
    const settleOldest = async (): Promise<void> => {
      const [{ weight, result }] = under.splice(0, 1);
      const { loss } = await result;
      const { stepInEpoch: s, lossSum, weightSum } = this.progress;
      const globalStep = this.progress.globalStep + 1;
      if (!Number.isFinite(loss)) throw new DivergedError('loss', epoch, s + 1, globalStep, loss, this.slot?.describe());
      this.progress = { ...this.progress, stepInEpoch: s + 1, globalStep, lossSum: lossSum + loss * weight, weightSum: weightSum + weight, seconds: (performance.now() - started) / 1000 };
      this.reporter.step({ epoch, maxEpochs, step: s + 1, steps, globalStep, loss });
    };
    const settleAll = async (): Promise<void> => { while (under.length > 0) await settleOldest(); };
    const stepsBefore = this.progress.globalStep - this.progress.stepInEpoch;
    for (let s = this.progress.stepInEpoch; s < steps; s++) {
      if (this.signal.aborted) await settleAll();
      await this.stopIfAsked();
      const globalStep = stepsBefore + s + 1;
      const { batch, weight } = batchAt(s, globalStep);
      const result = this.step.run(batch, { learningRate: this.learningRate(globalStep), seed, step: globalStep });
      result.catch(() => undefined); // told by settleOldest; those behind a failed one would go unhandled
      under.push({ weight, result });
      if (under.length >= (this.step.stepsAhead ?? 1)) await settleOldest();
      await breathe();
      if (this.slot?.due() !== true) continue;
      await settleAll();
      await this.saveFinite(await this.checkpoint());
    }
    await settleAll();
    await this.stopIfAsked();
    return (await this.step.state()).parameters;
  }

  /** Mean loss over the examples of the epoch that has just been run. */
  get epochLoss(): number {
    return this.progress.lossSum / this.progress.weightSum;
  }

  /** The epoch's weights cannot be judged. */
  diverged(validationLoss: number): DivergedError {
    const { epoch, stepInEpoch, globalStep } = this.progress;
    return new DivergedError('validation loss', epoch + 1, stepInEpoch, globalStep, validationLoss, this.slot?.describe());
  }

  /** Counts the epoch, keeps a checkpoint, and tells of it. `weights` are those after the epoch. */
  async endEpoch(outcome: EpochOutcome, weights: State['parameters']): Promise<void> {
    const p = this.progress;
    const epoch = p.epoch + 1;
    const { bestEpochs, bestLosses, examples, ...told } = outcome;
    const report: EpochReport = {
      epoch, maxEpochs: this.options.maxEpochs, steps: this.data.steps, globalStep: p.globalStep, learningRate: this.learningRate(p.globalStep), seconds: p.seconds, examplesPerSecond: examples / p.seconds,
      ...told, bestEpoch: Math.max(...bestEpochs), bestLoss: mean(bestLosses),
    };
    this.progress = { ...p, epoch, stepInEpoch: 0, lossSum: 0, weightSum: 0, seconds: 0, bestEpochs, bestLosses, history: [...p.history, report] };
    await this.slot?.save(await this.checkpoint(), bestEpochs.includes(epoch));
    this.reporter.epoch(report);
    this.reporter.tensors?.({ epoch, globalStep: p.globalStep, weights, gradients: await this.gradients.of(weights, () => this.data.sample()) });
  }

  async dispose(): Promise<void> {
    await this.step.dispose();
    await this.gradients.dispose();
  }

  private async checkpoint(): Promise<Checkpoint> {
    return { ...this.progress, state: await this.step.state(), best: this.best, epochStart: this.progress.stepInEpoch === 0 ? null : this.epochStart };
  }

  private learningRate(step: number): number {
    return this.options.learningRate * (this.options.schedule ?? CONSTANT)(step);
  }

  private async stopIfAsked(): Promise<void> {
    if (!this.signal.aborted) return;
    const checkpoint = await this.checkpoint();
    await this.saveFinite(checkpoint);
    throw new InterruptedError(checkpoint);
  }

  /** The update after a finite loss may still have overflowed: the next step will say so, and the checkpoint before is the one to keep. */
  private async saveFinite(checkpoint: Checkpoint): Promise<void> {
    if (isFinite(checkpoint.state)) await this.slot?.save(checkpoint, false);
  }
}

/** Of those that are numbers: a model without validation examples has no loss. */
export function mean(values: readonly number[]): number {
  const known = values.filter((v) => !Number.isNaN(v));
  return known.reduce((a, b) => a + b, 0) / known.length;
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
