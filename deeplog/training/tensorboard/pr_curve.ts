import type { JudgedScores } from '../reporter.js';

/** TensorBoard's own default, and one more for "everything". */
const MOST_POINTS = 201;

/**
 * The precision-recall plugin's table: rows tp, fp, tn, fn, precision, recall; a column for each of evenly chosen distinct scores, rising,
 * with the verdict "score at or above it". Null where either class is missing.
 */
export function prCurveRows({ scores, abnormal, normal }: JudgedScores): number[][] | null {
  const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
  const [totalAbnormal, totalNormal] = [sum(abnormal), sum(normal)];
  if (totalAbnormal === 0 || totalNormal === 0) return null;
  let [tp, fp] = [0, 0];
  // Scores fall; columns are wanted at rising thresholds.
  const points = Array.from(scores, (_, i) => ({ tp: (tp += abnormal[i]), fp: (fp += normal[i]) })).reverse();
  const n = Math.min(MOST_POINTS, points.length);
  const chosen = Array.from({ length: n }, (_, i) => points[n === 1 ? 0 : Math.round((i * (points.length - 1)) / (n - 1))]);
  return [
    chosen.map((p) => p.tp), chosen.map((p) => p.fp), chosen.map((p) => totalNormal - p.fp), chosen.map((p) => totalAbnormal - p.tp),
    chosen.map((p) => p.tp / (p.tp + p.fp)), chosen.map((p) => p.tp / totalAbnormal),
  ];
}
