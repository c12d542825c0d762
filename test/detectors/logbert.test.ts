import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector, loadDetector, LogBert, LOGBERT_DEFAULTS, maskSchedule, type FitContext, type Session, type SessionSource } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const session = (...events: number[]): Session => ({ key: events.join(), events: Uint32Array.from(events), lines: events.map((_, i) => i + 100) });
const source = (rows: readonly (readonly [number[], number])[]): SessionSource => ({
  size: rows.reduce((n, [, c]) => n + c, 0), provides: new Set(['events']),
  *distinct() { for (const [s, count] of rows) yield { session: session(...s), count }; },
});

// Open, read some blocks, close; or open, write some, sync, close. Lengths 4 to 22: two graphs.
const NORMAL = source(Array.from({ length: 20 }, (_, k): [number[], number] => (k % 2 === 0
  ? [[1, 2, ...new Array<number>(1 + (k >> 1)).fill(3), 4], 50]
  : [[1, 5, ...new Array<number>(1 + k - 1).fill(6), 7, 4], 10])));
const OPTIONS = { ...LOGBERT_DEFAULTS, hidden: 16, layers: 1, heads: 2, topG: 2, batchSize: 8, learningRate: 0.01, warmupSteps: 20, maxEpochs: 150, earlyStop: 150, maxLength: 48 };

let engine: Engine;
let fitted: LogBert;
const context = (): FitContext => ({ seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  fitted = new LogBert(OPTIONS);
  await fitted.fit(NORMAL, NORMAL, context());
});
afterAll(async () => {
  await fitted.dispose();
  await engine.dispose();
});

describe('the masks of a prediction', () => {
  it('cover every position, each pass the same share, whatever the length', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 2, max: 8 }), fc.double({ min: 0.5, max: 1, noNaN: true }), fc.nat(1000), (length, passes, ratio, seed) => {
      const schedule = maskSchedule(length, ratio, passes, seed);
      const times = new Uint32Array(length);
      for (const masked of schedule) {
        expect(masked.length).toBe(Math.ceil(ratio * length));
        expect(new Set(masked).size).toBe(masked.length);
        for (const k of masked) times[k]++;
      }
      expect(schedule).toHaveLength(passes);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(1);
    }));
  });

  it('depend on the seed and the length alone, and are refused when they would leave positions out', () => {
    expect(maskSchedule(20, 0.5, 2, 3)).toEqual(maskSchedule(20, 0.5, 2, 3));
    expect(maskSchedule(20, 0.5, 2, 3)).not.toEqual(maskSchedule(20, 0.5, 2, 4));
    expect(maskSchedule(0, 0.5, 2, 3)).toEqual([new Uint32Array(), new Uint32Array()]);
    expect(() => maskSchedule(20, 0.3, 3, 1)).toThrow('4 or more are needed');
    expect(() => new LogBert({ ...OPTIONS, passes: 1 })).toThrow('--passes 1 with --mask_ratio 0.65 cannot mask every position: give 2 passes or more.');
    expect(() => new LogBert({ ...OPTIONS, heads: 3 })).toThrow('--hidden 16 does not divide into --heads 3');
  });
});

describe('logbert', () => {
  it('misses no key of normal sessions, and those of a wrong order and an unknown key', async () => {
    const sessions = [session(1, 2, 3, 3, 4), session(1, 5, 6, 6, 6, 7, 4), session(4, 3, 3, 2, 1), session(1, 2, 9, 9, 4)];
    const { missed } = await fitted.measure(sessions);
    expect(missed[0]).toBe(0);
    expect(missed[1]).toBe(0);
    for (const share of missed.slice(2)) expect(share).toBeGreaterThan(0);
    const scores = await fitted.scoreBatch(sessions);
    for (const s of scores.slice(2)) expect(s).toBeGreaterThan(Math.max(scores[0], scores[1]));
  });

  it('scores the same alone, in any batch and in any order; sessions of no event and of several graphs too', async () => {
    const sessions = Array.from({ length: 40 }, (_, i) => session(...Array.from({ length: i % 2 === 0 ? i : 0 }, (_, j) => 1 + ((i * 7 + j * j) % 8))));
    const together = await fitted.scoreBatch(sessions);
    expect([...(await fitted.scoreBatch([...sessions].reverse()))].reverse()).toEqual([...together]);
    for (const i of [0, 13, 38]) expect((await fitted.scoreBatch([sessions[i]]))[0]).toBe(together[i]);
    for (const s of together) expect(s).toBeGreaterThanOrEqual(0);
  });

  it('scores sessions longer than its longest graph, chunk by chunk', async () => {
    const long = session(1, 2, ...new Array<number>(300).fill(3), 4);
    const spoiled = session(1, 2, ...new Array<number>(150).fill(3), 99, ...new Array<number>(149).fill(3), 4);
    const { missed } = await fitted.measure([long, spoiled]);
    expect(missed[1]).toBeGreaterThan(missed[0]);
    expect((await fitted.explain(spoiled, 0)).some((e) => e.index === 152 && e.event === 99)).toBe(true);
  });

  it('names the line, the event and what was expected there', async () => {
    const evidence = await fitted.explain(session(1, 2, 99, 3, 4));
    const found = evidence.find((e) => e.event === 99);
    expect(found).toMatchObject({ index: 2, line: 102, probability: 0 });
    expect(found?.reason).toMatch(/^event 99 is unknown from training; expected event 3 \(\d+\.\d %\)$/);
  });

  it('gives the same model for the same seed', async () => {
    const runs: number[][] = [];
    for (let i = 0; i < 2; i++) {
      const detector = new LogBert({ ...OPTIONS, maxEpochs: 3 });
      await detector.fit(NORMAL, NORMAL, context());
      runs.push([...(detector.training?.history.flatMap((h) => [h.loss, h.validationLoss]) ?? []), ...(await detector.scoreBatch([session(1, 2, 9, 4)]))]);
      await detector.dispose();
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  it('ends with the epoch that reaches the updates allowed', async () => {
    const detector = new LogBert({ ...OPTIONS, maxSteps: 5 });
    await detector.fit(NORMAL, NORMAL, context());
    // 20 sequences in batches of 8 of two lengths: 3 or 4 updates an epoch.
    expect(detector.training?.history).toHaveLength(2);
    await detector.dispose();
  });

  it('is the same after saving and loading, and its parts score apart', async () => {
    const folder = scratchFolder();
    await fitted.save(folder);
    const loaded = await loadDetector(folder, () => Promise.resolve(engine));
    const sessions = [session(1, 2, 3, 4), session(4, 3), session(1, 1, 1, 1, 1, 1)];
    const scores = await fitted.scoreBatch(sessions);
    expect(await loaded.scoreBatch(sessions)).toEqual(scores);
    const [missed, distance] = await Promise.all(['logbert-missed', 'logbert-distance'].map((id) => createDetector(id).adopt?.(loaded).scoreBatch(sessions)));
    scores.forEach((s, i) => expect(s).toBe(Math.max(missed?.[i] ?? NaN, distance?.[i] ?? NaN)));
    await loaded.dispose?.();
  });
});
