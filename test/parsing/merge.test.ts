import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureState, mergeStates, restoreState, TemplateMiner, type MinerOptions, type MinerState } from '../../deeplog/parsing/index.js';

const WORDS = ['send', 'recv', 'block', 'node', 'ok', 'failed', 'a1', 'b2', '17', '<*>', 'é'];
/** Few words and short lines: similar, conflicting and repeated messages are common. */
const line = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }).map((w) => w.join(' '));
const log = fc.array(line, { maxLength: 40 });
const options = fc.record({
  simTh: fc.constantFrom(0, 0.3, 0.4, 0.5, 0.7, 1), depth: fc.integer({ min: 3, max: 6 }), maxChildren: fc.constantFrom(2, 3, 5, 100),
  maxClusters: fc.constantFrom(null, null, 4), parametrizeNumericTokens: fc.boolean(),
}).map((drain): MinerOptions => ({ drain, masking: [{ regexPattern: '\\d+', maskWith: '*' }] }));

function learned(lines: readonly string[], o: MinerOptions): MinerState {
  const miner = new TemplateMiner(o);
  for (const l of lines) miner.add(l);
  return captureState(miner);
}

function restored(state: MinerState, o: MinerOptions): TemplateMiner {
  const miner = new TemplateMiner(o);
  restoreState(miner, state);
  return miner;
}

const templates = (s: MinerState): string[] => s.clusters.map((c) => c.tokens.join(' ')).sort();
const byId = (s: MinerState): unknown[] => [...s.clusters].sort((x, y) => x.id - y.id);
const withoutSizes = (s: MinerState): unknown[] => [...s.clusters].sort((x, y) => x.id - y.id).map(({ id, tokens }) => ({ id, tokens }));
const RUNS = { numRuns: 300 };

describe('merged parser states', () => {
  it('are the same however the merges are grouped, ids, sizes and tree included', () => {
    fc.assert(fc.property(log, log, log, options, (x, y, z, o) => {
      const [a, b, c] = [x, y, z].map((l) => learned(l, o));
      expect(mergeStates(mergeStates(a, b, o), c, o)).toEqual(mergeStates(a, mergeStates(b, c, o), o));
    }), RUNS);
  });

  it('have the templates and ids of a state that is merged with itself, at twice the sizes', () => {
    fc.assert(fc.property(log, options, (x, o) => {
      const a = learned(x, o);
      const twice = mergeStates(a, a, o);
      expect(withoutSizes(twice)).toEqual(withoutSizes(a));
      expect(twice.clusters.reduce((n, c) => n + c.size, 0)).toBe(2 * a.clusters.reduce((n, c) => n + c.size, 0));
      expect(twice.clustersCreated).toBe(a.clustersCreated);
    }), RUNS);
  });

  it('do not change when what they hold already is merged in once more', () => {
    fc.assert(fc.property(log, log, options, (x, y, o) => {
      const [a, b] = [x, y].map((l) => learned(l, o));
      const merged = mergeStates(a, b, o);
      expect(templates(mergeStates(merged, merged, o))).toEqual(templates(merged));
      if (o.drain?.maxClusters === null) expect(withoutSizes(mergeStates(merged, b, o))).toEqual(withoutSizes(merged));
    }), RUNS);
  });

  it('have the same templates in either order; only the ids differ', () => {
    fc.assert(fc.property(log, log, options, (x, y, o) => {
      const [a, b] = [x, y].map((l) => learned(l, o));
      if (o.drain?.maxClusters === null) expect(templates(mergeStates(a, b, o))).toEqual(templates(mergeStates(b, a, o)));
    }), RUNS);
  });

  it('stay so when a merged state learns on', () => {
    fc.assert(fc.property(log, log, log, options, (x, y, z, o) => {
      const [a, b] = [x, y].map((l) => learned(l, o));
      const miner = restored(mergeStates(a, b, o), o);
      for (const l of z) miner.add(l);
      const later = captureState(miner);
      expect(withoutSizes(mergeStates(later, later, o))).toEqual(withoutSizes(later));
    }), RUNS);
  });

  it('match every line that went into one of them, and give it one id', () => {
    fc.assert(fc.property(log, log, log, options, (x, y, z, given) => {
      const o: MinerOptions = { ...given, drain: { ...given.drain, maxClusters: null } };
      const [a, b, c] = [x, y, z].map((l) => learned(l, o));
      const one = restored(mergeStates(mergeStates(a, b, o), c, o), o);
      const other = restored(mergeStates(a, mergeStates(b, c, o), o), o);
      for (const l of [...x, ...y, ...z]) {
        const id = one.match(l, 'fallback')?.id ?? 0;
        expect(id).toBeGreaterThan(0);
        expect(other.match(l, 'fallback')?.id).toBe(id);
      }
    }), RUNS);
  });

  it('join what two shards generalised differently', () => {
    const o: MinerOptions = { drain: { simTh: 0.5 } };
    const a = learned(['user ann logged in', 'user bob logged in'], o);
    const b = learned(['disk is full', 'user cat logged in'], o);
    const merged = mergeStates(a, b, o);
    expect(byId(merged)).toEqual([
      { id: 1, size: 3, tokens: ['user', '<*>', 'logged', 'in'] },
      { id: 2, size: 1, tokens: ['disk', 'is', 'full'] },
    ]);
  });
});
