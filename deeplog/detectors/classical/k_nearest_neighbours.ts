import { sparse, squaredDistance, squareOf, type SparseVector } from './sparse.js';
import type { CountVectors } from './count_vectors.js';
import type { Finding, VectorMethod } from './vector_method.js';

interface NeighboursModel {
  readonly k: number;
  readonly vectors: readonly SparseVector[];
  /** Training sessions with each vector. */
  readonly sessions: readonly number[];
}

const K = 5;
/** Squared distances below this are rounding: the vectors are equal. */
const ZERO = 1e-9;

/**
 * The mean distance to the five nearest training sessions (Ramaswamy et al. 2000; Angiulli & Pizzuti 2002), in tf-idf space. A
 * training vector that n sessions have is n neighbours.
 */
export const kNearestNeighbours: VectorMethod<NeighboursModel> = {
  id: 'k-nearest-neighbours',
  features: { weighting: 'tf-idf', normalization: 'none', minSessions: 1 },
  supervised: false,
  fit({ vectors, sessions }) {
    return { k: K, vectors: vectors.map(sparse), sessions: [...sessions] };
  },
  scorer({ k, vectors, sessions }) {
    return (vector) => {
      const square = squareOf(vector);
      // The nearest so far, at most k of them, in order: each with the sessions that it stands for.
      const nearest: { distance: number; sessions: number }[] = [];
      let reached = Infinity;
      for (let v = 0; v < vectors.length; v++) {
        const distance = squaredDistance(vectors[v], vector, square);
        if (distance >= reached) continue;
        let at = nearest.length;
        while (at > 0 && nearest[at - 1].distance > distance) at--;
        nearest.splice(at, 0, { distance, sessions: sessions[v] });
        let found = 0;
        for (let i = 0; i < nearest.length; i++) {
          found += nearest[i].sessions;
          if (found < k) continue;
          nearest.length = i + 1;
          reached = nearest[i].distance;
          break;
        }
      }
      let left = k;
      let sum = 0;
      for (const n of nearest) {
        const taken = Math.min(left, n.sessions);
        sum += taken * (n.distance < ZERO ? 0 : Math.sqrt(n.distance));
        left -= taken;
      }
      return sum / (k - left || 1);
    };
  },
  explain({ vectors }, vector, columns) {
    return differences(vector, nearestOf(vectors, vector), columns, 'the nearest training session');
  },
  pattern: {
    kind: 'differences from the nearest training session',
    names({ vectors }, vector, columns) {
      const differing = differences(vector, nearestOf(vectors, vector), columns, '');
      return differing.length === 0 ? [] : [`counts off ${differing.map(({ column, more }) => `${columns.events[column] ?? 'unknown'}:${more > 0 ? '+' : ''}${more}`).sort().join(' ')}`];
    },
  },
};

function nearestOf(vectors: readonly SparseVector[], vector: Float64Array): SparseVector {
  const square = squareOf(vector);
  let best = 0;
  let bestDistance = Infinity;
  for (let v = 0; v < vectors.length; v++) {
    const distance = squaredDistance(vectors[v], vector, square);
    if (distance < bestDistance) [best, bestDistance] = [v, distance];
  }
  return vectors[best];
}

/** What a vector has more or less of than another (`more`: how many), the weightiest first. Vectors of weighted counts without means. */
export function differences(vector: Float64Array, other: SparseVector, columns: CountVectors, whose: string): (Finding & { readonly more: number })[] {
  const dense = new Float64Array(vector.length);
  other.columns.forEach((c, i) => { dense[c] = other.values[i]; });
  const out: (Finding & { more: number })[] = [];
  for (let column = 0; column < vector.length; column++) {
    const weight = columns.weights[column];
    const difference = vector[column] - dense[column];
    if (weight === 0 || Math.abs(difference) < 1e-9) continue;
    const count = (x: number): string => String(+(x / weight).toFixed(2));
    out.push({ column, more: +(difference / weight).toFixed(2), score: Math.abs(difference), reason: `${columns.name(column)}: ${count(vector[column])} ×, in ${whose} ${count(dense[column])} ×` });
  }
  return out.sort((a, b) => b.score - a.score);
}
