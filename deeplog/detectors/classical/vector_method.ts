import type { OwnThreshold } from '../types.js';
import type { CountVectors, FeatureOptions } from './count_vectors.js';

/** Training count vectors, each distinct one once with the sessions that have it. */
export interface TrainingVectors {
  readonly vectors: readonly Float64Array[];
  /** Sessions with each vector. */
  readonly sessions: Float64Array;
  /** Of these, the ones labelled abnormal. */
  readonly abnormal: Float64Array;
  readonly total: number;
}

/** Something that a method has to say of one column. */
export interface Finding {
  readonly column: number;
  readonly score: number;
  readonly reason: string;
}

/** A detector of count vectors: everything but the vectors. `M` is plain data, kept as JSON. */
export interface VectorMethod<M> {
  readonly id: string;
  readonly features: FeatureOptions;
  /** Learns from labelled sessions, abnormal ones among them. */
  readonly supervised: boolean;
  fit(train: TrainingVectors, seed: number): M | Promise<M>;
  /** Higher is more anomalous. */
  scorer(model: M): (vector: Float64Array) => number;
  ownThreshold?(model: M): OwnThreshold | null;
  /** What speaks against a vector, the strongest first. */
  explain?(model: M, vector: Float64Array, columns: CountVectors): Finding[];
  /** What it names where a vector stands out, for triage; the count vector itself where a method has nothing better. */
  readonly pattern?: {
    /** In the plural, for tables. */
    readonly kind: string;
    names(model: M, vector: Float64Array, columns: CountVectors): string[];
  };
  /** What a reader of its number should know. */
  notes?(model: M): string[];
}

/** Counts without weights or means: what trees and invariants take. */
export const PLAIN_COUNTS: FeatureOptions = { weighting: 'none', normalization: 'none', minSessions: 1 };

/** The same for a method with labels: an event of one training session only stands for those that are not known. */
export const LABELLED_COUNTS: FeatureOptions = { ...PLAIN_COUNTS, minSessions: 2 };
