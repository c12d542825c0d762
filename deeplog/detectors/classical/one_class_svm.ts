import { sparse, squaredDistance, squareOf, type SparseVector } from './sparse.js';
import { solveOneClass } from './one_class_solver.js';
import type { VectorMethod } from './vector_method.js';

interface OneClassModel {
  readonly gamma: number;
  readonly rho: number;
  readonly support: readonly SparseVector[];
  readonly alphas: readonly number[];
}

/** At most this share of the training normals lies outside. */
const NU = 0.01;

/**
 * Schölkopf et al. 2001, Gaussian kernel, γ = 1 / the summed variances of the columns (scikit-learn's `scale` on zero-mean columns); the score is ρ − Σ αᵢ k(xᵢ, x),
 * above 0 outside. libsvm-js is not used: it has no weights, so that it would have to learn from a sample of the sessions (six
 * digits of ρ kept), and it writes to the console. Tests compare the solver with it.
 */
export const oneClassSvm: VectorMethod<OneClassModel> = {
  id: 'one-class-svm',
  // Distances do not change with the mean, so that vectors stay sparse without it.
  features: { weighting: 'tf-idf', normalization: 'none', minSessions: 1 },
  supervised: false,
  fit({ vectors, sessions, total }) {
    const gamma = 1 / (summedVariance(vectors, sessions, total) || 1);
    const points = vectors.map(sparse);
    const { alphas, rho } = solveOneClass(vectors.length, (i, j) => Math.exp(-gamma * squaredDistance(points[i], vectors[j], points[j].square)), sessions, NU);
    const kept = Array.from(alphas.keys()).filter((v) => alphas[v] > 0);
    return { gamma, rho, support: kept.map((v) => points[v]), alphas: kept.map((v) => alphas[v]) };
  },
  scorer({ gamma, rho, support, alphas }) {
    return (vector) => {
      const square = squareOf(vector);
      let inside = 0;
      for (let i = 0; i < support.length; i++) inside += alphas[i] * Math.exp(-gamma * squaredDistance(support[i], vector, square));
      return rho - inside;
    };
  },
  ownThreshold() {
    return { value: 0, rule: `the boundary, ν = ${NU}` };
  },
  notes({ support }) {
    return [`${support.length} support vectors, ν = ${NU}`];
  },
};

function summedVariance(vectors: readonly Float64Array[], sessions: Float64Array, total: number): number {
  let out = 0;
  for (let c = 0; c < vectors[0].length; c++) {
    let mean = 0;
    let square = 0;
    vectors.forEach((x, v) => {
      mean += (sessions[v] / total) * x[c];
      square += (sessions[v] / total) * x[c] * x[c];
    });
    out += Math.max(0, square - mean * mean);
  }
  return out;
}
