const TOLERANCE = 1e-3;
const MAX_ITERATIONS = 1_000_000;
/** Kernel rows kept: 1 GiB of them at most. */
const CACHED_VALUES = 2 ** 27;

/**
 * min ½ αᵀKα with 0 ≤ αᵢ ≤ wᵢ and Σα = ν Σw: a one-class SVM whose point i counts wᵢ times. Sequential minimal optimization with the
 * second-order working set of Fan, Chen & Lin (2005), tolerance and start as in libsvm. The decision is Σ αᵢ k(xᵢ, x) − ρ.
 */
export function solveOneClass(n: number, kernel: (i: number, j: number) => number, weights: Float64Array, nu: number): { alphas: Float64Array; rho: number } {
  const row = rowsOf(n, kernel);
  const alphas = new Float64Array(n);
  // libsvm's start: the first points are full until the sum is reached.
  let left = nu * weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < n && left > 0; i++) {
    alphas[i] = Math.min(weights[i], left);
    left -= alphas[i];
  }
  const gradient = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    if (alphas[j] === 0) continue;
    const k = row(j);
    for (let i = 0; i < n; i++) gradient[i] += alphas[j] * k[i];
  }
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    // α of i grows, α of j shrinks by as much.
    let i = -1;
    let least = Infinity;
    for (let t = 0; t < n; t++) if (alphas[t] < weights[t] && gradient[t] < least) [i, least] = [t, gradient[t]];
    if (i < 0) break;
    const ki = row(i);
    let j = -1;
    let most = -Infinity;
    let best = 0;
    for (let t = 0; t < n; t++) {
      if (alphas[t] <= 0) continue;
      if (gradient[t] > most) most = gradient[t];
      const gap = gradient[t] - least;
      if (gap <= 0) continue;
      const gain = (gap * gap) / Math.max(1e-12, 2 - 2 * ki[t]);
      if (gain > best) [j, best] = [t, gain];
    }
    if (j < 0 || most - least < TOLERANCE) break;
    const kj = row(j);
    const step = Math.min((gradient[j] - least) / Math.max(1e-12, 2 - 2 * ki[j]), weights[i] - alphas[i], alphas[j]);
    alphas[i] += step;
    alphas[j] -= step;
    for (let t = 0; t < n; t++) gradient[t] += step * (ki[t] - kj[t]);
  }
  return { alphas, rho: rhoOf(alphas, gradient, weights) };
}

/** The mean gradient of the points on the boundary, or the middle of where it can be. */
function rhoOf(alphas: Float64Array, gradient: Float64Array, weights: Float64Array): number {
  let sum = 0;
  let free = 0;
  let low = -Infinity;
  let high = Infinity;
  for (let t = 0; t < alphas.length; t++) {
    if (alphas[t] <= 0) high = Math.min(high, gradient[t]);
    else if (alphas[t] >= weights[t]) low = Math.max(low, gradient[t]);
    else {
      sum += gradient[t];
      free++;
    }
  }
  if (free > 0) return sum / free;
  return Number.isFinite(low) && Number.isFinite(high) ? (low + high) / 2 : Number.isFinite(low) ? low : high;
}

/** Rows of the kernel matrix, worked out when first asked for; the oldest are forgotten when there are too many. */
function rowsOf(n: number, kernel: (i: number, j: number) => number): (i: number) => Float64Array {
  const rows = new Map<number, Float64Array>();
  const room = Math.max(2, Math.floor(CACHED_VALUES / n));
  return (i) => {
    let row = rows.get(i);
    if (row === undefined) {
      row = Float64Array.from({ length: n }, (_, j) => kernel(i, j));
      if (rows.size >= room) rows.delete(rows.keys().next().value ?? 0);
      rows.set(i, row);
    }
    return row;
  };
}
