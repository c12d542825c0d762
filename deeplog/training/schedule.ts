/** The learning rate of an update, as a factor on the run's own; `step` counts updates from 1. */
export type Schedule = (step: number) => number;

export const CONSTANT: Schedule = () => 1;

/**
 * Linear warm-up to 1 at update `warmup`, then 1/√step: Noam's schedule (Vaswani et al. 2017, §5.3) scaled so that its peak is
 * the learning rate itself. LogBERT's code uses it with 10,000 updates of warm-up and hidden^−½ · 10,000^−½ = 6.25e-4 at its peak.
 */
export function warmupInverseSquareRoot(warmup: number): Schedule {
  return (step) => Math.min(step / warmup, Math.sqrt(warmup / step));
}
