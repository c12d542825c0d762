import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { curvesOf } from '../../deeplog/evaluation/curves.js';
import { countScores, scoreHistogram, withBeyond } from '../../deeplog/evaluation/index.js';
import { PART, SessionTableBuilder, splitByShare, UNLABELLED } from '../../deeplog/sequences/index.js';

const of = (scores: readonly number[]): ReturnType<typeof scoreHistogram> => scoreHistogram(countScores([...scores], scores.map((_, i) => i % 3 === 0)));

describe('a histogram of scores', () => {
  it('holds every session once, in the bin its score lies in', () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0, max: 30, noNaN: true }), fc.constant(1000)), { minLength: 1, maxLength: 80 }), (scores) => {
      const h = of(scores);
      const { edges, normal, abnormal } = withBeyond(h);
      expect(edges).toHaveLength(normal.length + 1);
      expect([...normal, ...abnormal].reduce((a, b) => a + b, 0)).toBe(scores.length);
      for (let i = 1; i < edges.length; i++) expect(edges[i]).toBeGreaterThan(edges[i - 1]);
      expect((h.beyond?.normal ?? 0) + (h.beyond?.abnormal ?? 0)).toBe(h.beyond === null ? 0 : scores.filter((s) => s >= (h.beyond?.from ?? 0)).length);
    }));
  });

  it('sets a constant far above all others apart, so that the others have the axis', () => {
    const h = of([0.5, 1.25, 3, 7.5, 9, 12, 1000, 1000]);
    expect(h.beyond).toEqual({ from: 1000, to: 1000, normal: 1, abnormal: 1 }); // places 6 and 7
    expect([h.edges[0], h.edges.at(-1)]).toEqual([0.5, 12]);
    expect(of([0.5, 1.25, 3, 7.5, 9, 12, 14]).beyond).toBeNull();
    // A long tail of many values is no constant.
    expect(of([0, 0.5, 50.5, 60.5, 70.5, 80.5, 90.5, 99.5]).beyond).toBeNull();
  });

  it('gives whole numbers bins of whole width around them', () => {
    expect(of([1, 1, 2, 5]).edges).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    const wide = of(Array.from({ length: 81 }, (_, i) => i));
    expect(new Set(wide.edges.slice(1).map((e, i) => e - wide.edges[i]))).toEqual(new Set([3]));
    expect(wide.normal.map((n, i) => n + wide.abnormal[i])).toEqual(new Array(27).fill(3));
  });
});

it('of a set without labels asks once whether there are any: each time costs a look at all sessions', () => {
  const builder = new SessionTableBuilder();
  for (let i = 0; i < 200; i++) builder.add([1, i % 7], 0, 2, UNLABELLED);
  const table = builder.build();
  const split = splitByShare(table, { trainUntil: 0.2, validationUntil: 0.3, order: 'chronological', seed: 1, trainOn: 'normal' });
  const asked = vi.spyOn(table, 'labelled', 'get');
  const { histogram, roc } = curvesOf({ table, split } as never, Float64Array.from({ length: table.distinct }, (_, d) => d));
  expect(asked).toHaveBeenCalledTimes(1);
  expect(roc).toEqual([]);
  expect(histogram.normal.reduce((a, b) => a + b, 0)).toBe(split.parts.filter((p) => p === PART.test).length);
});
