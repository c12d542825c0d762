import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { writeManifest } from '../../deeplog/artifacts/index.js';
import { createDetector, tableSource } from '../../deeplog/detectors/index.js';
import { detect, type Detected } from '../../deeplog/evaluation/index.js';
import { PART, SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';
import { TriageStore } from '../../deeplog/triage/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

async function modelFolder(): Promise<string> {
  const builder = new SessionTableBuilder();
  for (let i = 0; i < 10; i++) builder.add([1, 2, 3], 0, 3, 0);
  const table = builder.build();
  const detector = createDetector('unseen-key');
  const split = splitByShare(table, { trainUntil: 0.5, validationUntil: 0.7, order: 'chronological', seed: 1, trainOn: 'normal' });
  await detector.fit(tableSource(table, split, PART.train), tableSource(table, split, PART.validation), {} as never);
  const folder = scratchFolder();
  await detector.save(folder);
  await writeManifest(folder, { stage: 'test', startedAt: performance.now(), inputs: {}, options: {} });
  return folder;
}

it('detect notes patterns, follows answers silently, and says so', async () => {
  const model = await modelFolder();
  const input = path.join(scratchFolder(), 'new.txt');
  await writeFile(input, ['1 2 3', '1 7', '2 7 7', '1 8', '7 8'].join('\n'));
  let run = 0;
  const judge = (triage = true): Promise<Detected> => detect({
    model, inputFile: input, outputPath: path.join(scratchFolder(), String(run++)), overwrite: false, recalibrate: false, targetFpr: 0.01, triage, flags: {},
  }, () => Promise.reject(new Error('no engine is needed')));

  const first = await judge();
  expect(first.triage).toEqual({ accepted: 0, rejected: 0, open: 4, openPatterns: 3 });
  const { patterns } = await TriageStore.open(model);
  expect(patterns.map((p) => [p.names, p.sessions, p.example.reason])).toEqual([
    [['event 7'], 2, 'event 7 does not occur in training'], [['event 8'], 1, 'event 8 does not occur in training'], [['event 7', 'event 8'], 1, 'event 7 does not occur in training'],
  ]);
  await TriageStore.answer(model, [patterns[0].id], 'accepted', 'ann', null);
  const second = await judge();
  expect(second.triage).toEqual({ accepted: 2, rejected: 0, open: 2, openPatterns: 2 });
  expect(second.flagged.map((v) => [v.key, v.abnormal, v.triage?.answer])).toEqual([['4', true, null], ['5', true, null]]);
  // 7 is cleared, so an answer about 7 and 8 together is one about 8.
  await TriageStore.answer(model, [patterns[2].id], 'rejected', 'bob', null);
  const third = await judge();
  expect(third.flagged.map((v) => [v.key, v.triage?.answer, v.triage?.by])).toEqual([['4', 'rejected', null], ['5', 'rejected', 'bob']]);
  expect((await judge(false)).flagged).toHaveLength(4);
});
