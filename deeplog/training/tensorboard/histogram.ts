/** Values counted into bins of equal width: bin i holds those from limits[i − 1] (min for the first) up to limits[i]; the last holds max, too. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** TensorBoard draws thirty; its own exponential bins would be some six hundred per tensor and epoch. */
const BINS = 50;

/** Counts the values; those that are no numbers are not counted. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  let [min, max, sum, sumOfSquares, count] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    sumOfSquares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return { min: 0, max: 0, count, sum, sumOfSquares, limits: [0], counts: [0] };
  if (min === max) return { min, max, count, sum, sumOfSquares, limits: [max], counts: [count] };
  const width = (max - min) / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) counts[Math.min(BINS - 1, Math.floor((values[i] - min) / width))]++;
  return { min, max, count, sum, sumOfSquares, limits: counts.map((_, i) => (i === BINS - 1 ? max : min + (i + 1) * width)), counts };
}
