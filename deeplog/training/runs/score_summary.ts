import type { JudgedScores } from '../reporter.js';

/** Numbers of sessions per score bin; bin i reaches from edges[i] up to edges[i + 1], the last one including it. */
export interface ScoreHistogram {
  readonly edges: readonly number[];
  readonly normal: readonly number[];
  readonly abnormal: readonly number[];
}

/** Precision and recall of the verdict "score at or above threshold", at falling thresholds. */
export interface PrecisionRecall {
  readonly thresholds: readonly number[];
  readonly tp: readonly number[];
  readonly fp: readonly number[];
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly abnormal: number;
  readonly normal: number;
}

const BINS = 30;
const CURVE_POINTS = 200;
/** Where the highest score is this many times the middle one, equal steps would put all sessions into the first bin. */
const SKEWED = 50;

/** Bins of equal width, or of equal ratio where scores span orders of magnitude; null without scores. */
export function scoreHistogram({ scores, abnormal, normal }: JudgedScores): ScoreHistogram | null {
  const n = scores.length;
  if (n === 0) return null;
  const [low, high] = [scores[n - 1], scores[0]];
  const middle = scores[Math.floor(n / 2)];
  const logarithmic = low >= 0 && high > 0 && high > SKEWED * middle;
  const start = logarithmic ? Math.log10(Math.max(low, high * 1e-6)) : low;
  const width = ((logarithmic ? Math.log10(high) : high) - start) / BINS || 1 / BINS;
  const edges = Array.from({ length: BINS + 1 }, (_, i) => (logarithmic ? 10 ** (start + i * width) : start + i * width));
  edges[0] = Math.min(edges[0], low);
  const bins = { normal: new Array<number>(BINS).fill(0), abnormal: new Array<number>(BINS).fill(0) };
  for (let i = 0; i < n; i++) {
    const value = logarithmic ? Math.log10(Math.max(scores[i], high * 1e-6)) : scores[i];
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value - start) / width)));
    bins.normal[bin] += normal[i];
    bins.abnormal[bin] += abnormal[i];
  }
  return { edges, ...bins };
}

/** Points of the precision-recall curve, at most two hundred, evenly spaced in recall where there are more; null where either class is missing. */
export function precisionRecall({ scores, abnormal, normal }: JudgedScores): PrecisionRecall | null {
  let [tp, fp] = [0, 0];
  const all = Array.from(scores, (threshold, i) => ({ threshold, tp: (tp += abnormal[i]), fp: (fp += normal[i]) }));
  if (tp === 0 || fp === 0) return null;
  const [totalAbnormal, totalNormal] = [tp, fp];
  let shown = -Infinity;
  const points = all.length <= CURVE_POINTS ? all : all.filter((point, i) => {
    if (i > 0 && i < all.length - 1 && point.tp / totalAbnormal - shown < 1 / CURVE_POINTS) return false;
    shown = point.tp / totalAbnormal;
    return true;
  });
  return {
    thresholds: points.map((p) => p.threshold), tp: points.map((p) => p.tp), fp: points.map((p) => p.fp),
    precision: points.map((p) => p.tp / (p.tp + p.fp)), recall: points.map((p) => p.tp / totalAbnormal), abnormal: totalAbnormal, normal: totalNormal,
  };
}
