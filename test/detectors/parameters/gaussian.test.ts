import { describe, expect, it } from 'vitest';
import { fitGaussian, normalQuantile, upperBound } from '../../../deeplog/detectors/index.js';

describe('the error bound', () => {
  it('uses the quantiles of the normal distribution (tables of Abramowitz & Stegun, 26.2)', () => {
    const known: readonly (readonly [number, number])[] = [[0.5, 0], [0.8413447461, 1], [0.975, 1.959963985], [0.995, 2.575829304], [0.9995, 3.290526731], [0.01, -2.326347874]];
    for (const [p, z] of known) expect(normalQuantile(p)).toBeCloseTo(z, 7);
    expect(() => normalQuantile(1)).toThrow(RangeError);
  });

  it('fits mean and deviation by maximum likelihood', () => {
    expect(fitGaussian([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: 2 }); // the textbook population
    expect(fitGaussian([3, 3, 3]).deviation).toBeGreaterThan(0);
    expect(() => fitGaussian([])).toThrow(RangeError);
  });

  it('is the upper end of the central interval: 95 % leave 2.5 % above', () => {
    expect(upperBound({ mean: 1, deviation: 2 }, 0.95)).toBeCloseTo(1 + 2 * 1.959963985, 7);
  });
});
