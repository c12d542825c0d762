import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackOffModel, UNKNOWN } from '../../deeplog/detectors/trivial/back_off.js';
import { editsBetween, LevenshteinFrom } from '../../deeplog/detectors/trivial/levenshtein.js';
import { NearestSequence } from '../../deeplog/detectors/trivial/nearest_sequence.js';
import { createDetector, type Session, type SessionSource } from '../../deeplog/detectors/index.js';

const session = (...events: number[]): Session => ({ key: events.join(), events: Uint32Array.from(events), lines: events.map((_, i) => 10 * (i + 1)) });
const source = (sequences: readonly (readonly number[])[]): SessionSource => ({
  size: sequences.length, provides: new Set(['events']),
  *distinct() { for (const s of sequences) yield { session: session(...s), count: 1 }; },
});

/** The textbook table. */
function tableDistance(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] && a[i - 1] >= 0 ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

const symbols = (max: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: max });

describe('Levenshtein distance', () => {
  it('kitten → sitting is 3', () => {
    const word = (w: string): number[] => [...w].map((c) => c.charCodeAt(0) - 97);
    expect(new LevenshteinFrom(word('kitten'), 26).distance(word('sitting'))).toBe(3);
  });

  it('equals the table, for sequences of one block of 32 and of several', () => {
    for (const max of [8, 33, 110]) {
      fc.assert(fc.property(symbols(max), fc.array(symbols(max), { maxLength: 4 }), (a, others) => {
        const from = new LevenshteinFrom(a, 4);
        for (const b of others) expect(from.distance(b)).toBe(tableDistance(a, b));
      }), { numRuns: 150, seed: max });
    }
  });

  it('lets unknown symbols equal nothing, themselves included', () => {
    expect(new LevenshteinFrom([-1, 2], 4).distance([-1, 2])).toBe(1);
  });

  it('is the number of edits, and the edits lead there', () => {
    fc.assert(fc.property(symbols(12), symbols(12), (a, b) => {
      const edits = editsBetween(a, b);
      expect(edits).toHaveLength(tableDistance(a, b));
      const out: number[] = [];
      for (let i = 0; i <= a.length; i++) {
        for (const e of edits) if (e.index === i && e.kind === 'insert') out.push(e.symbol ?? -1);
        const change = edits.find((e) => e.index === i && e.kind !== 'insert');
        if (i < a.length && change === undefined) out.push(a[i]);
        else if (change?.kind === 'replace') out.push(change.symbol ?? -1);
      }
      expect(out).toEqual(b);
    }), { seed: 8 });
  });
});

describe('the nearest training sequence', () => {
  it('is the one that comparing with all of them finds', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 9 }), { minLength: 1, maxLength: 25 }), fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 9 }), (training, tested) => {
      const found = new NearestSequence(training.map((s) => Uint32Array.from(s))).find(Uint32Array.from(tested));
      // Event 0 fits no template: never equal, not even to itself.
      const unequal = (s: readonly number[]): number[] => s.map((e) => (e === 0 ? -1 : e));
      const all = training.map((s) => (s.length + tested.length === 0 ? 0 : tableDistance(unequal(tested), unequal(s)) / Math.max(1, s.length, tested.length)));
      expect(found.distance).toBeCloseTo(Math.min(...all), 12);
      expect(all[found.sequence]).toBeCloseTo(found.distance, 12);
    }), { numRuns: 400, seed: 6 });
  });
});

describe('edit-distance', () => {
  it('scores edits by the longer length, and says which', async () => {
    const d = createDetector('edit-distance');
    await d.fit(source([[1, 2, 3, 4], [7, 8]]), source([]), {} as never);
    expect([...(await d.scoreBatch([session(1, 2, 3, 4), session(1, 3, 4), session(1, 2, 9, 3, 4), session(9, 9), session()]))]).toEqual([0, 1 / 4, 1 / 5, 1, 1]);
    expect(await d.explain(session(1, 3, 4))).toEqual([{ index: 1, event: 3, line: 20, score: 1 / 3, expected: [{ event: 2, probability: 1 }], reason: 'event 2 is missing here: the nearest training session has it' }]);
    expect(await d.patterns?.([session(1, 2, 9, 3, 4), session(1, 2, 3, 4)], 0)).toEqual([['edits +9'], []]);
  });
});

