import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDetector, DeepLog, DetailedSessions, loadDetector, type Session } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { PART, readSessionSet, splitByShare } from '../../deeplog/sequences/index.js';
import { simulateBlockStore, type SimulatedLog } from '../../deeplog/simulator/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { parseSimulated } from '../block_store_log.js';

let folder: string;
let engine: Engine;
let log: SimulatedLog;
let detector: DeepLog;
let test: Session[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'deeplog-combined-'));
  log = simulateBlockStore({ sessions: 500, anomalyShare: 0.1, seed: 3, faults: ['early_end', 'outlying_value'] });
  const parsed = await parseSimulated(log, folder);
  const { table } = await readSessionSet(parsed);
  const details = await DetailedSessions.read(parsed);
  const split = splitByShare(table, { trainUntil: 0.5, validationUntil: 0.75, order: 'chronological', seed: 1, trainOn: 'normal' });
  engine = await createEngine();
  const made = createDetector('deeplog', { deeplogKeys: { maxEpochs: 8, learningRate: 0.005, batchSize: 64, units: 24 }, deeplogParams: { maxEpochs: 4, units: 8 } });
  if (!(made instanceof DeepLog)) throw new Error('no deeplog');
  detector = made;
  await detector.fit(details.part(split, PART.train), details.part(split, PART.validation), { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });
  test = [...details.part(split, PART.test).distinct()].map(({ session }) => session);
}, 120_000);

afterAll(async () => {
  await detector?.dispose();
  await engine?.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('deeplog, the three models as one', () => {
  it('finds what only one of its parts can see', async () => {
    const fault = new Map(log.labels.map((l) => [l.key, l.fault]));
    const scores = await detector.scoreBatch(test);
    const highestNormal = Math.max(...test.flatMap((s, i) => (s.label === false ? [scores[i]] : [])));
    const of = (kind: string): number[] => test.flatMap((s, i) => (fault.get(s.key) === kind ? [scores[i]] : []));
    expect(of('outlying_value').length).toBeGreaterThan(0);
    expect(of('early_end').length).toBeGreaterThan(0);
    expect(Math.min(...of('outlying_value'), ...of('early_end'))).toBeGreaterThan(highestNormal - 0.5);
    const parts = await detector.scoreParts(test.filter((s) => fault.get(s.key) === 'outlying_value'));
    expect(Math.max(...parts[2])).toBeLessThan(1); // the workflow sees nothing there
    expect(Math.min(...parts[1])).toBeGreaterThan(20); // the parameter model does
  });

  it('says which part speaks', async () => {
    const fault = new Map(log.labels.map((l) => [l.key, l]));
    const session = test.find((s) => fault.get(s.key)?.fault === 'outlying_value');
    if (session === undefined) throw new Error('no such session');
    const [evidence] = await detector.explain(session, 2);
    expect(evidence).toMatchObject({ part: 'deeplog-params', line: fault.get(session.key)?.faultLines[0] });
  });

  it('scores the same when it is saved and loaded', async () => {
    await detector.save(path.join(folder, 'saved'));
    const loaded = await loadDetector(path.join(folder, 'saved'), () => Promise.resolve(engine));
    expect(await loaded.scoreBatch(test)).toEqual(await detector.scoreBatch(test));
    await loaded.dispose?.();
  });

  it('scores a session the same whoever is judged beside it', async () => {
    const [all, alone] = [await detector.scoreBatch(test), await detector.scoreBatch([test[7]])];
    expect(alone[0]).toBeCloseTo(all[7], 5);
  });
});
