import { PCA } from 'ml-pca';
import type { VectorMethod } from './vector_method.js';

interface PcaModel {
  /** [components × width]: the normal subspace, orthonormal rows. */
  readonly components: readonly (readonly number[])[];
  /** SPE above which the Q-statistic calls a vector abnormal; null where the residual variances admit none. */
  readonly limit: number | null;
}

/** loglizer's defaults: components that carry 95 % of the variance; c_α = 3.2905 for α = .001. */
const VARIANCE_SHARE = 0.95;
const C_ALPHA = 3.2905;

/**
 * Xu et al., SOSP 2009 (loglizer's PCA): the squared prediction error, what is left of a count vector outside the normal subspace.
 * The score is the SPE in units of the Q-statistic's limit (Jackson & Mudholkar 1979), so that 1 is the method's own threshold.
 */
export const pca: VectorMethod<PcaModel> = {
  id: 'pca',
  features: { weighting: 'tf-idf', normalization: 'zero-mean', minSessions: 1 },
  supervised: false,
  fit({ vectors, sessions, total }) {
    const width = vectors[0].length;
    const covariance = Array.from({ length: width }, () => new Array<number>(width).fill(0));
    vectors.forEach((x, v) => {
      for (let i = 0; i < width; i++) for (let j = 0; j <= i; j++) covariance[i][j] += (sessions[v] / total) * x[i] * x[j];
    });
    for (let i = 0; i < width; i++) for (let j = i + 1; j < width; j++) covariance[i][j] = covariance[j][i];
    const fitted = new PCA(covariance, { isCovarianceMatrix: true });
    const variances = fitted.getEigenvalues().map((v) => Math.max(0, v));
    const count = componentsFor(variances);
    const vectorsOf = fitted.getEigenvectors(); // [width × width], a column each
    return { components: Array.from({ length: count }, (_, k) => vectorsOf.getColumn(k)), limit: qLimit(variances.slice(count)) };
  },
  scorer({ components, limit }) {
    return (vector) => residualOf(components, vector).reduce((sum, r) => sum + r * r, 0) / (limit ?? 1);
  },
  ownThreshold({ limit }) {
    return limit === null ? null : { value: 1, rule: 'Q-statistic, α = .001' };
  },
  explain({ components, limit }, vector, columns) {
    const residual = residualOf(components, vector);
    const spe = residual.reduce((sum, r) => sum + r * r, 0);
    return Array.from(residual, (r, column) => ({
      column, score: (r * r) / (limit ?? 1),
      reason: `${columns.name(column)}: ${((100 * r * r) / spe).toFixed(0)} % of the squared prediction error; there ${vector[column] > vector[column] - r ? 'are more' : 'are fewer'} of it than the other counts let expect`,
    })).filter(({ score }) => score > 0.05 * (spe / (limit ?? 1))).sort((a, b) => b.score - a.score);
  },
  notes({ components, limit }) {
    return [`${components.length} components carry 95 % of the variance`, ...(limit === null ? ['no Q-statistic: nothing varies outside them'] : [])];
  },
};

function componentsFor(variances: readonly number[]): number {
  const total = variances.reduce((a, b) => a + b, 0);
  let sum = 0;
  for (let k = 0; k < variances.length; k++) {
    sum += variances[k];
    if (sum >= VARIANCE_SHARE * total) return total === 0 ? 0 : k + 1;
  }
  return variances.length;
}

/** φ₁ [c_α √(2 φ₂ h₀²) / φ₁ + 1 + φ₂ h₀ (h₀ − 1) / φ₁²]^(1/h₀) with φᵢ = Σ λʲⁱ over the residual variances, h₀ = 1 − 2 φ₁ φ₃ / (3 φ₂²). */
export function qLimit(residualVariances: readonly number[]): number | null {
  const [p1, p2, p3] = [1, 2, 3].map((power) => residualVariances.reduce((sum, v) => sum + v ** power, 0));
  const h0 = 1 - (2 * p1 * p3) / (3 * p2 * p2);
  const limit = p1 * ((C_ALPHA * Math.sqrt(2 * p2 * h0 * h0)) / p1 + 1 + (p2 * h0 * (h0 - 1)) / (p1 * p1)) ** (1 / h0);
  return Number.isFinite(limit) && limit > 0 ? limit : null;
}

function residualOf(components: readonly (readonly number[])[], vector: Float64Array): Float64Array {
  const residual = vector.slice();
  for (const component of components) {
    let along = 0;
    for (let c = 0; c < vector.length; c++) along += component[c] * vector[c];
    for (let c = 0; c < vector.length; c++) residual[c] -= along * component[c];
  }
  return residual;
}