describe('ngram-topk', () => {
  it('ranks by what followed the longest known context, then by shorter ones', async () => {
    const model = new BackOffModel([1, 2, 3, 4], 1, false);
    // After 1: 2 five times, 3 twice. At all: 1 seven times, 2 five, 3 two, 4 once.
    for (let i = 0; i < 5; i++) model.learn(Uint32Array.of(1, 2), 1);
    model.learn(Uint32Array.of(1, 3), 2);
    model.learn(Uint32Array.of(4), 1);
    const after1 = (e: number): { rank: number; probability: number } => {
      const [, second] = [...model.judge(Uint32Array.of(1, e))];
      return { rank: second.rank, probability: +second.probability.toFixed(6) };
    };
    expect(after1(2)).toEqual({ rank: 1, probability: +(5 / 7).toFixed(6) });
    expect(after1(3)).toEqual({ rank: 2, probability: +(2 / 7).toFixed(6) });
    expect(after1(1)).toEqual({ rank: 3, probability: +(0.4 * 7 / 15).toFixed(6) });
    expect(after1(4)).toEqual({ rank: 4, probability: +(0.4 / 15).toFixed(6) });
    expect(after1(99).rank).toBe(model.symbols);
    expect(model.symbol(99)).toBe(UNKNOWN);
  });

  it('equals a count of n-grams, written out', () => {
    const sequence = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 7 });
    fc.assert(fc.property(fc.array(sequence, { minLength: 1, maxLength: 12 }), sequence, (training, tested) => {
      const model = new BackOffModel([...new Set(training.flat())].sort(), 2, true);
      for (const s of training) model.learn(Uint32Array.from(s), 1);
      const pad = (s: readonly number[]): (number | string)[] => ['^', ...s, '$'];
      const followers = (context: readonly (number | string)[]): Map<number | string, number> => {
        const out = new Map<number | string, number>();
        for (const s of training.map(pad)) for (let i = 1; i < s.length; i++) {
          if (i >= context.length && context.every((c, k) => s[i - context.length + k] === c)) out.set(s[i], (out.get(s[i]) ?? 0) + 1);
        }
        return out;
      };
      const p = pad(tested);
      for (const judgement of model.judge(Uint32Array.from(tested))) {
        const at = judgement.index + 1;
        let context = p.slice(Math.max(0, at - 2), at);
        while (followers(context).size === 0) context = context.slice(1);
        const named = new Set<number | string>();
        let rank = 0;
        for (;; context = context.slice(1)) {
          const f = followers(context);
          const own = f.get(p[at]);
          if (own !== undefined) rank = named.size + [...f].filter(([e, n]) => !named.has(e) && n > own).length + 1;
          if (own !== undefined || context.length === 0) break;
          for (const e of f.keys()) named.add(e);
        }
        expect(judgement.rank).toBe(rank === 0 ? model.symbols : rank);
      }
    }), { numRuns: 150, seed: 5 });
  });

  it('scores the worst position, an early end and an unknown key among them, and shows what was expected', async () => {
    const d = createDetector('ngram-topk');
    await d.fit(source([...Array.from({ length: 20 }, () => [1, 2, 3]), [1, 3, 3]]), source([]), {} as never);
    const [normal, rare, early, unknown] = await d.scoreBatch([session(1, 2, 3), session(1, 3, 3), session(1, 2), session(1, 2, 8)]);
    expect(normal).toBeLessThan(2);
    expect(rare).toBeGreaterThan(2);
    expect(early).toBeGreaterThan(rare);
    expect(unknown).toBeGreaterThan(early);
    const [evidence] = await d.explain(session(1, 2));
    expect(evidence).toMatchObject({ index: 2, event: null, expected: [{ event: 3, probability: 1 }] });
    expect(evidence.reason).toContain('the session ends');
    expect(await d.patterns?.([session(1, 3, 3)], 2)).toEqual([['n-gram start 1 3']]);
  });

  it('does not foresee ends where sessions are windows', async () => {
    const d = createDetector('ngram-topk', { completeSessions: false });
    await d.fit(source([[1, 2, 3], [1, 2, 3]]), source([]), {} as never);
    const [whole, cut] = await d.scoreBatch([session(1, 2, 3), session(1, 2)]);
    expect(cut).toBe(whole);
  });
});
