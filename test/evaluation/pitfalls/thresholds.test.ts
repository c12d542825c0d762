import { describe, expect, it } from 'vitest';
import { evaluate, renderTables, thresholdFor, type Task } from '../../../deeplog/evaluation/index.js';
import { directionNote } from '../../../deeplog/evaluation/result_row.js';
import { ABNORMAL, NORMAL, PART, SessionTableBuilder, splitByShare } from '../../../deeplog/sequences/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';
import { fitted, judged, madeUpSessions, QUICK, taskFrom, writeHdfs } from './made_up_sets.js';
import { rowWith } from './rows.js';

removeScratchAfterwards();

/** 1,000 sessions whose score is their one event: 500 train, 200 validation, 300 test. */
function scored(scores: readonly number[], labels: readonly number[], trainOn: 'normal' | 'all' = 'normal'): { task: Task; scores: Float64Array } {
  const builder = new SessionTableBuilder();
  scores.forEach((s, i) => builder.add([s], 0, 1, labels[i]));
  const table = builder.build();
  const split = splitByShare(table, { trainUntil: 0.5, validationUntil: 0.7, order: 'chronological', seed: 1, trainOn });
  return {
    task: { dataset: 'd', protocol: 'custom', unit: 'session', table, split, seed: 1, complete: true, notes: [], files: [] },
    scores: Float64Array.from({ length: table.distinct }, (_, d) => table.sequence(d)[0]),
  };
}
const SCORES = Array.from({ length: 1000 }, (_, i) => (i * 37) % 101);
const LABELS = Array.from({ length: 1000 }, (_, i) => (i % 10 === 3 ? ABNORMAL : NORMAL));
const at = (scores: readonly number[], labels: readonly number[], fpr: number, trainOn: 'normal' | 'all' = 'normal'): ReturnType<typeof evaluate> => {
  const s = scored(scores, labels, trainOn);
  return evaluate(s.task, s.scores, { binary: false }, fpr);
};

describe('a threshold', () => {
  it('is the smallest score that at most the target share of validation normals exceed, by counting', () => {
    const normals = SCORES.slice(500, 700).filter((_, i) => LABELS[500 + i] === NORMAL);
    for (const fpr of [0.001, 0.01, 0.05]) {
      const fitting = [...new Set(normals)].filter((t) => normals.filter((s) => s > t).length <= fpr * normals.length);
      expect(at(SCORES, LABELS, fpr).threshold).toBe(Math.min(...fitting));
    }
  });

  it('does not move with anything in test or training', () => {
    const before = at(SCORES, LABELS, 0.01).threshold;
    expect(at(SCORES.map((s, i) => (i >= 700 ? s + 1000 : s)), LABELS, 0.01).threshold).toBe(before);
    expect(at(SCORES.map((s, i) => (i < 500 ? s + 1000 : s)), LABELS, 0.01).threshold).toBe(before);
    expect(at(SCORES, LABELS.map((l, i) => (i >= 700 ? 1 - l : l)), 0.01).threshold).toBe(before);
  });

  it('does not move with abnormal validation sessions, even when they are kept in the data', () => {
    const raised = SCORES.map((s, i) => (i >= 500 && i < 700 && LABELS[i] === ABNORMAL ? 5000 : s));
    expect(at(raised, LABELS, 0.01).threshold).toBe(at(SCORES, LABELS, 0.01).threshold);
    expect(at(raised, LABELS, 0.01, 'all').threshold).toBe(at(SCORES, LABELS, 0.01, 'all').threshold);
  });

  it('moves with validation normals: the checks above can fail', () => {
    expect(at(SCORES.map((s, i) => (i >= 500 && i < 700 ? s + 1000 : s)), LABELS, 0.01).threshold).toBe(at(SCORES, LABELS, 0.01).threshold + 1000);
  });

  it('is fixed by a rate, with 1 % always beside it', () => {
    expect(at(SCORES, LABELS, 0.05).at_target_fpr?.map((a) => a.target_fpr)).toEqual([0.05, 0.01]);
    expect(at(SCORES, LABELS, 0.01).at_target_fpr?.map((a) => a.target_fpr)).toEqual([0.01]);
    const text = renderTables({ schema: 'deeplog.results/1', rows: [rowWith({ at_target_fpr: [{ target_fpr: 0.01, threshold: 1, validation_fpr: 0, alerts: 1, tp: 1, fp: 0, tn: 1, fn: 0, precision: 1, recall: 1, f1: 0.123, mcc: 1, specificity: 1 }] })] }, 'markdown');
    expect(text).toContain('F1 @1%');
    expect(text).toContain('0.123');
  });

  it('picked on the test set is shown as such, with the gap', () => {
    const e = at(SCORES, LABELS, 0.01);
    const labels = LABELS.slice(700);
    const best = Math.max(...[-1, ...SCORES].map((t) => {
      const flagged = SCORES.slice(700).map((s) => s > t);
      const tp = flagged.filter((f, i) => f && labels[i] === ABNORMAL).length;
      return (2 * tp) / (flagged.filter(Boolean).length + labels.filter((l) => l === ABNORMAL).length);
    }));
    expect(e.oracle_f1).toBeCloseTo(best, 12);
    const text = renderTables({ schema: 'deeplog.results/1', rows: [rowWith({ f1: 0.4, oracle_f1: 0.65 })] }, 'markdown');
    expect(text).toMatch(/oracle F1 \| gap/);
    expect(text).toContain('| 0.650 | 0.250 |');
  });

  it('that a method proposes itself is shown beside, and never used instead', async () => {
    const folder = scratchFolder();
    writeHdfs(folder, madeUpSessions(600));
    const task = await taskFrom(folder, folder, { protocol: 'hdfs-chrono', seed: 1 });
    const proposing: string[] = [];
    for (const id of QUICK) {
      const detector = await fitted(task, id);
      const e = await judged(task, detector);
      if (detector.binary || !detector.ownThreshold) continue;
      proposing.push(id);
      const normals = Array.from(task.split.parts.keys()).filter((s) => task.split.parts[s] === PART.validation && task.table.labels[s] === NORMAL);
      const scores = await detector.scoreBatch(normals.map((s) => ({ key: '', events: task.table.sequence(task.table.sequenceOf[s]) })));
      expect(e.threshold).toBe(thresholdFor(scores, 0.01));
      expect(e.at_own_threshold?.threshold).toBe(detector.ownThreshold.value);
    }
    expect(proposing).toEqual(expect.arrayContaining(['isolation-forest', 'one-class-svm', 'log-clustering', 'logistic-regression', 'linear-svm', 'decision-tree', 'random-forest']));
  });
});

describe('the direction of a score', () => {
  it('is checked: below chance the row says so', () => {
    expect(directionNote(0.49)[0]).toMatch(/below chance/);
    expect([directionNote(0.5), directionNote(0.9), directionNote(null)]).toEqual([[], [], []]);
  });
});
