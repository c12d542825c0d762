/** A vector's entries that are not zero. */
export interface SparseVector {
  readonly columns: readonly number[];
  readonly values: readonly number[];
  /** Squared length. */
  readonly square: number;
}

export function sparse(vector: Float64Array): SparseVector {
  const columns: number[] = [];
  const values: number[] = [];
  let square = 0;
  for (let c = 0; c < vector.length; c++) {
    if (vector[c] === 0) continue;
    columns.push(c);
    values.push(vector[c]);
    square += vector[c] * vector[c];
  }
  return { columns, values, square };
}

/** a · b, b dense. */
export function dot({ columns, values }: SparseVector, dense: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < columns.length; i++) sum += values[i] * dense[columns[i]];
  return sum;
}

/** |a − b|², never below zero. */
export function squaredDistance(a: SparseVector, dense: Float64Array, denseSquare: number): number {
  return Math.max(0, a.square + denseSquare - 2 * dot(a, dense));
}

export function squareOf(dense: Float64Array): number {
  let sum = 0;
  for (const x of dense) sum += x * x;
  return sum;
}

/** Squared lengths below this are of vectors whose events are in every training session: nothing to tell them apart by. */
const NO_LENGTH = 1e-12;

/** 1 − cos(a, b); 0 between two vectors without length, 1 between one with and one without. Rounding below 1e-8 is 0, as in loglizer. */
export function cosineDistance(a: SparseVector, dense: Float64Array, denseSquare: number): number {
  if (a.square < NO_LENGTH || denseSquare < NO_LENGTH) return a.square < NO_LENGTH && denseSquare < NO_LENGTH ? 0 : 1;
  const distance = 1 - dot(a, dense) / Math.sqrt(a.square * denseSquare);
  return distance < 1e-8 ? 0 : distance;
}
