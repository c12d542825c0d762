import { createHash } from 'node:crypto';
import type { Batch, Model, State } from '../engine/index.js';
import type { EpochReport } from './reporter.js';

/** How far a training is: with the weights, all that the next step depends on. */
export interface Progress {
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Steps done of the next epoch; its order is drawn from (seed, epoch), so this is the position in the shuffle. */
  readonly stepInEpoch: number;
  /** Steps done in all: Adam's bias correction, dropout and schedules depend on it. */
  readonly globalStep: number;
  /** Of the unfinished epoch. */
  readonly lossSum: number;
  readonly weightSum: number;
  readonly seconds: number;
  /** Of each model that trains: epoch and validation loss of its best weights; what early stopping counts from. */
  readonly bestEpochs: readonly number[];
  readonly bestLosses: readonly number[];
  readonly history: readonly EpochReport[];
}

/** Everything that is needed to go on with a training that was interrupted, as if it had not been. */
export interface Checkpoint extends Progress {
  readonly state: State;
  /** Weights of the best epoch so far. */
  readonly best: State['parameters'];
  /** Weights that an unfinished epoch began with; null where nothing depends on them. */
  readonly epochStart: State['parameters'] | null;
}

/** What a training learns from; a checkpoint is only good for an equal one. */
export interface TrainingIdentity {
  readonly model: string;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly examples: readonly number[];
  readonly validationExamples: number;
  readonly batchSize: number;
  readonly seed: number;
  /** sha256 of the first batch. */
  readonly firstBatch: string;
}

/** Keeps the checkpoints of a run's trainings. */
export interface CheckpointStore {
  /** The next training of the run: what it can go on from, and where it saves. @throws DataError when the checkpoint is of another training. */
  begin(identity: TrainingIdentity): Promise<TrainingSlot>;
}

export interface TrainingSlot {
  readonly restored: Checkpoint | null;
  /** Whether it is time to save within an epoch. */
  due(): boolean;
  /** @throws DataError when it cannot be written; the checkpoint before it is untouched then. */
  save(checkpoint: Checkpoint, isBest: boolean): Promise<void>;
  /** Where the last checkpoint is and how far it goes, in words. */
  describe(): string;
}

export function identityOf(model: Model, counts: readonly number[], validationExamples: number, batchSize: number, seed: number, first: Batch): TrainingIdentity {
  const hash = createHash('sha256');
  for (const [name, data] of Object.entries(first)) hash.update(name).update(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return { model: model.name, parameters: Object.fromEntries(model.parameters.map((p) => [p.name, p.shape])), examples: counts, validationExamples, batchSize, seed, firstBatch: hash.digest('hex') };
}

/** Whether every weight and moment is a number. */
export function isFinite(state: State): boolean {
  return [state.parameters, state.firstMoments, state.secondMoments].every((group) => Object.values(group).every((values) => values.every((v) => Number.isFinite(v))));
}
