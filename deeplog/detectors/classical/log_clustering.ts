import { differences } from './k_nearest_neighbours.js';
import { cosineDistance, sparse, squareOf, type SparseVector } from './sparse.js';
import { completeLinkage } from './complete_linkage.js';
import type { VectorMethod } from './vector_method.js';

interface ClusterModel {
  /** The mean of each cluster's vectors. */
  readonly representatives: readonly SparseVector[];
  /** Training sessions of each. */
  readonly sessions: readonly number[];
}

/** loglizer's defaults. */
const MAX_DISTANCE = 0.3;
const BOOTSTRAP_PATTERNS = 1000;

/**
 * Lin et al., ICSE 2016 (loglizer's LogClustering): clusters of normal sessions by the cosine of their tf-idf vectors, the first
 * thousand patterns by complete linkage, the others one by one to the nearest cluster or a new one. The score is the distance
 * to the nearest cluster's mean.
 */
export const logClustering: VectorMethod<ClusterModel> = {
  id: 'log-clustering',
  features: { weighting: 'tf-idf', normalization: 'none', minSessions: 1 },
  supervised: false,
  fit({ vectors, sessions }) {
    const first = Math.min(BOOTSTRAP_PATTERNS, vectors.length);
    const bootstrap = vectors.slice(0, first).map(sparse);
    const cluster = completeLinkage(first, (a, b) => cosineDistance(bootstrap[a], vectors[b], squareOf(vectors[b])), MAX_DISTANCE);
    const clusters: { mean: Float64Array; square: number; sessions: number }[] = [];
    const join = (c: number, v: number): void => {
      const known = (clusters[c] ??= { mean: new Float64Array(vectors[v].length), square: 0, sessions: 0 });
      known.sessions += sessions[v];
      known.mean.forEach((m, i) => { known.mean[i] += ((vectors[v][i] - m) * sessions[v]) / known.sessions; });
      known.square = squareOf(known.mean);
    };
    for (let v = 0; v < first; v++) join(cluster[v], v);
    for (let v = first; v < vectors.length; v++) {
      const x = sparse(vectors[v]);
      let best = clusters.length;
      let bestDistance = MAX_DISTANCE;
      for (let c = 0; c < clusters.length; c++) {
        const distance = cosineDistance(x, clusters[c].mean, clusters[c].square);
        if (distance <= bestDistance && (distance < bestDistance || best === clusters.length)) [best, bestDistance] = [c, distance];
      }
      join(best, v);
    }
    return { representatives: clusters.map((c) => sparse(c.mean)), sessions: clusters.map((c) => c.sessions) };
  },
  scorer({ representatives }) {
    return (vector) => {
      const square = squareOf(vector);
      return representatives.reduce((least, r) => Math.min(least, cosineDistance(r, vector, square)), Infinity);
    };
  },
  ownThreshold() {
    return { value: MAX_DISTANCE, rule: "loglizer's distance .3" };
  },
  explain({ representatives, sessions }, vector, columns) {
    const square = squareOf(vector);
    const distances = representatives.map((r) => cosineDistance(r, vector, square));
    const nearest = distances.indexOf(Math.min(...distances));
    return differences(vector, representatives[nearest], columns, `the mean of the nearest cluster (${sessions[nearest].toLocaleString('en-US')} sessions)`);
  },
  notes({ representatives }) {
    return [`${representatives.length} clusters`];
  },
};
