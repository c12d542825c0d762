import fc from 'fast-check';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { growTree, countColumns } from '../../../deeplog/detectors/classical/classification_tree.js';
import { completeLinkage } from '../../../deeplog/detectors/classical/complete_linkage.js';
import { CountVectors } from '../../../deeplog/detectors/classical/count_vectors.js';
import { bootstrap, drawSessions } from '../../../deeplog/detectors/classical/draw_sessions.js';
import { invariantsMining } from '../../../deeplog/detectors/classical/invariants_mining.js';
import { solveOneClass } from '../../../deeplog/detectors/classical/one_class_solver.js';
import { leafValue } from '../../../deeplog/detectors/classical/tree_nodes.js';
import { PLAIN_COUNTS } from '../../../deeplog/detectors/classical/vector_method.js';
import { seededRandom } from '../../../deeplog/common/index.js';
import { createDetector, type Session, type SessionSource } from '../../../deeplog/detectors/index.js';

const session = (...events: number[]): Session => ({ key: events.join(), events: Uint32Array.from(events) });
const source = (rows: readonly (readonly [events: number[], count: number, abnormal?: number])[]): SessionSource => ({
  size: rows.reduce((sum, [, count]) => sum + count, 0), provides: new Set(['events', 'labels']),
  *distinct() { for (const [events, count, abnormal] of rows) yield { session: session(...events), count, ...(abnormal === undefined ? {} : { abnormal }) }; },
});
const CONTEXT = { seed: 1 } as never;

describe('weights', () => {
  it.each(['pca', 'isolation-forest', 'one-class-svm', 'log-clustering', 'invariants-mining', 'k-nearest-neighbours', 'logistic-regression', 'linear-svm', 'decision-tree'])('a sequence given with a count is that many sessions: %s', async (id) => {
    const rows: [number[], number, number][] = [[[1, 2, 3], 9, 0], [[1, 2, 2, 3], 4, 0], [[3, 1], 6, 1], [[1, 1, 3, 4, 4], 2, 2]];
    const once = createDetector(id);
    const oneByOne = createDetector(id);
    await once.fit(source(rows), source(rows), CONTEXT);
    // The same sessions one by one, abnormal ones last.
    await oneByOne.fit(source(rows.flatMap(([events, count, abnormal]) => Array.from({ length: count }, (_, i): [number[], number, number] => [events, 1, i >= count - abnormal ? 1 : 0]))), source(rows), CONTEXT);
    const tested = [[1, 2, 3], [1, 3], [4, 4, 4], [9], [2, 2, 1, 3]].map((e) => session(...e));
    const [a, b] = [await once.scoreBatch(tested), await oneByOne.scoreBatch(tested)];
    a.forEach((x, i) => expect(x).toBeCloseTo(b[i], 6));
  });

  it('does not look at the order of events', async () => {
    for (const id of ['pca', 'k-nearest-neighbours', 'invariants-mining']) {
      const d = createDetector(id);
      await d.fit(source([[[1, 2, 3], 5], [[2, 2], 3]]), source([]), CONTEXT);
      const [a, b] = await d.scoreBatch([session(3, 1, 1, 2), session(1, 2, 3, 1)]);
      expect(a).toBe(b);
    }
  });
});

