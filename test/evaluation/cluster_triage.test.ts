import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readJson, writeJson, writeManifest } from '../../deeplog/artifacts/index.js';
import { createDetector, loadDetector, LogBert, LOGBERT_DEFAULTS, tableSource, type Detector, type Session } from '../../deeplog/detectors/index.js';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { detect, namingOf, otherNamings, scoreDistinct, simulateTriage, type Detected, type Task } from '../../deeplog/evaluation/index.js';
import { ABNORMAL, NORMAL, PART, SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { TriageStore } from '../../deeplog/triage/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

// Normal sessions count 3s between 1 and 4; the test part has 3s where 4 belongs, and unknown keys.
const NORMALS = Array.from({ length: 40 }, (_, i) => [1, 2, ...new Array<number>(1 + (i % 5)).fill(3), 4]);
const TEST: [number[], boolean][] = [[[1, 9, 9, 4], true], [[4, 4, 4, 1], false], [[1, 2, 3, 4], false], [[1, 9, 9, 9, 4], true], [[4, 4, 4, 4, 1], false], [[9, 9], true], [[1, 9, 9, 4], true], [[4, 4, 1], false]];

let engine: Engine;
let detector: LogBert;
let task: Task;
const SETTINGS = { maxSteps: 30 };

beforeAll(async () => {
  engine = await createEngine({ engine: 'onnx', threads: 1 });
  const builder = new SessionTableBuilder();
  for (const events of NORMALS) builder.add(events, 0, events.length, NORMAL);
  for (const [events, abnormal] of TEST) builder.add(events, 0, events.length, abnormal ? ABNORMAL : NORMAL);
  const table = builder.build();
  const split = splitByShare(table, { trainUntil: 30 / table.size + 1e-9, validationUntil: 40 / table.size + 1e-9, order: 'chronological', seed: 1, trainOn: 'normal' });
  task = { dataset: 'made up', protocol: 'custom', unit: 'session', table, split, seed: 1, complete: true, notes: [], files: [] };
  detector = new LogBert({ ...LOGBERT_DEFAULTS, hidden: 16, layers: 1, heads: 2, topG: 2, batchSize: 8, learningRate: 0.01, warmupSteps: 20, maxEpochs: 20, maxLength: 48, ...SETTINGS });
  await detector.fit(tableSource(table, split, PART.train), tableSource(table, split, PART.validation), { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });
});
afterAll(async () => {
  await detector.dispose();
  await engine.dispose();
});

/** Low, so that all of the test part but [1, 2, 3, 4] is flagged. */
const THRESHOLD = 0.9;
const sessions = (): Session[] => TEST.map(([events], i) => ({ key: String(i + 1), events: Uint32Array.from(events) }));

/** The leader algorithm over all flagged sessions, written out. */
async function expectedNames(d: Detector, radius: number): Promise<number[][]> {
  const all = sessions();
  const scores = await d.scoreBatch(all);
  const vectors = (await d.embed?.(all, THRESHOLD)) ?? [];
  const leaders: Float32Array[] = [];
  return all.flatMap((_, s) => (scores[s] <= THRESHOLD ? [] : [vectors[s].map((v) => {
    let at = leaders.findIndex((l) => Math.sqrt(l.reduce((sum, x, k) => sum + (x - v[k]) ** 2, 0)) <= radius);
    if (at < 0) at = leaders.push(v) - 1;
    return at;
  })]));
}

async function modelFolder(): Promise<string> {
  const folder = scratchFolder();
  await detector.save(folder);
  await writeJson(path.join(folder, 'config.json'), { ...(await readJson(path.join(folder, 'config.json')) as object), threshold: THRESHOLD });
  await writeManifest(folder, { stage: 'test', startedAt: performance.now(), inputs: {}, options: {} });
  return folder;
}

async function judge(model: string, lines: readonly (readonly number[])[], by: 'default' | 'clusters' | 'events' = 'clusters'): Promise<Detected> {
  const input = path.join(scratchFolder(), 'new.txt');
  await writeFile(input, lines.map((events) => events.join(' ')).join('\n'));
  return detect({ model, inputFile: input, outputPath: path.join(scratchFolder(), 'out'), overwrite: false, recalibrate: false, targetFpr: 0.01, triage: true, triageBy: by, flags: {} }, () => Promise.resolve(engine));
}

const numbered = (names: readonly (readonly string[])[]): number[][] => {
  const known: string[] = [];
  return names.map((list) => list.map((name) => (known.includes(name) ? known.indexOf(name) : known.push(name) - 1)));
};

it('LogBERT has one vector a session, alone as in any batch, before and after a restart', async () => {
  const folder = scratchFolder();
  await detector.save(folder);
  const loaded = await loadDetector(folder, () => Promise.resolve(engine));
  expect(loaded.embeddings).toEqual(detector.embeddings);
  const together = await detector.embed(sessions());
  for (const [s, session] of sessions().entries()) {
    expect(together[s]).toHaveLength(1);
    expect(await loaded.embed?.([session], 0)).toEqual([together[s]]);
  }
  expect(detector.embeddings?.radius).toBeGreaterThan(0);
});

it('detect in several runs names clusters as the leader algorithm over all sessions does, and follows answers about them', async () => {
  const expected = await expectedNames(detector, detector.embeddings?.radius ?? NaN);
  expect(expected.length).toBeGreaterThanOrEqual(6);
  expect(new Set(expected.flat()).size).toBeGreaterThan(1);
  expect(new Set(expected.flat()).size).toBeLessThan(expected.length);
  const model = await modelFolder();
  const seen: string[] = [];
  for (const part of [TEST.slice(0, 3), TEST.slice(3, 4), TEST.slice(4)]) for (const v of [...(await judge(model, part.map(([events]) => events))).flagged].sort((a, b) => a.session - b.session)) seen.push(v.triage?.id ?? '');
  const store = await TriageStore.open(model);
  const nameOf = new Map(store.patterns.map((p) => [p.id, p.names]));
  expect(numbered(seen.map((id) => [...(nameOf.get(id) ?? [])]))).toEqual(expected);
  // A copy of the folder, all in one run: the same patterns; what is accepted is quiet, and only that.
  const other = await modelFolder();
  await writeFile(path.join(other, 'triage.json'), await readFile(path.join(model, 'triage.json')));
  await TriageStore.answer(other, [seen[1]], 'accepted', 'ann', null);
  const again = await judge(other, TEST.map(([events]) => events));
  expect(again.flagged.map((v) => v.triage?.id).sort()).toEqual(seen.filter((id) => id !== seen[1]).sort());
  expect(again.triage?.accepted).toBe(seen.filter((id) => id === seen[1]).length);
  expect((await TriageStore.open(other)).clusters('logbert', detector.embeddings ?? { id: '', radius: 0 }).all).toEqual(store.clusters('logbert', detector.embeddings ?? { id: '', radius: 0 }).all);
});

it('the simulation asks about the same clusters: one question for each, where each session has one', async () => {
  const expected = await expectedNames(detector, detector.embeddings?.radius ?? NaN);
  const result = await simulateTriage(detector, task, await scoreDistinct(detector, task, [PART.validation, PART.test]), THRESHOLD);
  expect(result).toMatchObject({ pattern_kind: 'event set (the detector names none)', others: [{ pattern_kind: 'clusters of DIST vectors' }] });
  expect(result?.others?.[0].runs.find((r) => r.rules === 'ask once')?.questions).toBe(Math.max(...expected.flat()) + 1);
});

it('an answer given when sessions went by their events still holds; another network begins with no clusters', async () => {
  const model = await modelFolder();
  const [first] = (await judge(model, [[1, 9, 9, 4]], 'events')).flagged;
  await TriageStore.answer(model, [first.triage?.id ?? ''], 'accepted', 'ann', null);
  expect((await judge(model, [[1, 9, 9, 4]])).triage).toMatchObject({ accepted: 1, open: 0 });
  await judge(model, [[9, 9]]);
  const store = await TriageStore.open(model);
  expect(store.clusters('logbert', detector.embeddings ?? { id: '', radius: 0 }).all.length).toBeGreaterThan(0);
  expect(store.clusters('logbert', { id: 'another network', radius: 1 }).all).toEqual([]);
});

it('a file of before there were clusters is read and kept; models without a radius go by events, and say so when asked for clusters', async () => {
  const model = await modelFolder();
  await TriageStore.note(model, 'logbert', [{ names: ['events 1 4 9'], group: 'events 1 4 9', key: 'a', firstLine: null, reason: null }]);
  expect(await readFile(path.join(model, 'triage.json'), 'utf8')).not.toContain('clusters');
  await judge(model, [[9, 9]]);
  expect((await TriageStore.open(model)).patterns.map((p) => p.example.key)).toEqual(['a', '1']);
  const config = await readJson(path.join(model, 'config.json')) as Record<string, unknown>;
  delete config.radius;
  await writeJson(path.join(model, 'config.json'), config);
  await expect(judge(model, [[9, 9]])).rejects.toThrow('logbert has no embeddings to cluster in this model, which an earlier version fitted: train it again. Leave --triage_by out, or give --triage_by events.');
  expect((await judge(model, [[9, 9]], 'default')).flagged).toHaveLength(1);
});

it('names follow the detector unless something else is asked for', () => {
  expect([namingOf(detector), namingOf(detector, 'clusters'), otherNamings(detector)]).toEqual(['events', 'clusters', ['clusters']]);
  const keys = createDetector('unseen-key');
  expect([namingOf(keys), namingOf(keys, 'events'), otherNamings(keys)]).toEqual(['patterns', 'events', []]);
  expect(() => namingOf(keys, 'clusters')).toThrow('unseen-key has no embeddings to cluster. Leave --triage_by out');
});
