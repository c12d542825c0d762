import { describe, expect, it } from 'vitest';
import { createDetector, tableSource } from '../../deeplog/detectors/index.js';
import { evaluate, renderTables, requireOneSplit, scoreDistinct, type Task } from '../../deeplog/evaluation/index.js';
import { rowWith } from './pitfalls/rows.js';
import { ABNORMAL, NORMAL, PART, SessionTableBuilder, splitByShare, UNLABELLED } from '../../deeplog/sequences/index.js';

function taskOf(sessions: readonly { events: number[]; label?: number }[], order: 'chronological' | 'random' = 'chronological'): Task {
  const builder = new SessionTableBuilder();
  for (const s of sessions) builder.add(s.events, 0, s.events.length, s.label ?? NORMAL);
  const table = builder.build({ ids: Float64Array.from(sessions, (_, i) => i + 1), lastLines: Float64Array.from(sessions, (_, i) => i + 1), keys: sessions.map((_, i) => `s${i}`), firstLines: Float64Array.from(sessions, (_, i) => i + 1), startTimes: Float64Array.from(sessions, (_, i) => i * 12 * 3_600_000) });
  return { dataset: 'test', protocol: 'custom', unit: 'session', table, split: splitByShare(table, { trainUntil: 0.4, validationUntil: 0.6, order, seed: 1, trainOn: 'normal' }), seed: 1, complete: true, notes: [], files: [] };
}

const rows = (n: number, events: number[], label = NORMAL): { events: number[]; label: number }[] => Array.from({ length: n }, () => ({ events, label }));

/** A made-up detector: the score is the first event. */
const scoresOf = (task: Task): Float64Array => Float64Array.from({ length: task.table.distinct }, (_, d) => task.table.sequence(d)[0]);

describe('evaluate', () => {
  // 10 sessions: train 0–3, validation 4–5, test 6–9.
  const task = taskOf([...rows(4, [1]), ...rows(1, [5]), ...rows(1, [2]), ...rows(1, [5, 5]), ...rows(1, [6]), ...rows(1, [6, 1], ABNORMAL), ...rows(1, [1])]);

  it('takes the threshold from validation normals and judges the test part by it', () => {
    const e = evaluate(task, scoresOf(task), { binary: false }, 0.001);
    expect(e).toMatchObject({ threshold: 5, tp: 1, fp: 1, tn: 2, fn: 0, n_train: 4, n_test: 4, precision: 0.5, recall: 1 });
    expect(e.oracle_f1).toBeCloseTo(2 / 3, 12);
    expect(e.at_target_fpr?.map((a) => [a.target_fpr, a.threshold])).toEqual([[0.001, 5], [0.01, 5]]);
  });

  it('does not look at test scores or labels for the threshold', () => {
    const before = evaluate(task, scoresOf(task), { binary: false }, 0.5).threshold;
    const changed = scoresOf(task).map((s, d) => (d >= 3 ? s * 100 : s)); // sequences that only test holds
    expect(evaluate(task, changed, { binary: false }, 0.5).threshold).toBe(before);
  });

  it('counts sequences that never occurred in training apart', () => {
    const e = evaluate(task, scoresOf(task), { binary: false }, 0.001);
    expect(e.unseen_only).toMatchObject({ n_test: 3, share_of_test: 0.75, tp: 1, fp: 1, tn: 1, fn: 0 }); // [1] was seen
  });

  it('gives alerts per day from the times of the test part', () => {
    expect(evaluate(task, scoresOf(task), { binary: false }, 0.001).alerts_per_day).toBeCloseTo(2 / 1.5, 10); // sessions 6 … 9: a day and a half
  });

  it('has no quality metrics without labels, but alerts', () => {
    const unlabelled = taskOf([...rows(6, [1], UNLABELLED), ...rows(4, [9], UNLABELLED)]);
    const own = { value: 5, rule: 'made up' };
    const e = evaluate(unlabelled, scoresOf(unlabelled), { binary: false, ownThreshold: own }, 0.001);
    for (const point of [e, e.at_own_threshold, ...(e.at_target_fpr ?? [])]) expect(point).toMatchObject({ tp: null, fp: null, tn: null, fn: null, f1: null });
    expect(e).toMatchObject({ labelled: false, f1: null, roc_auc: null, pr_auc: null, unseen_only: null, n_test: 4, threshold: 1 });
  });
});

describe('no leakage', () => {
  it('a detector fitted on the split never sees what only validation and test hold', async () => {
    const task = taskOf([...rows(4, [1, 2]), ...rows(2, [1, 2]), ...rows(2, [1, 2]), ...rows(1, [1, 3], ABNORMAL), ...rows(1, [4], ABNORMAL)]);
    const seen = new Set([...tableSource(task.table, task.split, PART.train).distinct()].flatMap(({ session }) => [...session.events]));
    expect([...seen]).toEqual([1, 2]);
    for (const id of ['unseen-key', 'event-set', 'count-vector', '2-gram']) {
      const detector = createDetector(id);
      await detector.fit(tableSource(task.table, task.split, PART.train), tableSource(task.table, task.split, PART.validation), {} as never);
      const e = evaluate(task, await scoreDistinct(detector, task, [PART.validation, PART.test]), detector, 0.001);
      // [4] has no pair of neighbours, so the 2-gram detector cannot know.
      expect({ id, tp: e.tp, fp: e.fp }).toEqual({ id, tp: id === '2-gram' ? 1 : 2, fp: 0 });
    }
  });
});

describe('tables', () => {
  const row = rowWith;

  it('refuse rows of different splits or units', () => {
    expect(() => requireOneSplit([row({}), row({ split_sha256: 'b'.repeat(64) })])).toThrow('2 different splits');
    expect(() => renderTables({ schema: 'deeplog.results/1', rows: [row({}), row({ detector: 'y', split_sha256: 'b'.repeat(64) })] }, 'plain')).toThrow('different splits');
    expect(() => requireOneSplit([row({}), row({ unit: 'window' })])).toThrow('different units');
  });

  it('give mean ± sample standard deviation over seeds', () => {
    const text = renderTables({ schema: 'deeplog.results/1', rows: [row({ f1: 0.8, seed: 1 }), row({ f1: 0.9, seed: 2, split_sha256: 'c'.repeat(64) })] }, 'markdown');
    expect(text).toContain('| x | 1 | 0 | 0 | 0.850 ± 0.071 |');
  });
});
