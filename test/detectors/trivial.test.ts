import { describe, expect, it } from 'vitest';
import { createDetector, loadDetector, type Session, type SessionSource } from '../../deeplog/detectors/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const session = (...events: number[]): Session => ({ key: events.join(), events: Uint32Array.from(events), lines: events.map((_, i) => 10 * (i + 1)) });
const source = (sequences: number[][]): SessionSource => ({
  size: sequences.length, provides: new Set(['events']),
  *distinct() { for (const s of sequences) yield { session: session(...s), count: 1 }; },
});
const TRAIN = source([[1, 2, 3], [1, 2, 2, 3], [4, 1]]);

describe.each([
  // abnormal by the definition of each, worked out by hand
  ['unseen-key', [[1, 5], [0]], [[3, 3, 3, 3, 3], [4]]],
  ['length', [[1], [1, 2, 3, 1, 2]], [[9, 9], [9, 9, 9, 9]]],
  ['event-set', [[1, 2], [1, 2, 3, 4], [3]], [[3, 2, 1, 1, 1], [1, 4, 4]]],
  ['count-vector', [[1, 2, 3, 3], [1, 2], [1, 1, 4]], [[3, 2, 1], [2, 3, 2, 1], [1, 4]]],
  ['2-gram', [[1, 3], [2, 1], [3, 2]], [[1, 2, 2, 2, 3], [4, 1, 2], [7], []]],
] as const)('%s', (id, abnormal, normal) => {
  it('flags what it must and nothing else, and keeps that when saved', async () => {
    const detector = createDetector(id);
    await detector.fit(TRAIN, TRAIN, {} as never);
    const folder = scratchFolder();
    await detector.save(folder);
    for (const d of [detector, await loadDetector(folder, () => { throw new Error('needs no engine'); })]) {
      expect([...(await d.scoreBatch(abnormal.map((s) => session(...s))))]).toEqual(abnormal.map(() => 1));
      expect([...(await d.scoreBatch(normal.map((s) => session(...s))))]).toEqual(normal.map(() => 0));
    }
  });

  it('gives evidence for what it flags, none for the rest', async () => {
    const detector = createDetector(id);
    await detector.fit(TRAIN, TRAIN, {} as never);
    for (const s of abnormal) expect((await detector.explain(session(...s))).length).toBeGreaterThan(0);
    for (const s of normal) expect(await detector.explain(session(...s))).toEqual([]);
  });
});

describe('evidence', () => {
  it('names the line and the reason', async () => {
    const detector = createDetector('2-gram');
    await detector.fit(TRAIN, TRAIN, {} as never);
    expect(await detector.explain(session(1, 2, 1))).toEqual([{ index: 2, line: 30, event: 1, score: 1, expected: [], reason: 'event 1 never follows event 2 in training' }]);
    const sets = createDetector('event-set');
    await sets.fit(TRAIN, TRAIN, {} as never);
    expect((await sets.explain(session(1, 2))).map((e) => e.reason)).toEqual(['event 3 is missing: the nearest training set has it']);
  });
});

it('an unknown detector is an error that lists the known ones', () => {
  expect(() => createDetector('deeplogg')).toThrow('Known: unseen-key, length, event-set, count-vector, 2-gram');
});
