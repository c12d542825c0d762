import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../deeplog/common/index.js';
import { averagePrecision, confusionAt, countScores, oracleF1, pointMetrics, rocAuc, thresholdFor } from '../../deeplog/evaluation/index.js';

const sample = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { minLength: 1, maxLength: 40 });

describe("scikit-learn's published examples", () => {
  it('average_precision_score, roc_auc_score: y = [0, 0, 1, 1], scores = [.1, .4, .35, .8]', () => {
    const counts = countScores([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(averagePrecision(counts)).toBeCloseTo(0.8333333, 6); // "0.83"
    expect(rocAuc(counts)).toBe(0.75);
  });

  it('matthews_corrcoef: true [1, 1, 1, -1], predicted [1, -1, 1, 1] → -0.33', () => {
    expect(pointMetrics({ tp: 2, fn: 1, fp: 1, tn: 0 }).mcc).toBeCloseTo(-1 / 3, 12);
  });

  it('f1_score of the positive class: true [0, 1, 1, 0], predicted [0, 1, 0, 1]', () => {
    expect(pointMetrics({ tp: 1, fn: 1, fp: 1, tn: 1 })).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5, specificity: 0.5, mcc: 0 });
  });
});

describe('against brute force', () => {
  it('confusion at every threshold', () => {
    fc.assert(fc.property(sample, fc.integer({ min: -1, max: 7 }), (rows, threshold) => {
      const counted = confusionAt(countScores(rows.map(([s]) => s), rows.map(([, y]) => y)), threshold);
      const of = (flagged: boolean, y: boolean): number => rows.filter(([s, label]) => s > threshold === flagged && label === y).length;
      expect(counted).toEqual({ tp: of(true, true), fp: of(true, false), fn: of(false, true), tn: of(false, false) });
    }), { seed: 1 });
  });

  it('ROC-AUC is the share of (abnormal, normal) pairs in order, ties half', () => {
    fc.assert(fc.property(sample, (rows) => {
      const auc = rocAuc(countScores(rows.map(([s]) => s), rows.map(([, y]) => y)));
      const pairs = rows.filter(([, y]) => y).flatMap(([a]) => rows.filter(([, y]) => !y).map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0) as number));
      if (pairs.length === 0) expect(auc).toBeNull();
      else expect(auc).toBeCloseTo(pairs.reduce((p, q) => p + q, 0) / pairs.length, 10);
    }), { seed: 2 });
  });

  it('average precision sums precision over the recall steps of the distinct thresholds', () => {
    fc.assert(fc.property(sample, (rows) => {
      const positives = rows.filter(([, y]) => y).length;
      const counts = countScores(rows.map(([s]) => s), rows.map(([, y]) => y));
      if (positives === 0) {
        expect(averagePrecision(counts)).toBeNull();
        return;
      }
      let area = 0;
      let before = 0;
      for (const t of [...new Set(rows.map(([s]) => s))].sort((a, b) => b - a)) {
        const flagged = rows.filter(([s]) => s >= t);
        const recall = flagged.filter(([, y]) => y).length / positives;
        area += (recall - before) * (flagged.filter(([, y]) => y).length / flagged.length);
        before = recall;
      }
      expect(averagePrecision(counts)).toBeCloseTo(area, 10);
    }), { seed: 3 });
  });

  it('oracle F1 is the best of all thresholds', () => {
    fc.assert(fc.property(sample, (rows) => {
      const counts = countScores(rows.map(([s]) => s), rows.map(([, y]) => y));
      const best = Math.max(...[-1, 0, 1, 2, 3, 4, 5, 6].map((t) => pointMetrics(confusionAt(counts, t)).f1 ?? 0));
      if (rows.some(([, y]) => y)) expect(oracleF1(counts)).toBeCloseTo(best, 12);
      else expect(oracleF1(counts)).toBeNull();
    }), { seed: 4 });
  });

  it('the threshold is the smallest score that at most the target share of normals exceeds', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }), fc.constantFrom(0, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5), (normals, rate) => {
      const share = (t: number): number => normals.filter((s) => s > t).length / normals.length;
      const fitting = [...new Set(normals)].filter((t) => share(t) <= rate + 1e-12);
      expect(thresholdFor(normals, rate)).toBe(Math.min(...fitting));
    }), { seed: 5 });
  });
});

