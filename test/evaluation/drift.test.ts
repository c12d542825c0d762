import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { drift, noveltyOverTime, templateTimelines, type DriftResult } from '../../deeplog/evaluation/index.js';
import { ABNORMAL, NORMAL, SessionTableBuilder, type SessionTable } from '../../deeplog/sequences/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const N = 1000;
/** From here on normal sessions end with another event. */
const PLANTED = 450;

/** Every 20th session is abnormal (event 9); normal ones are 1 2 3, and 1 2 4 after the planted drift. */
const sessions = Array.from({ length: N }, (_, i) => (i % 20 === 7 ? { events: [1, 9], label: ABNORMAL } : { events: i < PLANTED ? [1, 2, 3] : [1, 2, 4], label: NORMAL }));

function table(): SessionTable {
  const builder = new SessionTableBuilder();
  for (const { events, label } of sessions) builder.add(events, 0, events.length, label);
  return builder.build();
}

describe('a planted drift', () => {
  it('shows as novelty from its very stretch on, in normal sessions only', () => {
    const blocks = noveltyOverTime(table(), 0.3);
    expect(blocks).toHaveLength(50);
    expect(blocks.every((b) => b.sessions === 20 && b.abnormal === 1)).toBe(true);
    // The drift begins in the middle of stretch 22 (440 … 459): 10 of its 19 normal sessions come before it (447 is abnormal: 9).
    expect(blocks.map((b) => b.unseen.key)).toEqual(blocks.map((_, i) => (i < 22 ? 0 : i === 22 ? 10 / 19 : 1)));
    expect(blocks[10].unseen).toEqual({ key: 0, 'event set': 0, 'count vector': 0, '2-gram': 0 });
    expect(blocks[40].unseen).toEqual({ key: 1, 'event set': 1, 'count vector': 1, '2-gram': 1 });
    // Learned from, it is no longer new.
    expect(noveltyOverTime(table(), 0.5).every((b) => b.unseen.key === 0)).toBe(true);
  });

  it('shows in when templates occur', () => {
    const lines = templateTimelines(table(), new Map([[4, 'done early']]));
    expect(lines.map((t) => [t.event, t.text, t.first, t.sessions])).toEqual([
      [1, null, 0, 1000], [2, null, 0, 950], [3, null, 0, 427], [9, null, 7 / N, 50], [4, 'done early', PLANTED / N, 523],
    ]);
    expect(lines.find((t) => t.event === 3)?.blocks.slice(21, 24)).toEqual([19 / 20, 9 / 20, 0]);
  });

  it('shows as a jump of F1 where the training boundary passes it', async () => {
    const folder = scratchFolder();
    const [inputFile, labelFile] = ['s.txt', 'l.txt'].map((name) => path.join(folder, name));
    writeFileSync(inputFile, sessions.map((s) => s.events.join(' ')).join('\n'));
    writeFileSync(labelFile, sessions.map((s) => s.label).join('\n'));
    const said: string[] = [];
    const run = (order: 'chronological' | 'random'): Promise<DriftResult[]> => drift({
      protocols: ['custom'], seeds: [1], detectors: ['unseen-key', 'event-set'], dataDir: folder, artifacts: folder, inputFile, labelFile, trainRatio: 0.3, valRatio: 0.4, order, trainOn: 'normal', targetFpr: 0.01,
      detectorOptions: {}, cache: false, engine: () => Promise.reject(new Error('no engine is needed')), report: SILENT, signal: new AbortController().signal, onSkip: (why) => said.push(why),
    });
    const [result] = await run('chronological');
    expect(result).toMatchObject({ n: 1000, n_test: 300, n_abnormal: 15, test_from: 0.7, trained_until: 0.3 });
    // 285 normal test sessions, all of them with the new event, and 15 abnormal ones: 2·15 / (2·15 + 285); without drift all is right.
    expect(result.points.map((p) => [p.train_until, ...p.detectors.map((d) => +(d.f1 ?? 0).toFixed(4))])).toEqual([
      [0.05, 0.0952, 0.0952], [0.1, 0.0952, 0.0952], [0.2, 0.0952, 0.0952], [0.3, 0.0952, 0.0952], [0.4, 0.0952, 0.0952], [0.5, 1, 1], [0.6, 1, 1],
    ]);
    expect(result.points.map((p) => p.n_train)).toEqual([47, 95, 190, 285, 380, 475, 570]);
    expect(new Set(result.points.map((p) => p.split_sha256)).size).toBe(7);
    expect(await run('random')).toEqual([]);
    expect(said).toEqual(['custom: its sessions are drawn at random, so there is no drift to see']);
  });
});
