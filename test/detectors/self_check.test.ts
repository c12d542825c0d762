import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDetector, DETECTOR_IDS, loadDetector, type Session } from '../../deeplog/detectors/index.js';
import { countScores, oracleF1, rocAuc } from '../../deeplog/evaluation/index.js';
import { ABNORMAL, PART } from '../../deeplog/sequences/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { fitOn, labelledFixture, type Labelled } from './labelled_fixture.js';

removeScratchAfterwards();

let data: Labelled;
let test: { session: Session; abnormal: boolean }[];

beforeAll(async () => {
  data = await labelledFixture(scratchFolder());
  const { table, split } = data;
  test = Array.from(split.parts.keys()).filter((s) => split.parts[s] === PART.test).map((s) => ({
    session: { key: String(s), events: table.sequence(table.sequenceOf[s]), lines: Array.from(table.sequence(table.sequenceOf[s]), (_, i) => 100 + i) }, abnormal: table.labels[s] === ABNORMAL,
  }));
});

describe.each(DETECTOR_IDS.filter((id) => createDetector(id).usesEngine !== true && !id.startsWith('deeplog')))('%s', (id) => {
  it('beats its own negation on labelled sessions', async () => {
    const detector = await fitOn(data, id);
    const scores = await detector.scoreBatch(test.map((t) => t.session));
    const labels = test.map((t) => t.abnormal);
    const [right, reversed] = [countScores(scores, labels), countScores(scores.map((s) => -s), labels)];
    expect(rocAuc(right)).toBeGreaterThan(0.5);
    expect(oracleF1(right)).toBeGreaterThan(oracleF1(reversed) ?? 1);
  });

  it('scores the same after it was saved and loaded, alone and in any order', async () => {
    const detector = await fitOn(data, id);
    const scores = await detector.scoreBatch(test.map((t) => t.session));
    const folder = scratchFolder();
    await detector.save(folder);
    const loaded = await loadDetector(folder, () => Promise.reject(new Error('needs no engine')));
    expect(await loaded.scoreBatch(test.map((t) => t.session))).toEqual(scores);
    expect((await loaded.scoreBatch([...test].reverse().map((t) => t.session))).reverse()).toEqual(scores);
    expect((await loaded.scoreBatch([test[5].session]))[0]).toBe(scores[5]);
  });

  it('is the same for the same seed', async () => {
    const saved = await Promise.all([1, 2].map(async () => {
      const folder = scratchFolder();
      await (await fitOn(data, id, 7)).save(folder);
      return readFile(path.join(folder, 'config.json'), 'utf8');
    }));
    expect(saved[1]).toBe(saved[0]);
  });

  it('gives every session a score, the empty one and the unknown events included', async () => {
    const detector = await fitOn(data, id);
    for (const events of [[], [9999], [0, 0, 0]]) {
      const [score] = await detector.scoreBatch([{ key: 'x', events: Uint32Array.from(events) }]);
      expect(Number.isFinite(score)).toBe(true);
    }
  });

  it('names what makes sessions stand out, the same after a restart', async () => {
    const detector = await fitOn(data, id);
    const folder = scratchFolder();
    await detector.save(folder);
    const loaded = await loadDetector(folder, () => Promise.reject(new Error('needs no engine')));
    const sessions = test.filter((t) => t.abnormal).map((t) => t.session);
    const scores = await detector.scoreBatch(test.map((t) => t.session));
    const threshold = scores.slice().sort()[Math.floor(scores.length / 2)];
    const names = await detector.patterns?.(sessions, threshold);
    expect(await loaded.patterns?.(sessions, threshold)).toEqual(names);
    if (id !== 'length') expect(names?.flat().length).toBeGreaterThan(0);
  });

  it('names lines of the session in its evidence', async () => {
    const detector = await fitOn(data, id);
    const scores = await detector.scoreBatch(test.map((t) => t.session));
    const most = test[scores.indexOf(Math.max(...scores))];
    const evidence = await detector.explain(most.session);
    if (id !== 'one-class-svm') expect(evidence.length).toBeGreaterThan(0);
    for (const e of evidence) {
      expect(e.index).toBeLessThanOrEqual(most.session.events.length);
      expect(e.event).toBe(most.session.events[e.index] ?? null);
      expect(e.reason).not.toBe('');
    }
  });
});
