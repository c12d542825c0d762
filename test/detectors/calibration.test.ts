import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calibration } from '../../deeplog/detectors/deep/calibration.js';

describe('making scores comparable', () => {
  const calibration = Calibration.fit(Array.from({ length: 99 }, (_, i) => i + 1)); // 1 … 99

  it('is −log10 of the share of validation normals that score as high', () => {
    expect(calibration.unusual(99)).toBeCloseTo(-Math.log10(2 / 100), 12);
    expect(calibration.unusual(91)).toBeCloseTo(-Math.log10(10 / 100), 12);
    expect(calibration.unusual(0)).toBeCloseTo(0, 12);
  });

  it('goes on beyond the highest of them', () => {
    expect(calibration.unusual(100)).toBeGreaterThan(calibration.unusual(99));
    expect(calibration.unusual(1000)).toBeGreaterThan(calibration.unusual(100));
    expect(calibration.unusual(1e9)).toBeLessThan(3);
  });

  it('never ranks a higher score lower, and finds back the score of a level', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1, maxLength: 60 }), fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true }), (scores, a, b) => {
      const c = Calibration.fit(scores);
      expect(c.unusual(Math.max(a, b))).toBeGreaterThanOrEqual(c.unusual(Math.min(a, b)));
      // What is above the score of a level is at least as unusual as the level.
      const level = c.unusual(a);
      if (a > c.scoreAt(level) + 1e-9) expect(c.unusual(a)).toBeGreaterThanOrEqual(level);
    }));
  });
});
