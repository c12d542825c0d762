import { createHash } from 'node:crypto';

/** Vectors of each side that are compared, at most; of more, evenly many are left out. */
const MOST_VECTORS = 4000;
/** Vectors that are the same but for the arithmetic are alike in any case: at this share of how far they spread. */
const LEAST_SHARE = 1e-3;

/**
 * How far apart two vectors may be and still be alike: as far as half of the different normal ones of validation are from the nearest of
 * training. No test session and no abnormal one takes part.
 */
export function likenessRadius(training: readonly Float32Array[], validation: readonly Float32Array[]): number {
  const [known, held] = [training, validation].map((vectors) => thinned(distinct(vectors)));
  if (known.length === 0 || held.length === 0) return 0;
  const distances = Float64Array.from(held, (v) => known.reduce((nearest, u) => Math.min(nearest, squared(u, v, nearest)), Infinity)).sort();
  return Math.max(Math.sqrt(distances[distances.length >> 1]), LEAST_SHARE * spread(known));
}

/** The same for the same weights and radius. */
export function spaceId(parameters: Readonly<Record<string, Float32Array>>, radius: number): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(parameters).sort()) hash.update(name).update(new Uint8Array(parameters[name].buffer, parameters[name].byteOffset, parameters[name].byteLength));
  return hash.update(String(radius)).digest('hex').slice(0, ID_DIGITS);
}

const ID_DIGITS = 16;

export function euclidean(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(squared(a, b, Infinity));
}

/** Squared distance; anything above `enough` once it is that far. */
function squared(a: Float32Array, b: Float32Array, enough: number): number {
  let sum = 0;
  for (let i = 0; i < a.length && sum < enough; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

function distinct(vectors: readonly Float32Array[]): Float32Array[] {
  return [...new Map(vectors.map((v) => [v.join(), v])).values()];
}

function thinned(vectors: readonly Float32Array[]): Float32Array[] {
  const every = Math.ceil(vectors.length / MOST_VECTORS);
  return every <= 1 ? [...vectors] : vectors.filter((_, i) => i % every === 0);
}

/** Root mean square distance to the mean. */
function spread(vectors: readonly Float32Array[]): number {
  const mean = new Float32Array(vectors[0].length).map((_, k) => vectors.reduce((sum, v) => sum + v[k], 0) / vectors.length);
  return Math.sqrt(vectors.reduce((sum, v) => sum + squared(v, mean, Infinity), 0) / vectors.length);
}
