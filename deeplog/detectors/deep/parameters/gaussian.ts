/** A normal distribution fitted to validation errors. */
export interface Gaussian {
  readonly mean: number;
  readonly deviation: number;
}

/** Errors that are all alike would make every later one infinitely unlikely. */
const LEAST_DEVIATION = 1e-6;

/** Maximum-likelihood fit. @throws RangeError without errors. */
export function fitGaussian(errors: ArrayLike<number>): Gaussian {
  if (errors.length === 0) throw new RangeError('a normal distribution cannot be fitted to no errors');
  let mean = 0;
  for (let i = 0; i < errors.length; i++) mean += errors[i] / errors.length;
  let variance = 0;
  for (let i = 0; i < errors.length; i++) variance += (errors[i] - mean) ** 2 / errors.length;
  return { mean, deviation: Math.max(LEAST_DEVIATION, Math.sqrt(variance)) };
}

/**
 * Upper end of the central interval that holds `alpha` of the distribution. The rule is one-sided: an error below the lower end is a
 * better prediction than usual, not an anomaly (DeepLog, §3.2, flags errors outside; the lower half of "outside" makes no sense for errors).
 */
export function upperBound({ mean, deviation }: Gaussian, alpha: number): number {
  return mean + normalQuantile((1 + alpha) / 2) * deviation;
}

/**
 * Quantile of the standard normal distribution: Acklam's rational approximation (2003), relative error below 1.15e-9.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile needs a probability between 0 and 1, not ${p}`);
  const a = [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239];
  const b = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1];
  const c = [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
  const horner = (k: readonly number[], x: number): number => k.reduce((sum, coefficient) => sum * x + coefficient, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(c, q) / horner(d, q);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  return (horner(a, q * q) * q) / horner(b, q * q);
}
