import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusion, parsingAccuracy, type ParsedLines } from '../../deeplog/parsing/index.js';

const TEXTS = ['', 'a <*>', 'b <*> c', 'd', 'e <*>'];
const lines = (events: number[], truth: number[], texts = TEXTS): ParsedLines => ({
  events, template: (e) => texts[e], truth: truth.map((t) => ({ event: `E${t}`, template: TEXTS[t] })),
});

describe('parsing accuracy', () => {
  // Worked out by hand, and equal to what Loghub-2.0's evaluator prints for the same ten lines:
  // E1 is lines 1–4, E2 5–7, E3 8–9, E4 10. Event 1 has lines 1–4 and the right text; event 2 has 5–6; event 3 has 7; event 4 has 8–10.
  const parsed: ParsedLines = { ...lines([1, 1, 1, 1, 2, 2, 3, 4, 4, 4], [1, 1, 1, 1, 2, 2, 2, 3, 3, 4]), template: (e) => ['', 'a  <*>', 'b <*> c', 'b x c', 'd'][e] };

  it('is what one works out by hand', () => {
    // One of four groups is exact (4 lines of 10). Right text: lines 1–4, 5–6, 8–9. Right templates: "a <*>" and "b <*> c"; "d" also holds a line of E4.
    expect(parsingAccuracy(parsed)).toEqual({ ga: 0.4, fga: 0.25, pa: 0.8, fta: 0.5, found: 4, expected: 4 });
  });

  it('says what was split, what merged and what worded otherwise', () => {
    const c = confusion({ ...parsed, template: (e) => ['', 'a b', 'b <*> c', 'b x c', 'd'][e] });
    expect(c.split).toEqual([{ event: 'E2', template: 'b <*> c', lines: 3, into: [{ event: 2, template: 'b <*> c', lines: 2 }, { event: 3, template: 'b x c', lines: 1 }] }]);
    expect(c.merged).toEqual([{ event: 4, template: 'd', lines: 3, of: [{ event: 'E3', template: 'd', lines: 2 }, { event: 'E4', template: 'e <*>', lines: 1 }] }]);
    expect(c.reworded).toEqual([{ event: 1, template: 'a b', truth: 'a <*>', lines: 4 }]);
  });

  it('counts a line without a template as wrong, alone', () => {
    expect(parsingAccuracy(lines([1, 0, 0], [1, 3, 3]))).toEqual({ ga: 1 / 3, fga: 2 / 5, pa: 1 / 3, fta: 2 / 5, found: 3, expected: 2 });
  });

  it('equals a comparison of all pairs of lines', () => {
    const log = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 25 });
    fc.assert(fc.property(log, fc.array(fc.constantFrom(...TEXTS.slice(1)), { minLength: 5, maxLength: 5 }), (pairs, texts) => {
      const [events, truth] = [pairs.map((p) => p[0]), pairs.map((p) => p[1])];
      const groupOf = (ids: readonly unknown[], i: number): string => ids.flatMap((id, j) => (id === ids[i] ? [j] : [])).join();
      const exact = pairs.filter((_, i) => groupOf(events, i) === groupOf(truth, i));
      const exactGroups = new Set(pairs.flatMap((_, i) => (groupOf(events, i) === groupOf(truth, i) ? [events[i]] : []))).size;
      const [ours, theirs] = [events.map((e) => texts[e]), truth.map((t) => TEXTS[t])];
      const right = [...new Set(ours)].filter((text) => ours.every((o, i) => o !== text || theirs[i] === text)).length;
      const f1 = (n: number, p: number, g: number): number => (n === 0 ? 0 : 2 / (p / n + g / n));
      const a = parsingAccuracy(lines(events, truth, texts));
      expect(a.ga).toBeCloseTo(exact.length / pairs.length, 12);
      expect(a.pa).toBeCloseTo(ours.filter((o, i) => o === theirs[i]).length / pairs.length, 12);
      expect(a.fga).toBeCloseTo(f1(exactGroups, new Set(events).size, new Set(truth).size), 12);
      expect(a.fta).toBeCloseTo(f1(right, new Set(ours).size, new Set(theirs).size), 12);
    }));
  });
});