describe('degenerate sets', () => {
  it('all normal, all abnormal, constant scores', () => {
    const normal = countScores([1, 2], [0, 0]);
    expect([rocAuc(normal), averagePrecision(normal), oracleF1(normal)]).toEqual([null, null, null]);
    expect(pointMetrics(confusionAt(normal, 5))).toMatchObject({ precision: null, recall: null, f1: null, mcc: null, specificity: 1 });
    const abnormal = countScores([1, 2], [1, 1]);
    expect([rocAuc(abnormal), averagePrecision(abnormal), oracleF1(abnormal)]).toEqual([null, 1, 1]);
    const constant = countScores([3, 3, 3, 3], [1, 0, 0, 0]);
    expect([rocAuc(constant), averagePrecision(constant), oracleF1(constant)]).toEqual([0.5, 0.25, 0.4]);
  });

  it('refuses scores that are no numbers', () => {
    expect(() => countScores([1, NaN], [0, 1])).toThrow('score 1 is NaN');
    expect(() => thresholdFor([], 0.1)).toThrow(DataError);
    expect(() => thresholdFor([], 0.1)).toThrow(/validation part holds nothing normal.*--val_ratio/);
  });
});

describe('properties', () => {
  const counted = (rows: readonly (readonly [number, boolean])[]): ReturnType<typeof countScores> => countScores(rows.map(([s]) => s), rows.map(([, y]) => y));

  it('the order of the rows, and any rising change of the scores, leave every ranking metric as it is', () => {
    fc.assert(fc.property(sample, (rows) => {
      const all = (c: ReturnType<typeof countScores>): unknown[] => [rocAuc(c), averagePrecision(c), oracleF1(c)];
      expect(all(counted([...rows].reverse()))).toEqual(all(counted(rows)));
      expect(all(counted(rows.map(([s, y]) => [Math.exp(s) - 7, y] as const)))).toEqual(all(counted(rows)));
    }), { seed: 6 });
  });

  it('the negated score has the mirrored ROC-AUC', () => {
    fc.assert(fc.property(sample, (rows) => {
      const auc = rocAuc(counted(rows));
      const mirrored = rocAuc(counted(rows.map(([s, y]) => [-s, y] as const)));
      if (auc === null) expect(mirrored).toBeNull();
      else expect(mirrored).toBeCloseTo(1 - auc, 12);
    }), { seed: 7 });
  });

  it('constant scores: ROC-AUC one half, average precision the share of the abnormal, one threshold', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (abnormal, normal) => {
      const c = countScores(new Array<number>(abnormal + normal).fill(2.5), Array.from({ length: abnormal + normal }, (_, i) => i < abnormal));
      expect(c.scores).toHaveLength(1);
      expect(rocAuc(c)).toBe(0.5);
      expect(averagePrecision(c)).toBeCloseTo(abnormal / (abnormal + normal), 12);
      expect(oracleF1(c)).toBeCloseTo((2 * abnormal) / (2 * abnormal + normal), 12);
    }), { seed: 8 });
  });

  it('only normal or only abnormal sessions: what has no meaning is null, and nothing is NaN', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 20 }), fc.boolean(), fc.integer({ min: -1, max: 7 }), (scores, label, threshold) => {
      const c = countScores(scores, scores.map(() => label));
      const p = pointMetrics(confusionAt(c, threshold));
      expect([rocAuc(c), label ? oracleF1(c) : averagePrecision(c)]).toEqual([null, label ? 1 : null]);
      if (label) expect(averagePrecision(c)).toBeCloseTo(1, 12);
      expect([p.mcc, label ? p.specificity : p.recall]).toEqual([null, null]);
      for (const value of Object.values(p)) expect(value === null || Number.isFinite(value)).toBe(true);
    }), { seed: 9 });
  });

  it("Matthews correlation is Pearson's of verdicts and labels", () => {
    fc.assert(fc.property(sample, fc.integer({ min: -1, max: 7 }), (rows, threshold) => {
      const verdicts: number[] = rows.map(([s]) => (s > threshold ? 1 : 0));
      const labels: number[] = rows.map(([, y]) => (y ? 1 : 0));
      const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
      const [mv, ml] = [mean(verdicts), mean(labels)];
      const covariance = mean(verdicts.map((v, i) => (v - mv) * (labels[i] - ml)));
      const spread = Math.sqrt(mean(verdicts.map((v) => (v - mv) ** 2)) * mean(labels.map((l) => (l - ml) ** 2)));
      const { mcc } = pointMetrics(confusionAt(counted(rows), threshold));
      if (spread === 0) expect(mcc).toBeNull();
      else expect(mcc).toBeCloseTo(covariance / spread, 9);
    }), { seed: 10 });
  });
});

describe("scikit-learn's examples with ties and several thresholds", () => {
  it('roc_auc_score and average_precision_score of tied scores (scikit-learn 1.9, computed once)', () => {
    const c = countScores([0.5, 0.5, 0.5, 0.2, 0.9, 0.9, 0.1, 0.2], [1, 0, 1, 0, 0, 1, 0, 1]);
    expect(rocAuc(c)).toBeCloseTo(0.625, 12);
    expect(averagePrecision(c)).toBeCloseTo(0.5678571428571428, 9);
  });
});
