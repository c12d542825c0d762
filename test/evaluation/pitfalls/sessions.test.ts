import { beforeAll, describe, expect, it } from 'vitest';
import { renderTables, scoreTask, type Task } from '../../../deeplog/evaluation/index.js';
import { ABNORMAL, PART } from '../../../deeplog/sequences/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';
import { fitted, judged, madeUpSessions, QUICK, taskFrom, writeHdfs, type MadeUpSession } from './made_up_sets.js';
import { rowWith } from './rows.js';

removeScratchAfterwards();

/** A fifth of the sessions has one or two events, normal ones too; some are empty. */
const SESSIONS: readonly MadeUpSession[] = madeUpSessions(600).map((s, i) => (i % 10 === 1 ? { events: [1], abnormal: false } : i % 10 === 2 ? { events: [1, 2], abnormal: false } : i % 50 === 3 ? { events: [], abnormal: true } : s));
let task: Task;

beforeAll(async () => {
  const folder = scratchFolder();
  writeHdfs(folder, SESSIONS);
  task = await taskFrom(folder, folder, { protocol: 'hdfs-chrono', seed: 1 });
});

describe.each(QUICK)('%s', (id) => {
  it('gives every test session a verdict, the shortest included', async () => {
    const e = await judged(task, await fitted(task, id));
    const test = Array.from(task.split.parts).filter((p) => p === PART.test).length;
    expect([test, e.n_test, e.tp + e.fp + e.tn + e.fn]).toEqual([420, 420, 420]);
    expect(e.tp + e.fn).toBe(SESSIONS.slice(180).filter((s) => s.abnormal).length);
  });

  it('does not flag short sessions that are everyday in training', async () => {
    const detector = await fitted(task, id);
    const { threshold } = await judged(task, detector, 0.05);
    const scores = await detector.scoreBatch([[1], [1, 2]].map((events) => ({ key: '', events: Uint32Array.from(events) })));
    for (const score of scores) expect(score).toBeLessThanOrEqual(threshold);
  });

  it('scores the same twice, fitted twice with one seed', async () => {
    const [a, b] = [await scoreTask(await fitted(task, id), task), await scoreTask(await fitted(task, id), task)];
    expect(b).toEqual(a);
  });

  it('is judged apart on sequences that it never saw, those it saw with their labels excepted', async () => {
    const detector = await fitted(task, id);
    const { unseen_only } = await judged(task, detector);
    const { table, split } = task;
    const seen = new Set<string>();
    for (let s = 0; s < 120; s++) if (detector.needs.has('labels') || table.labels[s] !== ABNORMAL) seen.add(SESSIONS[s].events.join());
    const unseen = SESSIONS.map((s, i) => ({ ...s, i })).filter(({ i, events }) => split.parts[i] === PART.test && !seen.has(events.join()));
    expect([unseen_only?.n_test, (unseen_only?.tp ?? 0) + (unseen_only?.fn ?? 0)]).toEqual([unseen.length, unseen.filter((s) => s.abnormal).length]);
    expect(unseen_only?.share_of_test).toBeCloseTo(unseen.length / 420, 12);
  });
});

describe('duplicates', () => {
  it('are said: how many test sessions have a sequence that occurs in training, and F1 without them', () => {
    const text = renderTables({ schema: 'deeplog.results/1', rows: [rowWith({ unseen_only: { tp: 0, fp: 1, tn: 0, fn: 1, precision: 0, recall: 0, f1: 0.111, mcc: 0, specificity: 0, n_test: 2, share_of_test: 0.25 } })] }, 'markdown');
    expect(text).toContain('75.0 % of them have a sequence that occurs in training');
    expect(text).toMatch(/unseen F1/);
    expect(text).toContain('0.111');
  });
});

describe('F1 alone', () => {
  it('never stands alone: the table has the other measures and what the detector costs', () => {
    const text = renderTables({ schema: 'deeplog.results/1', rows: [rowWith({})] }, 'markdown');
    for (const title of ['F1', 'precision', 'recall', 'specificity', 'MCC', 'PR-AUC', 'ROC-AUC', 'alerts/day', 'fit s']) expect(text).toContain(`| ${title} |`);
  });
});

describe('several seeds', () => {
  it('give mean ± sample standard deviation and the worst', () => {
    const rows = [0.2, 0.4, 0.9].map((f1, i) => rowWith({ seed: i + 1, f1, split_sha256: String(i).repeat(64) }));
    expect(renderTables({ schema: 'deeplog.results/1', rows }, 'markdown')).toMatch(/0\.500 ± 0\.361 .*\| 0\.200 \|/);
  });
});
