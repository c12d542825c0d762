import { describe, expect, it } from 'vitest';
import { createDetector, tableSource } from '../../deeplog/detectors/index.js';
import { runOnce, scoreDistinct, simulateTriage, type FlaggedSession, type Task } from '../../deeplog/evaluation/index.js';
import { ABNORMAL, NORMAL, PART, UNLABELLED, SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';
import { ASK_ONCE } from '../../deeplog/triage/index.js';

/** Ten sessions of [1, 2], of which two validate, then the test part. */
function taskOf(test: readonly (readonly [events: number[], abnormal: boolean | null])[]): Task {
  const builder = new SessionTableBuilder();
  for (let i = 0; i < 10; i++) builder.add([1, 2], 0, 2, NORMAL);
  for (const [events, abnormal] of test) builder.add(events, 0, events.length, abnormal === null ? UNLABELLED : abnormal ? ABNORMAL : NORMAL);
  const table = builder.build();
  const n = table.size;
  return { dataset: 'test', protocol: 'custom', unit: 'session', table, split: splitByShare(table, { trainUntil: 8 / n, validationUntil: 10 / n + 1e-9, order: 'chronological', seed: 1, trainOn: 'normal' }), seed: 1, complete: true, notes: [], files: [] };
}

describe('triage on the test part', () => {
  it('counts questions as alerts, follows answers, and reads no other label', async () => {
    // Unseen keys 7 (a novelty that is fine), 8 (a fault), and an abnormal session that the detector misses.
    const task = taskOf([[[1, 7], false], [[1, 8], true], [[2, 7], false], [[7, 7], false], [[8, 1], true], [[1, 2], true], [[7, 1], true]]);
    const detector = createDetector('unseen-key');
    await detector.fit(tableSource(task.table, task.split, PART.train), tableSource(task.table, task.split, PART.validation), {} as never);
    const result = await simulateTriage(detector, task, await scoreDistinct(detector, task, [PART.validation, PART.test]), 0.5);
    expect(result).toMatchObject({ pattern_kind: 'unseen keys', n_test: 7 });
    // Before: 6 flagged, 3 of them abnormal, 1 missed: 2·3 / (2·3 + 3 + 1).
    expect(result?.f1_before).toBeCloseTo(0.6, 12);
    const once = result?.runs.find((r) => r.rules === 'ask once');
    // Two questions (a false alarm and a hit); 8 alerts again; 7 is quiet, also in the abnormal session at the end.
    expect(once).toMatchObject({ questions: 2, settled: 2 });
    expect(once?.curve.at(-1)).toEqual({ questions: 2, tp: 2, fp: 1, fn: 2, f1: 4 / 7 });
    // With one answer only, 8 goes on alerting unasked.
    expect(once?.curve[1]).toEqual({ questions: 1, tp: 2, fp: 1, fn: 2, f1: 4 / 7 });
    expect(once?.curve[0]).toEqual({ questions: 0, tp: 3, fp: 3, fn: 1, f1: 0.6 });
  });

  it('falls back on the set of events where a detector names nothing', async () => {
    const task = taskOf([[[3, 1], false], [[1, 3, 1], false], [[2, 3], true]]);
    const scores = Float64Array.from({ length: task.table.distinct }, (_, d) => (task.table.sequence(d).includes(3) ? 1 : 0));
    const result = await simulateTriage({ id: 'made-up' } as never, task, scores, 0.5);
    expect(result?.pattern_kind).toBe('event set (the detector names none)');
    expect(result?.runs[0]).toMatchObject({ questions: 2, settled: 2 });
  });

  it('leaves sessions without a label out, as the metrics do', async () => {
    const task = taskOf([[[3, 1], false], [[4, 1], null], [[5, 1], null], [[2, 3], true]]);
    const scores = Float64Array.from({ length: task.table.distinct }, (_, d) => (task.table.sequence(d).some((e) => e >= 3) ? 1 : 0));
    const result = await simulateTriage({ id: 'made-up' } as never, task, scores, 0.5);
    expect(result).toMatchObject({ n_test: 2, f1_before: 2 / 3 }); // one hit, one false alarm
    expect(result?.runs[0].questions).toBe(2);
  });

  it('has nothing to say where nothing is flagged', async () => {
    const task = taskOf([[[1, 2], false], [[1, 2], true]]);
    expect(await simulateTriage({ id: 'made-up' } as never, task, new Float64Array(task.table.distinct), 0.5)).toBeNull();
  });
});

it('the curve ends where all questions are answered and begins where none is', () => {
  const flagged: FlaggedSession[] = Array.from({ length: 60 }, (_, at) => ({ patterns: [`p${at % 7}`], group: 'g', abnormal: at % 7 < 3, at }));
  const run = runOnce('ask once', flagged, 0, ASK_ONCE);
  expect(run.curve.map((p) => p.questions)).toEqual([0, 1, 2, 5, 7]);
  expect(run.curve.map((p) => p.fp)).toEqual([33, 33, 33, 18, 4]); // normal: 3 (9 sessions), 4, 5, 6 (8 each); five answers settle 3 and 4
  expect(run.curve.every((p) => p.fn === 0)).toBe(true);
});
