import type { Detector } from '../detectors/index.js';
import { ABNORMAL, PART } from '../sequences/index.js';
import type { Agreement } from './agreement.js';
import type { Interval } from './bootstrap.js';
import type { Curves } from './curves.js';
import type { DriftResult } from './drift.js';
import type { Evaluation } from './evaluate.js';
import type { LineRank } from './line_rank.js';
import type { Task } from './protocols.js';
import type { TriageResult } from './triage_simulation.js';

/** One line of a benchmark table: a detector on a split, and all that its number depends on. */
export interface ResultRow extends Omit<Evaluation, 'labelled'> {
  readonly dataset: string;
  readonly protocol: string;
  readonly split_sha256: string;
  readonly detector: string;
  readonly unit: string;
  readonly seed: number;
  /** Which origin, from 1, of how many; null and 1: the protocol's own split. */
  readonly fold: number | null;
  readonly folds: number;
  /** What a sweep changed, in words. */
  readonly variant: string | null;
  readonly engine: string | null;
  readonly target_fpr: number;
  /** 95 % of what F1 is when stretches of the test part are drawn anew; null without labels. */
  readonly f1_interval: Interval | null;
  readonly fit_seconds: number;
  readonly score_per_second: number;
  readonly peak_rss_mb: number;
  readonly model_bytes: number | null;
  readonly notes: readonly string[];
  /** Where the labelled line stands in what the detector points at; null for sets without line labels. */
  readonly line_rank: LineRank | null;
  /** Triage on the test part: the operator's answer to the first session with a new pattern holds for later ones. */
  readonly triage: TriageSummary | null;
}

export interface TriageSummary extends TriageOfKind {
  /** The same with the sessions named otherwise; only of detectors that know another way. */
  readonly others?: readonly TriageOfKind[];
}

export interface TriageOfKind {
  readonly pattern_kind: string;
  /** F1, alerts included that ask; sessions asked about; patterns settled by the answers. */
  readonly runs: readonly { readonly rules: string; readonly f1: number | null; readonly questions: number; readonly settled: number }[];
}

/** What a row keeps of a simulation: all but its curves. */
export function triageSummary({ others, ...own }: TriageResult): TriageSummary {
  const ofKind = ({ pattern_kind, runs }: Pick<TriageResult, 'pattern_kind' | 'runs'>): TriageOfKind => ({ pattern_kind, runs: runs.map(({ rules, f1, questions, settled }) => ({ rules, f1, questions, settled })) });
  return { ...ofKind(own), ...(others === undefined ? {} : { others: others.map(ofKind) }) };
}

/** A row and what is drawn of it. */
export interface CellResult {
  readonly row: ResultRow;
  readonly curves: Curves;
}

export interface Results {
  readonly schema: 'deeplog.results/1';
  readonly rows: readonly ResultRow[];
  /** Which detectors flag the same sessions; of tables of two or more. */
  readonly agreement?: readonly Agreement[];
  /** Only of runs that were asked for it. */
  readonly drift?: readonly DriftResult[];
}

/** Whether any row is of a set with labels; without them nothing is counted. */
export function isLabelled(rows: readonly ResultRow[]): boolean {
  return rows.some((r) => (r.tp as number | null) !== null);
}

/** Below this many abnormal test sessions a table says little. */
const FEW_ABNORMAL = 30;

/** What the sizes of the parts do to a number. */
export function sizeNotes(task: Task, e: { tp: number; fn: number }, detector: Detector, targetFpr: number): string[] {
  const abnormal = e.tp + e.fn;
  let normals = 0;
  for (let s = 0; s < task.table.size; s++) if (task.split.parts[s] === PART.validation && task.table.labels[s] !== ABNORMAL) normals++;
  return [
    ...(task.table.labelled && abnormal < FEW_ABNORMAL ? [abnormal === 0 ? 'the test part has no abnormal session: only false alarms can be counted' : `only ${abnormal} abnormal test sessions: one more or less moves recall by ${(1 / abnormal).toFixed(2)}`] : []),
    ...(!detector.binary && Math.floor(normals * targetFpr) === 0 ? [`${normals} validation ${task.table.labelled ? 'normals' : 'sessions (without labels)'} are too few for ${100 * targetFpr} % false alarms: thresholds are their highest score`] : []),
  ];
}

/** A detector that ranks the wrong way round is broken, whatever its F1. */
export function directionNote(rocAuc: number | null): string[] {
  return rocAuc !== null && rocAuc < 0.5 ? [`ROC-AUC ${rocAuc.toFixed(3)} is below chance: its negation would be better`] : [];
}

export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
