import type { Engine } from '../engine/index.js';
import type { ParameterLog } from '../sequences/index.js';
import type { Reporter } from '../training/index.js';

/** What a detector may need of a session beyond its key; 'labels': to be fitted on labelled sessions, abnormal ones among them. */
export type Need = 'events' | 'times' | 'params' | 'text' | 'labels';

export interface Session {
  readonly key: string;
  readonly events: Uint32Array;
  readonly lines?: ArrayLike<number>;
  readonly elapsedMs?: Float64Array;
  readonly params?: readonly (readonly string[])[];
  /** The parsed log that `lines` are lines of: the numbers of each line, and those of the same key before it. */
  readonly log?: ParameterLog;
  readonly text?: readonly string[];
  readonly label?: boolean;
}

/** Sessions to fit on, equal event sequences given once with their number. */
export interface SessionSource {
  /** Sessions, not distinct sequences. */
  readonly size: number;
  readonly provides: ReadonlySet<Need>;
  /** `abnormal`: how many of the `count` sessions are labelled abnormal; only in sources for detectors that need labels. */
  distinct(): Iterable<{ readonly session: Session; readonly count: number; readonly abnormal?: number }>;
}

/** The threshold that a method itself proposes, beside the one from validation normals. */
export interface OwnThreshold {
  readonly value: number;
  /** Where it comes from, in words. */
  readonly rule: string;
}

export interface FitContext {
  readonly seed: number;
  /** Asked for by the detectors that need one, so that the others start nothing. */
  engine(): Promise<Engine>;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** Why a session stands out, at one of its events. */
export interface Evidence {
  /** Position in the session, from 0; equal to its length when something is missing at the end. */
  readonly index: number;
  /** 1-based line of the raw log, where known. */
  readonly line?: number;
  /** The event there, or null at the end of the session. */
  readonly event: number | null;
  readonly score: number;
  readonly expected: readonly { readonly event: number | 'end of session'; readonly probability: number }[];
  readonly reason: string;
  /** Of the event itself, where the detector knows one. */
  readonly probability?: number;
  /** Numbers that are not where they were expected. */
  readonly values?: readonly OutsideValue[];
  /** Which part of a combined detector says so. */
  readonly part?: string;
}

/** A number outside the interval that the ones before it let expect, in its own unit. */
export interface OutsideValue {
  readonly column: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What the vectors of `embed` are, and when two of them are alike. */
export interface EmbeddingSpace {
  /** For tables: "clusters of line vectors". */
  readonly kind: string;
  /** Vectors at most so far apart (Euclidean) are alike; from normal sessions of training and validation. */
  readonly radius: number;
  /** Vectors of one network mean nothing to another: the same for the same weights and radius only. */
  readonly id: string;
}

/** One anomaly detector: fit on normal sessions, score any session (higher = more anomalous), say why. */
export interface Detector {
  readonly id: string;
  readonly needs: ReadonlySet<Need>;
  /** Scores are 0 or 1: the threshold is .5 and no calibration takes place. */
  readonly binary: boolean;
  fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void>;
  /** Callers pass distinct sequences once. */
  scoreBatch(sessions: readonly Session[]): Promise<Float64Array>;
  /** The events that speak against the session, the strongest first; those above `threshold` where it is given. */
  explain(session: Session, threshold?: number): Promise<Evidence[]>;
  save(folder: string): Promise<void>;
  /** Size of what `save` writes, for the cost column; null when nothing was fitted. */
  modelBytes(): number | null;
  /** The method's own threshold (a Q-statistic, p = .5): shown beside the calibrated one, never used instead of it. */
  readonly ownThreshold?: OwnThreshold | null;
  /** What a reader of its number should know: that it saw labels, what it was fitted on. */
  readonly notes?: readonly string[];
  dispose?(): Promise<void>;

  // What the benchmark asks of a detector beyond that; each may be left out.

  /** Fitting or scoring runs on an engine: rows name it, and kept models are told apart by it. */
  readonly usesEngine?: boolean;
  /**
   * Every setting that a fit depends on, as plain JSON. A detector that has it is fitted once per split, seed and settings, kept
   * (`save`, `loadDetector`) and used again; without it, it is fitted anew each time.
   */
  config?(): Readonly<Record<string, unknown>>;
  /** Detectors of one family with equal `config()` are read off one fitted model, through `adopt`. Default: the id. */
  readonly family?: string;
  /** This detector's way of scoring, on the model that another of its family was fitted with (or that was read from a folder). */
  adopt?(fitted: Detector): Detector;
  /** Sessions of the training part that were learned from; default: all of them. */
  fittedOn?(train: SessionSource): number;
  /** Of a combined detector: the detectors it is made of, in the order of `scoreParts`. */
  readonly components?: readonly Detector[];
  /** Of a combined detector: the same with these, already fitted, in their place; its `fit` then fits what joins them only. */
  reusing?(fitted: readonly Detector[]): Detector;
  /** Of a combined detector: each component's own scores. */
  scoreParts?(sessions: readonly Session[]): Promise<Float64Array[]>;
  /** What `patterns` names, for tables: "unseen keys", "event set", "workflow exits", "clusters of embeddings", … */
  readonly patternKind?: string;
  /**
   * Names of what makes each session score above `threshold` (its unseen keys, its event set, where it left the workflow, the cluster
   * its embedding is nearest to, …): an operator's answer about one session settles its names for those that come later. Equal after a
   * restart; none where the score has no name. Detectors without it are triaged by the session's set of events.
   */
  patterns?(sessions: readonly Session[], threshold: number): Promise<readonly (readonly string[])[]>;
  /** Of a detector that can be triaged by clusters of its embeddings; null when it was fitted before there was a radius. */
  readonly embeddings?: EmbeddingSpace | null;
  /** Clusters of embeddings are its names unless something else is asked for; default: `patterns`, or the set of events. */
  readonly namesByClusters?: boolean;
  /**
   * Vectors of what makes each session score above `threshold` (its own, or those of its lines), one or more of each that is not empty;
   * the same alone and in any batch.
   */
  embed?(sessions: readonly Session[], threshold: number): Promise<readonly (readonly Float32Array[])[]>;
}
