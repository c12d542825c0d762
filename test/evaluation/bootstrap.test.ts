import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { f1DifferenceInterval, f1Interval, packVerdicts, stretchCounts, unpackVerdicts, type StretchCounts, type VerdictBytes } from '../../deeplog/evaluation/index.js';

/** 400 sessions of which every tenth is abnormal, as the Python below has them. */
const rule = (of: (i: number) => boolean): Uint8Array => Uint8Array.from({ length: 400 }, (_, i) => Number(of(i)));
const ABNORMAL = rule((i) => i % 10 === 3);
const ALL = rule(() => true);
const verdicts = (of: (i: number) => boolean): VerdictBytes => ({ flagged: rule(of), abnormal: ABNORMAL, labelled: ALL });
const A = verdicts((i) => (i % 10 === 3 && i % 3 !== 0) || i % 37 === 5);
const B = verdicts((i) => i % 10 === 3 || i % 23 === 4);
const counts = (v: VerdictBytes, stretches?: number): StretchCounts[] => stretchCounts(v, stretches) ?? [];

/** Every way to draw as many stretches as there are, each as likely: the exact distribution. */
function exact(stretches: readonly StretchCounts[], shares: readonly number[]): number[] {
  const n = stretches.length;
  const values = Array.from({ length: n ** n }, (_, code) => {
    const drawn = Array.from({ length: n }, (__, k) => stretches[Math.floor(code / n ** k) % n]);
    const [tp, fp, fn] = (['tp', 'fp', 'fn'] as const).map((what) => drawn.reduce((sum, s) => sum + s[what], 0));
    return (2 * tp) / (2 * tp + fp + fn);
  }).sort((a, b) => a - b);
  return shares.map((share) => values[Math.round(share * (values.length - 1))]);
}

describe('the interval of F1', () => {
  it('is what scipy says where each session is drawn by itself', () => {
    // f1 = .7013 and .8333; scipy.stats.bootstrap((y, p), f1, paired=True, vectorized=False, n_resamples=20000, method='percentile', random_state=1)
    const [low, high] = f1Interval(counts(A, 400)) ?? [NaN, NaN];
    expect(low).toBeCloseTo(0.5714, 1.7);
    expect(high).toBeCloseTo(0.8065, 1.7);
    // The same of f1(y, p) − f1(y, q): −.2688 to −.0021.
    const [least, most] = f1DifferenceInterval(counts(A, 400), counts(B, 400)) ?? [NaN, NaN];
    expect(Math.abs(least + 0.2688)).toBeLessThan(0.012);
    expect(Math.abs(most + 0.0021)).toBeLessThan(0.012);
  });

  it('is that of all possible draws of a few stretches', () => {
    const stretches = [{ tp: 5, fp: 1, fn: 0 }, { tp: 2, fp: 4, fn: 3 }, { tp: 9, fp: 0, fn: 2 }, { tp: 1, fp: 7, fn: 1 }, { tp: 4, fp: 2, fn: 2 }];
    const [low, high] = f1Interval(stretches, 20_000) ?? [NaN, NaN];
    const [exactLow, exactHigh] = exact(stretches, [0.025, 0.975]);
    expect(Math.abs(low - exactLow)).toBeLessThan(0.01);
    expect(Math.abs(high - exactHigh)).toBeLessThan(0.01);
  });

  it('is wider where what is missed comes together in time, as single sessions would not show', () => {
    // All of the misses are in the first tenth, or spread over all.
    const bursts = verdicts((i) => i % 10 === 3 && i >= 100);
    const spread = verdicts((i) => i % 10 === 3 && i % 40 !== 3);
    const width = (v: VerdictBytes, stretches: number): number => { const [low, high] = f1Interval(counts(v, stretches)) ?? [0, 0]; return high - low; };
    expect(width(bursts, 20)).toBeGreaterThan(1.25 * width(bursts, 400));
    expect(width(spread, 20)).toBeLessThan(1.2 * width(spread, 400));
  });

  it('is a point where all stretches are alike, zero against itself, the same every time, and unknown where a draw has nothing', () => {
    const alike = new Array<StretchCounts>(10).fill({ tp: 3, fp: 1, fn: 2 });
    expect(f1Interval(alike)).toEqual([6 / 9, 6 / 9]);
    expect(f1DifferenceInterval(counts(A), counts(A))).toEqual([0, 0]);
    expect(f1Interval(counts(A))).toEqual(f1Interval(counts(A)));
    expect(f1Interval([{ tp: 1, fp: 0, fn: 0 }, { tp: 0, fp: 0, fn: 0 }])).toBeNull();
    expect(() => f1DifferenceInterval(counts(A, 10), counts(B, 20))).toThrow('10 and 20 stretches are not of the same sessions');
  });

  it('rests on every labelled session once, whatever the number of stretches', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 450 }), (stretches) => {
      const own = counts(A, stretches);
      expect(own.length).toBe(Math.min(400, stretches));
      // 27, 10 and 13 by numpy.
      expect(own.reduce((n, s) => n + s.tp, 0)).toBe(27);
      expect(own.reduce((n, s) => n + s.fp, 0)).toBe(10);
      expect(own.reduce((n, s) => n + s.fn, 0)).toBe(13);
    }));
    expect(counts({ ...A, labelled: rule((i) => i >= 200) }, 2)[0]).toEqual({ tp: 0, fp: 0, fn: 0 });
    expect(stretchCounts({ ...A, abnormal: null, labelled: null })).toBeNull();
  });
});

it('verdicts come back from their bits as they were', () => {
  const bits = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 70 }).map((list) => Uint8Array.from(list));
  fc.assert(fc.property(bits, (flagged) => {
    const bytes = { flagged, abnormal: flagged.map((b) => 1 - b), labelled: null };
    expect(unpackVerdicts(packVerdicts(bytes))).toEqual(bytes);
  }));
  // Python: zlib.compressobj(-1, zlib.DEFLATED, -15) of bytes([0x82, 0x01]), in base64.
  expect(packVerdicts({ flagged: Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 1, 1), abnormal: null, labelled: null }).flagged).toBe('a2IEAA==');
});
