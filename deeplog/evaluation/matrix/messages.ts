import type { DetectorOptions } from '../../detectors/index.js';
import type { EngineOptions } from '../../engine/index.js';
import type { Curves } from '../curves.js';
import type { TaskOptions } from '../protocols.js';
import type { ResultRow } from '../result_row.js';
import type { TaskSpec } from '../tasks.js';

/** Settings that rows of one part of a matrix share; all plain data, so that they can be sent to another process and hashed. */
export interface MatrixSettings extends Omit<TaskOptions, 'seed'> {
  readonly targetFpr: number;
  readonly detectorOptions: DetectorOptions;
  readonly engine: EngineOptions;
  readonly cache: boolean;
}

/** Cells that one worker runs one after the other, since they share fitted models. */
export interface Job {
  readonly id: number;
  readonly spec: TaskSpec;
  readonly detectors: readonly string[];
  /** Detectors that were asked for by their own name, not with a group. */
  readonly named: readonly string[];
  /** Told apart in tables where the same detector runs with several settings. */
  readonly name: string | null;
  readonly settings: MatrixSettings;
}

/** A cell of an earlier run, as the ledger has it. */
export interface KnownCell {
  readonly detector: string;
  readonly split_sha256: string;
  readonly input_sha256: string;
}

export interface ToWorker {
  readonly job: Job;
  /** Cells that the ledger has for this job's settings and code; those of the same split and inputs are not run again. */
  readonly known: readonly KnownCell[];
}

export type FromWorker =
  | { readonly kind: 'task'; readonly split_sha256: string; readonly files: readonly string[] }
  | { readonly kind: 'start'; readonly detector: string }
  | { readonly kind: 'reuse'; readonly detector: string; readonly split_sha256: string; readonly input_sha256: string }
  | { readonly kind: 'row'; readonly detector: string; readonly input_sha256: string; readonly row: ResultRow; readonly curves: Curves; readonly wallSeconds: number }
  | { readonly kind: 'left-out'; readonly detector: string; readonly why: string }
  | { readonly kind: 'failed'; readonly detector: string; readonly why: string }
  | { readonly kind: 'done' };
