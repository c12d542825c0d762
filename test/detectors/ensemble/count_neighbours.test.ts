import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CountNeighbours, type Session, type SessionSource } from '../../../deeplog/detectors/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const session = (...events: number[]): Session => ({ key: events.join(' '), events: Uint32Array.from(events) });

function source(...entries: (readonly [count: number, ...events: number[]])[]): SessionSource {
  return {
    size: entries.reduce((n, [count]) => n + count, 0), provides: new Set(['events']),
    *distinct() { for (const [count, ...events] of entries) yield { session: session(...events), count }; },
  };
}

async function fitted(train: SessionSource, complete = true): Promise<CountNeighbours> {
  const detector = new CountNeighbours({ complete });
  await detector.fit(train);
  return detector;
}

/** The same by its definition, one state after the other. */
function bruteForce(entries: (readonly [count: number, ...events: number[]])[], complete: boolean, query: readonly number[]): number {
  const total = entries.reduce((n, [count]) => n + count, 0);
  const known = [...new Set(entries.flatMap(([, ...events]) => events))];
  const countsOf = (events: readonly number[]): Map<number, number> => new Map([...new Set(events)].map((e) => [e, events.filter((x) => x === e).length]));
  const weight = (event: number): number => {
    const logs = entries.map(([, ...events]) => Math.log1p(events.filter((x) => x === event).length));
    const mean = entries.reduce((sum, [count], i) => sum + count * logs[i], 0) / total;
    return 1 / (Math.sqrt(entries.reduce((sum, [count], i) => sum + count * (logs[i] - mean) ** 2, 0) / total) + 0.05);
  };
  const states = new Map<string, { counts: Map<number, number>; sessions: number }>();
  for (const [count, ...events] of entries) {
    for (let n = 1; n <= events.length; n++) {
      const prefix = events.slice(0, n);
      const couldEnd = complete ? entries.some(([, ...other]) => other.every((e) => prefix.includes(e))) : n === events.length;
      if (!couldEnd) continue;
      const counts = countsOf(prefix);
      const key = [...counts].sort(([a], [b]) => a - b).join(';');
      states.set(key, { counts, sessions: count + (states.get(key)?.sessions ?? 0) });
    }
  }
  const own = countsOf(query);
  const all = [...new Set([...known, ...query])];
  return Math.min(...[...states.values()].map(({ counts, sessions }) => Math.log(1 + 100 / sessions)
    + all.reduce((sum, e) => sum + (known.includes(e) ? weight(e) : 20) * Math.abs(Math.log1p(own.get(e) ?? 0) - Math.log1p(counts.get(e) ?? 0)), 0)));
}

describe('count-neighbours', () => {
  it.each([true, false])('never takes event 0, lines without a template, as known (complete sessions: %s)', async (complete) => {
    const [with0, without] = [await fitted(source([5, 0], [50, 1, 0, 2], [9, 1, 2, 2]), complete), await fitted(source([50, 1, 2], [9, 1, 2, 2]), complete)];
    const [own, plain] = await with0.scoreBatch([session(1, 0, 2), session(1, 2)]);
    const [unknown] = await without.scoreBatch([session(1, 7, 2)]);
    expect(own - plain).toBeCloseTo(20 * Math.log(2), 3);
    expect(unknown).toBeGreaterThan(20 * Math.log(2));
    expect((await with0.explain(session(1, 0, 2)))[0].event).toBe(0);
  });

  it('is what its definition says, whatever the sessions', async () => {
    const events = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    const entries = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), events), { minLength: 1, maxLength: 6 });
    await fc.assert(fc.asyncProperty(entries, fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 9 }), fc.boolean(), async (drawn, query, complete) => {
      const flat = drawn.map(([count, own]) => [count, ...own] as const);
      const detector = await fitted(source(...flat), complete);
      const [score] = await detector.scoreBatch([session(...query)]);
      expect(score).toBeCloseTo(bruteForce(flat, complete, query), 3);
      const evidence = await detector.explain(session(...query));
      expect(evidence.every((e) => e.score > 0)).toBe(true);
    }), { numRuns: 200 });
  });

  it('takes a session that stops after everything a whole one has for unfinished, not for wrong', async () => {
    // 1 2 always; then 3, then 4. Five sessions ended after 1 2.
    const detector = await fitted(source([5, 1, 2], [900, 1, 2, 3, 4]));
    const [afterThree, beforeTwo, skipped] = await detector.scoreBatch([session(1, 2, 3), session(1), session(1, 2, 4)]);
    expect(afterThree).toBeLessThan(0.2);
    expect(beforeTwo).toBeGreaterThan(10);
    expect(skipped).toBeGreaterThan(5);
    const [strict] = await (await fitted(source([5, 1, 2], [900, 1, 2, 3, 4]), false)).scoreBatch([session(1, 2, 3)]);
    expect(strict).toBeGreaterThan(5);
  });

  it('says which events are too many, unknown or missing, and where', async () => {
    const detector = await fitted(source([50, 1, 2, 2, 3]));
    const evidence = await detector.explain(session(1, 2, 2, 2, 9, 9));
    expect(evidence.map(({ index, event }) => ({ index, event }))).toEqual([{ index: 4, event: 9 }, { index: 6, event: null }, { index: 3, event: 2 }]);
    expect(evidence[1].reason).toContain('event 3 is missing');
    expect(evidence[0].reason).toContain('not at all in the nearest of what training sessions do (50 of 50 training sessions)');
    const [score] = await detector.scoreBatch([session(1, 2, 2, 2, 9, 9)]);
    expect(await detector.explain(session(1, 2, 2, 2, 9, 9), score)).toEqual([]);
  });

  it('names what differs, so that one answer settles its like', async () => {
    const detector = await fitted(source([50, 1, 2, 2, 3], [1, 1, 2, 2, 3, 4]));
    const names = await detector.patterns([session(1, 2, 2, 2, 9, 9), session(1, 2, 2, 3, 4), session(1, 2, 2, 3)], 2);
    expect(names).toEqual([['event 2 more often', 'event 3 missing', 'event 9 added'], ['rare counts'], []]);
  });

  it('scores the same after it was saved and loaded', async () => {
    const detector = await fitted(source([5, 1, 2, 20], [60, 1, 2, 3, 4, 4, 4], [2, 7, 7]));
    const folder = scratchFolder();
    await detector.save(folder);
    const queries = [session(1, 2, 3), session(4), session(), session(7, 8)];
    expect(await (await CountNeighbours.load(folder)).scoreBatch(queries)).toEqual(await detector.scoreBatch(queries));
  });

  it('refuses to be fitted on nothing', () => {
    expect(() => new CountNeighbours({ complete: true }).fit(source([3]))).toThrow('No training session has an event');
  });
});