describe('one-class SVM', () => {
  it('decides as libsvm does on the sessions written out one by one', async () => {
    const svm = await (createRequire(import.meta.url)('libsvm-js/asm') as Promise<new (o: object) => { train(x: number[][], y: number[]): void; serializeModel(): string; free(): void }>);
    const random = seededRandom(5);
    const points = Array.from({ length: 40 }, () => [random() * 2, random() * 2, random()]);
    const weights = Float64Array.from(points, () => 1 + Math.floor(random() * 6));
    const repeated = points.flatMap((p, i) => Array.from({ length: weights[i] }, () => p));
    const kernel = (a: readonly number[], b: readonly number[]): number => Math.exp(-0.7 * a.reduce((sum, x, c) => sum + (x - b[c]) ** 2, 0));
    const { alphas, rho } = solveOneClass(points.length, (i, j) => kernel(points[i], points[j]), weights, 0.15);
    const theirs = new svm({ type: '2', kernel: '2', gamma: 0.7, nu: 0.15, quiet: true, tolerance: 1e-5 });
    theirs.train(repeated, repeated.map(() => 1));
    const lines = theirs.serializeModel().split('\n');
    theirs.free();
    const theirRho = Number(/^rho (.*)$/.exec(lines.find((l) => l.startsWith('rho')) ?? '')?.[1]);
    const support = lines.slice(lines.indexOf('SV') + 1).filter((l) => l !== '').map((l) => l.trim().split(' ')).map(([alpha, ...x]) => ({ alpha: Number(alpha), x: x.map((f) => Number(f.split(':')[1])) }));
    for (const p of [...points.slice(0, 10), [0, 0, 0], [3, 3, 3], [1, 1, 0.5]]) {
      const ours = points.reduce((sum, q, i) => sum + alphas[i] * kernel(p, q), -rho);
      expect(ours).toBeCloseTo(support.reduce((sum, { alpha, x }) => sum + alpha * kernel(p, x), -theirRho), 2);
    }
  });

  it('keeps the constraints, and the conditions of its optimum', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 50 })), { minLength: 2, maxLength: 25 }), fc.constantFrom(0.05, 0.2, 0.5), (rows, nu) => {
      const weights = Float64Array.from(rows, (r) => r[2]);
      const kernel = (i: number, j: number): number => Math.exp(-0.3 * ((rows[i][0] - rows[j][0]) ** 2 + (rows[i][1] - rows[j][1]) ** 2));
      const { alphas, rho } = solveOneClass(rows.length, kernel, weights, nu);
      expect(alphas.reduce((a, b) => a + b, 0)).toBeCloseTo(nu * weights.reduce((a, b) => a + b, 0), 6);
      alphas.forEach((alpha, i) => {
        expect(alpha).toBeGreaterThanOrEqual(0);
        expect(alpha).toBeLessThanOrEqual(weights[i] + 1e-9);
        const output = alphas.reduce((sum, a, j) => sum + a * kernel(i, j), 0) - rho;
        if (alpha <= 0) expect(output).toBeGreaterThan(-2e-3);
        if (alpha >= weights[i]) expect(output).toBeLessThan(2e-3);
      });
    }), { numRuns: 60, seed: 4 });
  });
});

describe('complete linkage', () => {
  it('equals merging the nearest two clusters each time', () => {
    // Distances all different: ties may be merged in either order.
    fc.assert(fc.property(fc.integer({ min: 1, max: 14 }), fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (n, seed, limit) => {
      const random = seededRandom(seed);
      const d = Array.from({ length: n }, () => new Array<number>(n).fill(0));
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) d[i][j] = d[j][i] = random();
      const clusters = Array.from({ length: n }, (_, i) => [i]);
      for (;;) {
        let best: [number, number, number] = [0, 0, Infinity];
        for (let a = 0; a < clusters.length; a++) for (let b = 0; b < a; b++) {
          const farthest = Math.max(...clusters[a].flatMap((x) => clusters[b].map((y) => d[x][y])));
          if (farthest < best[2]) best = [a, b, farthest];
        }
        if (best[2] > limit) break;
        clusters[best[1]].push(...clusters[best[0]]);
        clusters.splice(best[0], 1);
      }
      const found = completeLinkage(n, (a, b) => d[a][b], limit);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) expect(found[i] === found[j]).toBe(clusters.some((c) => c.includes(i) && c.includes(j)));
    }), { numRuns: 80, seed: 2 });
  });
});

describe('trees', () => {
  it('classify every training pattern by its majority where patterns differ', () => {
    const rows = fc.array(fc.tuple(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 20 });
    fc.assert(fc.property(rows, (given) => {
      const distinct = new Map(given.filter(([, n, a]) => n + a > 0).map(([x, n, a]) => [x.join(), { x: Float64Array.from(x), n, a }]));
      if (distinct.size === 0) return;
      const all = [...distinct.values()];
      const tree = growTree(countColumns(all.map((r) => r.x), Float64Array.from(all, (r) => r.n + r.a), Float64Array.from(all, (r) => r.a)), null);
      // Grown to the end, a leaf of mixed labels holds one pattern only.
      for (const { x, n, a } of all) expect(leafValue(tree, x)).toBeCloseTo(a / (n + a), 12);
    }), { numRuns: 100, seed: 3 });
  });

  it('cut first where the Gini impurity falls most', () => {
    const vectors = [[0, 5], [1, 5], [2, 0], [3, 0]].map((x) => Float64Array.from(x));
    const tree = growTree(countColumns(vectors, Float64Array.of(10, 10, 10, 10), Float64Array.of(0, 0, 9, 10)), null);
    expect([tree.column[0], tree.value[0]]).toEqual([0, 1.5]);
  });
});

