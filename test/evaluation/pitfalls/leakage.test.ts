import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Detector } from '../../../deeplog/detectors/index.js';
import { PART } from '../../../deeplog/sequences/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';
import { fitted, judged, madeUpSessions, QUICK, taskFrom, writeHdfs, writeRawLog, type MadeUpSession } from './made_up_sets.js';

removeScratchAfterwards();

/** Pitfall: vocabulary, parser, scaler or centre fitted on test data. Caught by changing nothing but test data: what is learned must not change. */
const SPEC = { protocol: 'hdfs-chrono', seed: 1 } as const; // 20 % train, 10 % validation, 70 % test
const SESSIONS = madeUpSessions(600);
const [TRAIN_END, VALIDATION_END] = [120, 180];

async function savedBy(detector: Detector): Promise<string> {
  const folder = scratchFolder();
  await detector.save(folder);
  return readdirSync(folder).sort().map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
}

async function learn(sessions: readonly MadeUpSession[], id: string): Promise<{ saved: string; threshold: number; others: readonly number[] }> {
  const folder = scratchFolder();
  writeHdfs(folder, sessions);
  const task = await taskFrom(folder, folder, SPEC);
  const detector = await fitted(task, id);
  const e = await judged(task, detector);
  return { saved: await savedBy(detector), threshold: e.threshold, others: (e.at_target_fpr ?? []).map((a) => a.threshold) };
}

const change = (from: number, to: number, make: (s: MadeUpSession, i: number) => MadeUpSession): MadeUpSession[] => SESSIONS.map((s, i) => (i >= from && i < to ? make(s, i) : s));

describe.each(QUICK)('%s', (id) => {
  it('learns the same, threshold included, whatever the test sessions and their labels are', async () => {
    const before = await learn(SESSIONS, id);
    expect(await learn(change(VALIDATION_END, 600, (_, i) => ({ events: [50 + (i % 9), 1, 1, 1, 60], abnormal: false })), id)).toEqual(before);
    expect(await learn(change(VALIDATION_END, 600, (s) => ({ ...s, abnormal: !s.abnormal })), id)).toEqual(before);
  });

  it('fits nothing on validation sessions', async () => {
    const before = await learn(SESSIONS, id);
    expect((await learn(change(TRAIN_END, VALIDATION_END, (s, i) => (s.abnormal ? s : { events: [1, 40 + (i % 5), 40, 3], abnormal: false })), id)).saved).toBe(before.saved);
  });

  it('does learn from training sessions: the check above can fail', async () => {
    const before = await learn(SESSIONS, id);
    expect((await learn(change(0, TRAIN_END, (s, i) => (s.abnormal ? s : { events: [9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, ...(i % 3 === 0 ? [7] : [])], abnormal: false })), id)).saved).not.toBe(before.saved);
  });
});

describe('anomalies of the training share', () => {
  it('are never fitted on by a detector without labels', async () => {
    const folder = scratchFolder();
    for (const id of QUICK) {
      writeHdfs(folder, SESSIONS);
      const before = await fitted(await taskFrom(folder, folder, SPEC), id);
      if (before.needs.has('labels')) continue;
      writeHdfs(folder, change(0, TRAIN_END, (s) => (s.abnormal ? { ...s, events: [99, 98, 97] } : s)));
      const after = await fitted(await taskFrom(folder, folder, SPEC), id);
      expect({ id, saved: await savedBy(after) }).toEqual({ id, saved: await savedBy(before) });
    }
  });
});

describe('the parser of hdfs-raw', () => {
  it('has learned no template from the lines after the first validation session: what is new there is event 0', async () => {
    const [folder, other] = [scratchFolder(), scratchFolder()];
    const lines = writeRawLog(folder);
    const task = await taskFrom(folder, folder, { protocol: 'hdfs-raw', seed: 1 });
    const boundary = task.table.details?.firstLines[task.split.parts.findIndex((_, s) => s >= Math.floor(task.table.size * 0.3))] ?? NaN;
    expect(boundary).toBeLessThan(lines);
    // A kind of line that only the held-out part has, on top of blocks that are there already.
    writeRawLog(other, (line, number) => (number > boundary && number % 5 === 0 ? line.replace(/: .*?(blk_-?\d+).*/, ': quorum of $1 lost its lease twice over') : line));
    const changed = await taskFrom(other, other, { protocol: 'hdfs-raw', seed: 1 });
    const sequencesOf = (t: typeof task, part: number): string[] => Array.from(t.split.parts.keys()).filter((s) => t.split.parts[s] === part && (t.table.details?.lastLines[s] ?? Infinity) < boundary).map((s) => t.table.sequence(t.table.sequenceOf[s]).join(' '));
    expect(sequencesOf(changed, PART.train)).toEqual(sequencesOf(task, PART.train));
    const events = new Set(Array.from(changed.split.parts.keys()).filter((s) => changed.split.parts[s] === PART.test).flatMap((s) => [...changed.table.sequence(changed.table.sequenceOf[s])]));
    expect(events.has(0)).toBe(true);
    const known = new Set(Array.from(task.table.sequenceOf).flatMap((d) => [...task.table.sequence(d)]));
    expect([...events].filter((e) => e !== 0 && !known.has(e))).toEqual([]);
  });
});
