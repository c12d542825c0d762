import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Calibration, createDetector, Ensemble, loadDetector, type Session, type SessionSource } from '../../../deeplog/detectors/index.js';
import { seededRandom } from '../../../deeplog/common/index.js';
import { createEngine, type Engine } from '../../../deeplog/engine/index.js';
import { SILENT } from '../../../deeplog/training/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const session = (...events: number[]): Session => ({ key: events.join(' '), events: Uint32Array.from(events) });

/** Opened (1), three times written (2) and acknowledged (3), read (4) any number of times, closed (5): acknowledgements follow writes. */
function normal(random: () => number): Session {
  const reads = Math.floor(random() * 4);
  return session(1, 2, 3, 2, 3, 2, 3, ...new Array<number>(reads).fill(4), 5);
}

function source(sessions: readonly Session[]): SessionSource {
  return { size: sessions.length, provides: new Set(['events']), *distinct() { for (const s of sessions) yield { session: s, count: 1 }; } };
}

let engine: Engine;
let detector: Ensemble;
const validation = source(Array.from({ length: 120 }, ((random) => () => normal(random))(seededRandom(2))));

beforeAll(async () => {
  engine = await createEngine();
  const made = createDetector('ensemble', { deeplogKeys: { preset: 'paper', units: 16, batchSize: 64, maxEpochs: 120, earlyStop: 120, learningRate: 0.02 } });
  if (!(made instanceof Ensemble)) throw new Error('no ensemble');
  detector = made;
  const random = seededRandom(1);
  await detector.fit(source(Array.from({ length: 400 }, () => normal(random))), validation, { seed: 1, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });
}, 60_000);

afterAll(async () => {
  await detector?.dispose();
  await engine?.dispose();
});

/** Rarer than one validation session in a thousand would be. */
const LEVEL = 2.5;

describe('the ensemble', () => {
  const late = session(1, 3, 3, 2, 2, 3, 2, 5); // the same counts as a normal one
  const lost = session(1, 2, 3, 2, 3, 2, 4, 5); // an acknowledgement too few
  const cut = session(1, 2, 3, 2, 3);

  it('finds what either of its parts can see, and leaves normal sessions be', async () => {
    const scores = await detector.scoreBatch([late, lost, cut, session(1, 2, 3, 2, 3, 2, 3, 4, 4, 5)]);
    for (const score of scores.subarray(0, 3)) expect(score).toBeGreaterThan(LEVEL);
    expect(scores[3]).toBeLessThan(1);
    const [counts] = await detector.scoreParts([late, session(1, 2, 3, 2, 3, 2, 3, 5)]);
    expect(counts[0]).toBe(counts[1]); // only the order tells them apart
  });

  it('says which part speaks, and where', async () => {
    const [wrongOrder] = await detector.explain(late, LEVEL);
    expect(wrongOrder).toMatchObject({ part: 'deeplog-keys-events', index: 1, event: 3 });
    const evidence = await detector.explain(lost, LEVEL);
    expect(evidence.some((e) => e.part === 'count-neighbours' && e.reason.includes('event 3 occurs twice; 3 times'))).toBe(true);
    expect(await detector.explain(session(1, 2, 3, 2, 3, 2, 3, 5), LEVEL)).toEqual([]);
  });

  it('does not let the least likely key of a validation session weigh as much as its counts would', async () => {
    const sessions = Array.from(validation.distinct(), ({ session: s }) => s);
    const [, keys] = await detector.scoreParts(sessions);
    const worst = sessions[keys.indexOf(Math.max(...keys))];
    const [score] = await detector.scoreBatch([worst]);
    // One in 121, at a tenth of the false alarms: as one in 12.
    expect(score).toBeLessThan(Math.log10(121) + Math.log10(0.9));
  });

  it('scores the same after it was saved and loaded', async () => {
    const folder = scratchFolder();
    await detector.save(folder);
    const loaded = await loadDetector(folder, () => Promise.resolve(engine));
    const sessions = [late, lost, cut, session(1, 2, 3, 9)];
    expect(await loaded.scoreBatch(sessions)).toEqual(await detector.scoreBatch(sessions));
    expect((await loaded.explain(late, LEVEL))[0]).toEqual((await detector.explain(late, LEVEL))[0]);
    await loaded.dispose?.();
  });

  it('takes parts that were fitted before as they are', async () => {
    const again = detector.reusing(detector.components);
    await again.fit(source([]), validation, { seed: 1, engine: () => Promise.reject(new Error('nothing is to be fitted')), report: SILENT, signal: new AbortController().signal });
    expect(await again.scoreBatch([late, lost])).toEqual(await detector.scoreBatch([late, lost]));
    expect(() => detector.reusing([...detector.components].reverse())).toThrow('ensemble is made of count-neighbours and deeplog-keys-events');
  });
});

describe('a calibration of scores in nats', () => {
  it('goes on beyond the highest score as if e^-score were right there, and back', () => {
    const calibration = Calibration.fit(Array.from({ length: 99 }, (_, i) => i / 10), { nats: true });
    expect(calibration.unusual(9.8)).toBeCloseTo(Math.log10(50), 12); // one in 100, the score itself among them
    expect(calibration.unusual(9.8 + Math.LN10)).toBeCloseTo(3, 12);
    for (const level of [2.2, 3, 7.5]) expect(calibration.unusual(calibration.scoreAt(level))).toBeCloseTo(level, 9);
    expect(Calibration.fromJSON(JSON.parse(JSON.stringify(calibration)) as Calibration & { highest: number[] }).unusual(30)).toBe(calibration.unusual(30));
  });
});
