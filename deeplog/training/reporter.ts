import type { State } from '../engine/index.js';
import type { CheckpointStore } from './checkpoint.js';

/** A training begins; one run may hold several, one after the other. */
export interface TrainingReport {
  readonly model: string;
  readonly examples: number;
  readonly validationExamples: number;
  /** Steps of an epoch. */
  readonly steps: number;
  readonly maxEpochs: number;
  /** Trainable numbers in all. */
  readonly parameters: number;
  /** Where it takes up an earlier process's work. */
  readonly resumedAt: { readonly epoch: number; readonly step: number; readonly globalStep: number } | null;
}

export interface StepReport {
  /** From 1. */
  readonly epoch: number;
  readonly maxEpochs: number;
  /** Within the epoch, from 1. */
  readonly step: number;
  readonly steps: number;
  /** Since the training began, from 1. */
  readonly globalStep: number;
  readonly loss: number;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly maxEpochs: number;
  readonly steps: number;
  readonly globalStep: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly learningRate: number;
  readonly seconds: number;
  readonly examplesPerSecond: number;
  /** What else the trainer measured on the validation part, accuracy for one. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Values to draw as histograms, after an epoch. */
export interface TensorReport {
  readonly epoch: number;
  readonly globalStep: number;
  readonly weights: State['parameters'];
  /** Of one batch of the training part, at these weights and without dropout; null where they were not asked for. */
  readonly gradients: State['parameters'] | null;
}

/** Scores of judged sessions, equal ones merged, by falling score, with the number of abnormal and of normal sessions that have each. */
export interface JudgedScores {
  readonly scores: ArrayLike<number>;
  readonly abnormal: ArrayLike<number>;
  readonly normal: ArrayLike<number>;
}

/** What a fitted detector is worth on a part of the data that it did not learn from. */
export interface EvaluationReport {
  /** `test`, or what else was judged. */
  readonly name: string;
  readonly threshold: number | null;
  /** Sessions, or what else is judged. */
  readonly unit: string;
  /** Null without labels. */
  readonly confusion: { readonly tp: number; readonly fp: number; readonly tn: number; readonly fn: number } | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly scores: JudgedScores;
  /** Numbers of sessions by score: bin i is [edges[i], edges[i + 1]), the last one closed. */
  readonly histogram: { readonly edges: readonly number[]; readonly normal: readonly number[]; readonly abnormal: readonly number[]; readonly scale: 'linear' | 'log' };
  /** [recall, precision], from the highest threshold down; empty without labels. */
  readonly pr: readonly (readonly [recall: number, precision: number])[];
}

/**
 * Told of everything that happens while a model trains: the console, files and servers are all behind this one interface. Calls are made
 * in order and must not block for long; one that throws stops the training (a full disk should).
 */
export interface Reporter {
  step(report: StepReport): void;
  epoch(report: EpochReport): void;
  training?(report: TrainingReport): void;
  tensors?(report: TensorReport): void;
  evaluation?(report: EvaluationReport): void;
  /** Whether gradients are worth computing for {@link tensors}: one more pass over one batch per epoch. */
  readonly gradients?: boolean;
  /** Where checkpoints go and come from; without it nothing is kept. */
  readonly checkpoints?: CheckpointStore;
}

export const SILENT: Reporter = { step: () => undefined, epoch: () => undefined };

/** All of them as one, told in this order. */
export function combineReporters(reporters: readonly Reporter[]): Reporter {
  const checkpoints = reporters.find((r) => r.checkpoints !== undefined)?.checkpoints;
  return {
    step: (report) => { for (const r of reporters) r.step(report); },
    epoch: (report) => { for (const r of reporters) r.epoch(report); },
    training: (report) => { for (const r of reporters) r.training?.(report); },
    tensors: (report) => { for (const r of reporters) r.tensors?.(report); },
    evaluation: (report) => { for (const r of reporters) r.evaluation?.(report); },
    gradients: reporters.some((r) => r.gradients === true),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  };
}
