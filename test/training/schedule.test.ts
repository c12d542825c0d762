import { describe, expect, it } from 'vitest';
import { CONSTANT, warmupInverseSquareRoot } from '../../deeplog/training/index.js';

/** ScheduledOptim of the LogBERT authors' code (optim_schedule.py), numpy's numbers for hidden 256 and 10,000 updates of warm-up. */
const REFERENCE: readonly (readonly [step: number, rate: number])[] = [[1, 6.25e-8], [10, 6.25e-7], [5000, 3.125e-4], [10_000, 6.25e-4], [20_000, 4.419417382415922e-4], [40_000, 3.125e-4], [1_000_000, 6.25e-5]];

describe('the warm-up schedule', () => {
  it("gives the reference code's rates when scaled to its peak", () => {
    const schedule = warmupInverseSquareRoot(10_000);
    for (const [step, rate] of REFERENCE) expect(6.25e-4 * schedule(step)).toBeCloseTo(rate, 12);
  });

  it('rises in equal steps to 1 and falls by half when the updates quadruple', () => {
    const schedule = warmupInverseSquareRoot(8);
    expect([1, 2, 4, 8, 32, 128].map(schedule)).toEqual([1 / 8, 1 / 4, 1 / 2, 1, 1 / 2, 1 / 4]);
    expect(CONSTANT(7)).toBe(1);
  });
});
