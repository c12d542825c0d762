import { ABNORMAL, PART, UNLABELLED } from '../sequences/index.js';
import type { Scores } from './evaluate.js';
import { scoreHistogram, type ScoreHistogram } from './histogram.js';
import { countScores, type ScoreCounts } from './metrics.js';
import type { Task } from './protocols.js';
import type { TriageResult } from './triage_simulation.js';
import type { Verdicts } from './verdicts.js';

/** What is drawn of one row; its numbers are in the row itself. */
export interface Curves extends ScoreCurves {
  readonly triage: TriageResult | null;
  readonly verdicts: Verdicts;
  /** Of sets without labels: the first few sessions that are flagged, highest score first. */
  readonly flagged_keys?: readonly string[];
}

/** Drawn from scores and labels alone. */
export interface ScoreCurves {
  /** Share of normal test sessions flagged, share of abnormal ones flagged; from the highest threshold down. */
  readonly roc: readonly (readonly [falseAlarms: number, recall: number])[];
  readonly pr: readonly (readonly [recall: number, precision: number])[];
  /** Thresholds from the highest down; a verdict is score > threshold. */
  readonly sweep: readonly { readonly threshold: number; readonly precision: number | null; readonly recall: number; readonly f1: number }[];
  readonly histogram: ScoreHistogram;
}

const MOST_POINTS = 160;

/** The curves of the test part; without labels only the histogram has content. */
export function curvesOf(task: Task, scores: Scores): ScoreCurves {
  const { table, split } = task;
  const values: number[] = [];
  const abnormal: boolean[] = [];
  // Looks through all labels where there are none: once.
  const { labelled } = table;
  for (let s = 0; s < table.size; s++) {
    if (split.parts[s] !== PART.test || (labelled && table.labels[s] === UNLABELLED)) continue;
    values.push(scores instanceof Float64Array ? scores[table.sequenceOf[s]] : scores.perSession[s]);
    abnormal.push(table.labels[s] === ABNORMAL);
  }
  return curvesOfCounts(countScores(values, abnormal), labelled);
}

/** The same of scores that are counted already. */
export function curvesOfCounts(counts: ScoreCounts, labelled: boolean): ScoreCurves {
  return { ...(labelled ? pointCurves(counts) : { roc: [], pr: [], sweep: [] }), histogram: scoreHistogram(counts) };
}

function pointCurves(counts: ScoreCounts): Pick<Curves, 'roc' | 'pr' | 'sweep'> {
  const { scores, totalAbnormal, totalNormal } = counts;
  const roc: [number, number][] = [[0, 0]];
  const pr: [number, number][] = [];
  const sweep: Curves['sweep'][number][] = [{ threshold: scores[0] ?? 0, precision: null, recall: 0, f1: 0 }];
  let tp = 0;
  let fp = 0;
  for (let i = 0; i < scores.length; i++) {
    tp += counts.abnormal[i];
    fp += counts.normal[i];
    const recall = totalAbnormal === 0 ? 0 : tp / totalAbnormal;
    roc.push([totalNormal === 0 ? 0 : fp / totalNormal, recall]);
    pr.push([recall, tp / (tp + fp)]);
    // Everything down to score i is flagged by any threshold below it and not below the next.
    if (i + 1 < scores.length) sweep.push({ threshold: scores[i + 1], precision: tp / (tp + fp), recall, f1: (2 * tp) / (tp + fp + totalAbnormal) });
  }
  return { roc: thinned(roc, ([x, y]) => x + y), pr: thinned(pr, ([x, y]) => x - y), sweep: thinned(sweep, (p) => p.recall - (p.precision ?? 1)) };
}

/** At most so many points, evenly spaced along what `along` measures; the first and the last stay. */
function thinned<P>(points: readonly P[], along: (p: P) => number): P[] {
  if (points.length <= MOST_POINTS) return [...points];
  const travelled = [0];
  for (let i = 1; i < points.length; i++) travelled.push(travelled[i - 1] + Math.abs(along(points[i]) - along(points[i - 1])) + 1e-9);
  const step = (travelled.at(-1) ?? 0) / (MOST_POINTS - 1);
  const out: P[] = [];
  let next = 0;
  points.forEach((p, i) => {
    if (travelled[i] < next && i < points.length - 1) return;
    out.push(p);
    next = travelled[i] + step;
  });
  return out;
}