describe('draws', () => {
  it('without replacement never take more sessions than a pattern has, and all when asked for all', () => {
    const sessions = Float64Array.of(3, 1, 6);
    expect([...drawSessions(sessions, 100, seededRandom(1))].sort()).toEqual([0, 0, 0, 1, 2, 2, 2, 2, 2, 2]);
    const drawn = drawSessions(sessions, 8, seededRandom(2));
    expect([0, 1, 2].every((p) => drawn.filter((d) => d === p).length <= sessions[p])).toBe(true);
  });

  it('with replacement take as many as there are, in proportion', () => {
    const drawn = bootstrap(Float64Array.of(3000, 1000, 6000), seededRandom(1));
    expect(drawn.reduce((a, b) => a + b, 0)).toBe(10_000);
    [3000, 1000, 6000].forEach((n, i) => expect(Math.abs(drawn[i] - n)).toBeLessThan(4 * Math.sqrt(n)));
  });
});

describe('invariants', () => {
  it('finds the relations that were planted, and says which a session breaks', async () => {
    // open = close; three writes per open; event 9 at will.
    const random = seededRandom(3);
    const life = (): number[] => Array.from({ length: 1 + Math.floor(random() * 3) }, () => [1, 2, 2, 2, 3, ...new Array<number>(Math.floor(random() * 4)).fill(9)]).flat();
    const detector = createDetector('invariants-mining');
    await detector.fit(source(Array.from({ length: 200 }, (): [number[], number] => [life(), 1])), source([]), CONTEXT);
    const scores = await detector.scoreBatch([session(1, 2, 2, 2, 3), session(1, 2, 2, 2, 3, 9, 9, 9, 9, 9), session(1, 2, 2, 3), session(1, 2, 2, 2), session(1, 2, 2, 2, 3, 77)]);
    expect([...scores].map((s) => s > 0)).toEqual([false, false, true, true, true]);
    const [evidence] = await detector.explain(session(1, 2, 2, 2));
    expect(evidence.reason).toMatch(/event 3|event 1/);
  });

  it('takes no relation from events that few sessions have', () => {
    const rows = [...Array.from({ length: 98 }, (_, i) => [1 + (i % 3), 0, 0]), [1, 1, 0], [1, 0, 1]].map((x) => Float64Array.from([...x, 0]));
    const one = new Float64Array(rows.length).fill(1);
    const { invariants } = invariantsMining.fit({ vectors: rows, sessions: one, abnormal: new Float64Array(rows.length), total: rows.length }, 1) as Awaited<ReturnType<typeof invariantsMining.fit>>;
    expect(invariants).toEqual([{ columns: [3], coefficients: [1] }]);
  });
});

it('rare events stand for unknown ones where a method learns from labels', () => {
  const vectors = CountVectors.fit([{ events: Uint32Array.of(1, 5), sessions: 1, abnormal: 1 }, { events: Uint32Array.of(1), sessions: 9, abnormal: 0 }], { ...PLAIN_COUNTS, minSessions: 2 });
  expect(vectors.events).toEqual([1]);
  expect([...vectors.vector([1, 5, 99])]).toEqual([1, 2]);
});

it('a log with more templates than sessions could have is refused, with what to do', async () => {
  const detector = createDetector('pca');
  await expect(detector.fit(source(Array.from({ length: 1600 }, (_, i): [number[], number] => [[i + 1], 1])), source([]), CONTEXT)).rejects.toThrow(/1600 different events.*lower --sim_th/);
});

it('methods with labels refuse training sessions of one kind', async () => {
  for (const id of ['logistic-regression', 'linear-svm', 'decision-tree', 'random-forest']) await expect(createDetector(id).fit(source([[[1], 5, 0]]), source([]), CONTEXT)).rejects.toThrow(`${id} learns from labels`);
});
