import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * How line vectors are scaled before windows are judged. `whitened`: turned to their principal axes over the *kinds* of training lines, every
 * axis to deviation 1 (Su et al. 2021). `each`: every number by itself, to mean 0 and deviation 1 over the training lines.
 */
export type Scaling = 'whitened' | 'each';

/** scaled = (vector − means) · projection. */
export interface VectorScale {
  readonly means: Float32Array;
  /** [numbers, numbers], row after row. */
  readonly projection: Float32Array;
}

/** `each`: a number that does not vary in training says nothing, and is not blown up. */
const LEAST_DEVIATION = 1e-3;

/**
 * `whitened`: an axis along which training hardly varies counts as if it varied by this share of the average axis. A new line moves along such
 * axes, which is how it is told from the known ones; with a smaller share nothing but that would be seen, with a larger one it is not seen.
 */
export const LEAST_SHARE = 0.1;

/** Vectors [n, dimensions] with their weights → scale. `whitened` counts vectors that are the same once, whatever their weights. */
export function fitScale(vectors: Float32Array, weights: readonly number[], dimensions: number, scaling: Scaling): VectorScale {
  return scaling === 'each' ? scaleEach(vectors, weights, dimensions) : whiten(distinct(vectors, dimensions), dimensions);
}

/**
 * Scaled vectors, [n, width]. Of each row of `width` numbers the first, as many as the scale has means, are scaled; the others stay as they are.
 */
export function scaleVectors(vectors: Float32Array, { means, projection }: VectorScale, width = means.length): Float32Array {
  const dimensions = means.length;
  const out = vectors.slice();
  const scaled = new Float64Array(dimensions);
  for (let at = 0; at < vectors.length; at += width) {
    scaled.fill(0);
    for (let j = 0; j < dimensions; j++) {
      const centred = vectors[at + j] - means[j];
      for (let k = 0; k < dimensions; k++) scaled[k] += centred * projection[j * dimensions + k];
    }
    out.set(scaled, at);
  }
  return out;
}

/** How many times a difference of the vectors' numbers can grow by scaling. */
export function enlargement({ means: { length: dimensions }, projection }: VectorScale): number {
  const sums = new Float64Array(dimensions);
  projection.forEach((factor, at) => { sums[at % dimensions] += Math.abs(factor); });
  return Math.max(1, ...sums);
}

/** As it is saved beside a network's weights. */
export function scaleTensors({ means, projection }: VectorScale): Record<string, { shape: number[]; data: Float32Array }> {
  return { 'scale/means': { shape: [means.length], data: means }, 'scale/projection': { shape: [means.length, means.length], data: projection } };
}

/** The scale and the other tensors of a file; models of before had deviations, and means for the time of day too, all 0. */
export function takeScale<T extends { readonly data: Float32Array }>(tensors: Readonly<Record<string, T>>, dimensions: number): { readonly scale: VectorScale; readonly others: Readonly<Record<string, Float32Array>> } {
  const { 'scale/means': means, 'scale/projection': projection, 'scale/deviations': deviations, ...others } = tensors as Readonly<Record<string, T | undefined>>;
  const own = means?.data.slice(0, dimensions) ?? new Float32Array(dimensions);
  return {
    scale: { means: own, projection: projection?.data ?? diagonal(Array.from(deviations?.data.subarray(0, dimensions) ?? own, (d) => 1 / d)) },
    others: Object.fromEntries(Object.entries(others).flatMap(([name, tensor]) => (tensor === undefined ? [] : [[name, tensor.data]]))),
  };
}

function scaleEach(vectors: Float32Array, weights: readonly number[], dimensions: number): VectorScale {
  const { means, variances } = moments(vectors, weights, dimensions);
  return { means: Float32Array.from(means), projection: diagonal(Array.from(variances, (v) => 1 / Math.max(LEAST_DEVIATION, Math.sqrt(v)))) };
}

function whiten(vectors: Float32Array, dimensions: number): VectorScale {
  const n = vectors.length / dimensions;
  const { means, variances } = moments(vectors, new Array<number>(n).fill(1), dimensions);
  const covariance = Matrix.zeros(dimensions, dimensions);
  for (let at = 0; at < vectors.length; at += dimensions) {
    for (let j = 0; j < dimensions; j++) {
      const centred = (vectors[at + j] - means[j]) / n;
      for (let k = 0; k <= j; k++) covariance.set(j, k, covariance.get(j, k) + centred * (vectors[at + k] - means[k]));
    }
  }
  for (let j = 0; j < dimensions; j++) for (let k = 0; k < j; k++) covariance.set(k, j, covariance.get(j, k));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const least = Math.max(LEAST_DEVIATION, LEAST_SHARE * Math.sqrt(variances.reduce((a, b) => a + b, 0) / dimensions));
  const projection = new Float32Array(dimensions * dimensions);
  for (let j = 0; j < dimensions; j++) for (let k = 0; k < dimensions; k++) projection[j * dimensions + k] = eigenvectorMatrix.get(j, k) / Math.max(least, Math.sqrt(Math.max(0, realEigenvalues[k])));
  return { means: Float32Array.from(means), projection };
}

function moments(vectors: Float32Array, weights: readonly number[], dimensions: number): { means: Float64Array; variances: Float64Array } {
  const total = weights.reduce((a, b) => a + b, 0);
  const means = new Float64Array(dimensions);
  const squares = new Float64Array(dimensions);
  weights.forEach((weight, line) => {
    for (let k = 0; k < dimensions; k++) {
      const value = vectors[line * dimensions + k];
      means[k] += (weight * value) / total;
      squares[k] += (weight * value * value) / total;
    }
  });
  return { means, variances: squares.map((square, k) => Math.max(0, square - means[k] * means[k])) };
}

function distinct(vectors: Float32Array, dimensions: number): Float32Array {
  const seen = new Map<string, Float32Array>();
  for (let at = 0; at < vectors.length; at += dimensions) {
    const own = vectors.subarray(at, at + dimensions);
    seen.set(Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('latin1'), own);
  }
  const out = new Float32Array(seen.size * dimensions);
  [...seen.values()].forEach((own, i) => { out.set(own, i * dimensions); });
  return out;
}

function diagonal(values: readonly number[]): Float32Array {
  const out = new Float32Array(values.length * values.length);
  values.forEach((value, k) => { out[k * values.length + k] = value; });
  return out;
}
