import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector, DEEPLOG_KEYS_DEFAULTS, DeepLogKeys, loadDetector, type FitContext, type Session, type SessionSource } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { InterruptedError, SILENT } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const session = (...events: number[]): Session => ({ key: events.join(), events: Uint32Array.from(events), lines: events.map((_, i) => i + 100) });
const source = (rows: readonly (readonly [number[], number])[]): SessionSource => ({
  size: rows.reduce((n, [, c]) => n + c, 0), provides: new Set(['events']),
  *distinct() { for (const [s, count] of rows) yield { session: session(...s), count }; },
});

// A protocol: open, then reads or writes, then close; 90 % and 10 %.
const NORMAL = source([[[1, 2, 2, 4], 90], [[1, 3, 3, 4], 10]]);
const OPTIONS = { ...DEEPLOG_KEYS_DEFAULTS, preset: 'paper' as const, windowSize: 4, units: 16, batchSize: 8, learningRate: 0.02, maxEpochs: 400, earlyStop: 400 };

let engine: Engine;
let fitted: DeepLogKeys;
const context = (signal = new AbortController().signal): FitContext => ({ seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal });

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx' });
  fitted = new DeepLogKeys(OPTIONS);
  await fitted.fit(NORMAL, NORMAL, context());
});
afterAll(async () => {
  await fitted.dispose();
  await engine.dispose();
});

describe('deeplog-keys', () => {
  it('learns the probabilities of the next key', async () => {
    const evidence = await fitted.explain(session(1, 3, 3, 4), 0);
    const second = evidence.find((e) => e.index === 1);
    expect(second?.expected[0].event).toBe(2);
    expect(second?.expected[0].probability).toBeCloseTo(0.9, 1);
    expect(second?.expected[1]).toMatchObject({ event: 3 });
    expect(second?.expected[1].probability).toBeCloseTo(0.1, 1);
    expect(evidence.find((e) => e.index === 4)?.expected[0].event).toBe('end of session');
  });

  it('ranks normal sessions low, a wrong order, an early end and an unknown key high', async () => {
    const [normal, rare, order, early, unknown, empty] = await fitted.scoreBatch([session(1, 2, 2, 4), session(1, 3, 3, 4), session(2, 1, 2, 4), session(1, 2), session(1, 2, 9, 4), session()]);
    expect(normal).toBe(1);
    expect(rare).toBe(2);
    // Among keys that never occur the order of ranks is chance: their probabilities are what must be small.
    for (const score of [order, early, empty]) expect(score).toBeGreaterThan(1);
    for (const score of await fitted.withScore('nll').scoreBatch([session(2, 1, 2, 4), session(1, 2), session()])) expect(score).toBeGreaterThan(-Math.log(0.01));
    expect(unknown).toBe(fitted.vocabularySize + 1); // |V| + 1: worse than anything known
    const likelihood = await fitted.withScore('nll').scoreBatch([session(1, 2, 2, 4), session(1, 3, 3, 4), session(1, 2, 9, 4)]);
    expect(likelihood[0]).toBeLessThan(likelihood[1]);
    expect(likelihood[1]).toBeCloseTo(-Math.log(0.1), 0);
    expect(likelihood[2]).toBe(1000);
  });

  it('names the line, the event and what was expected there', async () => {
    const [first] = await fitted.explain(session(1, 2, 9, 4), 2);
    expect(first).toMatchObject({ index: 2, line: 102, event: 9 });
    expect(first.reason).toMatch(/^event 9 is unknown from training; expected event 2 \(\d+\.\d %\)$/);
  });

  it('scores a session the same alone, in any batch and any order', async () => {
    const sessions = Array.from({ length: 60 }, (_, i) => session(...Array.from({ length: i % 7 }, (_, j) => 1 + ((i * 7 + j * j) % 4))));
    const together = await fitted.withScore('nll').scoreBatch(sessions);
    const backwards = await fitted.withScore('nll').scoreBatch([...sessions].reverse());
    expect([...backwards].reverse()).toEqual([...together]);
    for (const i of [0, 13, 59]) expect((await fitted.withScore('nll').scoreBatch([sessions[i]]))[0]).toBe(together[i]);
  });

  it('gives the same model for the same seed', async () => {
    const twin = new DeepLogKeys({ ...OPTIONS, maxEpochs: 3 });
    const other = new DeepLogKeys({ ...OPTIONS, maxEpochs: 3 });
    await twin.fit(NORMAL, NORMAL, context());
    await other.fit(NORMAL, NORMAL, context());
    expect(other.training?.history.map((h) => [h.loss, h.validationLoss])).toEqual(twin.training?.history.map((h) => [h.loss, h.validationLoss]));
    await twin.dispose();
    await other.dispose();
  });

  it('is the same after saving and loading, and with another batch size', async () => {
    const folder = scratchFolder();
    await fitted.save(folder);
    const loaded = await loadDetector(folder, () => Promise.resolve(engine));
    const sessions = [session(1, 2, 2, 4), session(4, 3), session(1, 1, 1, 1, 1, 1)];
    expect(await loaded.scoreBatch(sessions)).toEqual(await fitted.scoreBatch(sessions));
    await loaded.dispose?.();
    const wide = await DeepLogKeys.load(folder, engine, { batchSize: 64, score: 'nll' });
    const expected = await fitted.withScore('nll').scoreBatch(sessions);
    (await wide.scoreBatch(sessions)).forEach((s, i) => expect(s).toBeCloseTo(expected[i], 5));
    await wide.dispose();
  });

  it('leaves short sessions out of training only', async () => {
    const detector = new DeepLogKeys({ ...OPTIONS, minLength: 9, maxEpochs: 1 });
    await expect(detector.fit(NORMAL, NORMAL, context())).rejects.toThrow('No training session has 9 events or more');
  });

  it('hit@K grows to 1 and is weighted by sessions', async () => {
    const hits = await fitted.hitAtK(NORMAL);
    expect(hits[0]).toBeCloseTo((90 * 5 + 10 * 4) / 500, 10); // all first choices but one key of each rare session
    expect(hits[1]).toBe(1);
  });

  it('stops at a signal after the step in progress, with a checkpoint', async () => {
    const controller = new AbortController();
    const detector = createDetector('deeplog-keys', { deeplogKeys: OPTIONS });
    const running = detector.fit(NORMAL, NORMAL, { ...context(controller.signal), report: { ...SILENT, epoch: (r) => { if (r.epoch === 2) controller.abort(); } } });
    const error = await running.then(() => null, (e: unknown) => e);
    expect(error).toBeInstanceOf(InterruptedError);
    if (error instanceof InterruptedError) expect(error.checkpoint).toMatchObject({ epoch: 2, history: [{ epoch: 1 }, { epoch: 2 }] });
  });

  it('hears a timer or a signal on an engine that computes on the same thread', async () => {
    const controller = new AbortController();
    const eager = await createEngine({ engine: 'eager', backend: 'cpu' });
    setTimeout(() => controller.abort(), 300);
    const detector = new DeepLogKeys({ ...OPTIONS, maxEpochs: 100_000, earlyStop: 100_000 });
    await expect(detector.fit(NORMAL, NORMAL, { ...context(controller.signal), engine: () => Promise.resolve(eager) })).rejects.toBeInstanceOf(InterruptedError);
    await eager.dispose();
  }, 20_000);
});
