import { DataError } from '../common/index.js';

/** Scores with their labels, equal scores merged: what every metric is computed from. Sorted by falling score. */
export interface ScoreCounts {
  readonly scores: Float64Array;
  /** Abnormal and normal sessions that have each score. */
  readonly abnormal: Float64Array;
  readonly normal: Float64Array;
  readonly totalAbnormal: number;
  readonly totalNormal: number;
}

export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/** Metrics of one threshold; null where a denominator is zero and the metric means nothing. */
export interface PointMetrics extends Confusion {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly mcc: number | null;
  readonly specificity: number | null;
}

/** Merges equal scores. `abnormal[i]`: the label of score i; NaN scores are refused. @throws RangeError */
export function countScores(scores: ArrayLike<number>, abnormal: ArrayLike<boolean | number>): ScoreCounts {
  const byScore = new Map<number, [number, number]>();
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) throw new RangeError(`score ${i} is NaN: a detector must give every session a number`);
    let entry = byScore.get(scores[i]);
    if (entry === undefined) byScore.set(scores[i], (entry = [0, 0]));
    entry[abnormal[i] ? 0 : 1]++;
  }
  const sorted = [...byScore].sort(([a], [b]) => b - a);
  const counts = { scores: Float64Array.from(sorted, ([s]) => s), abnormal: Float64Array.from(sorted, ([, [p]]) => p), normal: Float64Array.from(sorted, ([, [, n]]) => n) };
  return { ...counts, totalAbnormal: counts.abnormal.reduce((a, b) => a + b, 0), totalNormal: counts.normal.reduce((a, b) => a + b, 0) };
}

/** Verdict is score > threshold. */
export function confusionAt(counts: ScoreCounts, threshold: number): Confusion {
  let tp = 0;
  let fp = 0;
  for (let i = 0; i < counts.scores.length && counts.scores[i] > threshold; i++) {
    tp += counts.abnormal[i];
    fp += counts.normal[i];
  }
  return { tp, fp, tn: counts.totalNormal - fp, fn: counts.totalAbnormal - tp };
}

export function pointMetrics(c: Confusion): PointMetrics {
  const ratio = (a: number, b: number): number | null => (b === 0 ? null : a / b);
  const mccDenominator = Math.sqrt(c.tp + c.fp) * Math.sqrt(c.tp + c.fn) * Math.sqrt(c.tn + c.fp) * Math.sqrt(c.tn + c.fn);
  return {
    ...c,
    precision: ratio(c.tp, c.tp + c.fp),
    recall: ratio(c.tp, c.tp + c.fn),
    f1: ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn),
    mcc: ratio(c.tp * c.tn - c.fp * c.fn, mccDenominator),
    specificity: ratio(c.tn, c.tn + c.fp),
  };
}

/** The best F1 that any threshold reaches on these very sessions: what picking it on the test set would report. */
export function oracleF1(counts: ScoreCounts): number | null {
  if (counts.totalAbnormal === 0) return null;
  let best = 0;
  let tp = 0;
  let fp = 0;
  for (let i = 0; i < counts.scores.length; i++) {
    tp += counts.abnormal[i];
    fp += counts.normal[i];
    best = Math.max(best, (2 * tp) / (tp + fp + counts.totalAbnormal));
  }
  return best;
}

/** Area under the ROC curve: the chance that an abnormal session scores above a normal one, ties counting half. */
export function rocAuc(counts: ScoreCounts): number | null {
  if (counts.totalAbnormal === 0 || counts.totalNormal === 0) return null;
  let above = 0;
  let wins = 0;
  for (let i = 0; i < counts.scores.length; i++) {
    wins += counts.normal[i] * (above + counts.abnormal[i] / 2);
    above += counts.abnormal[i];
  }
  return wins / (counts.totalAbnormal * counts.totalNormal);
}

/** Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores (no interpolation). */
export function averagePrecision(counts: ScoreCounts): number | null {
  if (counts.totalAbnormal === 0) return null;
  let tp = 0;
  let fp = 0;
  let area = 0;
  for (let i = 0; i < counts.scores.length; i++) {
    tp += counts.abnormal[i];
    fp += counts.normal[i];
    if (counts.abnormal[i] > 0) area += (counts.abnormal[i] / counts.totalAbnormal) * (tp / (tp + fp));
  }
  return area;
}

/**
 * The smallest of the given normal sessions' scores that at most `targetFpr` of them exceed. A threshold can only be as fine as
 * the sample: with n sessions the false-alarm rate comes in steps of 1/n.
 * @throws DataError where there is none
 */
export function thresholdFor(normalScores: ArrayLike<number>, targetFpr: number): number {
  const sorted = Float64Array.from(normalScores).sort();
  if (sorted.length === 0) throw new DataError('The validation part holds nothing normal, and a threshold needs at least one normal session (or window). Give more data, or other boundaries: --train_ratio, --val_ratio.');
  const allowed = Math.floor(sorted.length * targetFpr + 1e-9);
  return sorted[sorted.length - 1 - allowed];
}
