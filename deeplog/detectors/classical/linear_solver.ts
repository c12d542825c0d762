import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { SparseVector } from './sparse.js';

/** A loss of the margin m = y (w·x + b): value, slope and curvature. */
export type MarginLoss = (margin: number) => { readonly value: number; readonly slope: number; readonly curvature: number };

export const logisticLoss: MarginLoss = (m) => {
  const p = 1 / (1 + Math.exp(m)); // of the wrong class
  return { value: m > 0 ? Math.log1p(Math.exp(-m)) : Math.log1p(Math.exp(m)) - m, slope: -p, curvature: p * (1 - p) };
};

export const squaredHinge: MarginLoss = (m) => (m >= 1 ? { value: 0, slope: 0, curvature: 0 } : { value: (1 - m) ** 2, slope: -2 * (1 - m), curvature: 2 });

export interface LinearModel {
  readonly weights: readonly number[];
  readonly intercept: number;
}

export interface LinearProblem {
  readonly width: number;
  readonly vectors: readonly SparseVector[];
  /** Sessions of each vector that are labelled normal (y = −1), abnormal (y = 1). */
  readonly normal: Float64Array;
  readonly abnormal: Float64Array;
}

const MAX_STEPS = 200;
const GRADIENT_TOLERANCE = 1e-8;

/**
 * min ½|w|² + C Σ sᵢ loss(yᵢ (w·xᵢ + b)), the intercept free: Newton's method with a halving line search. The problem is convex and has
 * one solution, so there is no seed. Some hundred columns at most: a step is one Cholesky factorization.
 */
export function fitLinear(problem: LinearProblem, loss: MarginLoss, cost: number): LinearModel {
  const { width } = problem;
  let w = new Float64Array(width + 1); // the intercept last
  let at = evaluate(problem, loss, cost, w, true);
  const start = norm(at.gradient);
  for (let step = 0; step < MAX_STEPS && norm(at.gradient) > GRADIENT_TOLERANCE * Math.max(1, start); step++) {
    const direction = new CholeskyDecomposition(at.hessian).solve(Matrix.columnVector(Array.from(at.gradient))).to1DArray();
    const descent = direction.reduce((sum, d, i) => sum + d * at.gradient[i], 0);
    let next = null;
    for (let size = 1; size > 1e-10; size /= 2) {
      const tried = w.map((x, i) => x - size * direction[i]);
      if (evaluate(problem, loss, cost, tried, false).value <= at.value - 1e-4 * size * descent) {
        next = tried;
        break;
      }
    }
    if (next === null) break; // as good as the arithmetic allows
    w = next;
    at = evaluate(problem, loss, cost, w, true);
  }
  return { weights: Array.from(w.subarray(0, width)), intercept: w[width] };
}

interface Point {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly hessian: Matrix;
}

function evaluate({ width, vectors, normal, abnormal }: LinearProblem, loss: MarginLoss, cost: number, w: Float64Array, derivatives: boolean): Point {
  let value = 0;
  const gradient = new Float64Array(width + 1);
  const hessian = derivatives ? Matrix.zeros(width + 1, width + 1) : Matrix.zeros(1, 1);
  for (let c = 0; c < width; c++) {
    value += 0.5 * w[c] * w[c];
    gradient[c] = w[c];
    if (derivatives) hessian.set(c, c, 1);
  }
  if (derivatives) hessian.set(width, width, 1e-10); // the intercept has no penalty; without any curvature it stays where it is
  vectors.forEach(({ columns, values }, v) => {
    let output = w[width];
    for (let k = 0; k < columns.length; k++) output += w[columns[k]] * values[k];
    const [no, yes] = [loss(-output), loss(output)];
    value += cost * (normal[v] * no.value + abnormal[v] * yes.value);
    if (!derivatives) return;
    const slope = cost * (abnormal[v] * yes.slope - normal[v] * no.slope);
    const curvature = cost * (abnormal[v] * yes.curvature + normal[v] * no.curvature);
    for (let k = 0; k <= columns.length; k++) {
      const [ck, xk] = k === columns.length ? [width, 1] : [columns[k], values[k]];
      gradient[ck] += slope * xk;
      for (let l = 0; l <= columns.length; l++) {
        const [cl, xl] = l === columns.length ? [width, 1] : [columns[l], values[l]];
        hessian.set(ck, cl, hessian.get(ck, cl) + curvature * (xk * xl));
      }
    }
  });
  return { value, gradient, hessian };
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
}
