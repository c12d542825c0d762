import { statSync } from 'node:fs';
import path from 'node:path';
import { DetailedSessions, type Detector, type Session } from '../detectors/index.js';
import { readSessionSet } from '../sequences/index.js';
import { rawLines } from '../sessions/index.js';

/**
 * `count` sessions of an input, spread evenly over it, with all that the detector needs; no two with the same events where events are
 * all it needs.
 * @throws DataError when the input cannot be read, or lacks what the detector needs
 */
export async function sampleSessions(input: string, detector: Pick<Detector, 'needs'>, count: number): Promise<Session[]> {
  const spread = (size: number): number[] => Array.from({ length: Math.min(count, size) }, (_, i) => Math.floor((i * size) / Math.min(count, size)));
  if ([...detector.needs].some((need) => need !== 'events')) {
    const folder = statSync(input).isDirectory() ? input : path.dirname(input);
    const parsed = await DetailedSessions.read(folder);
    const { sessions } = detector.needs.has('text') ? parsed.withText(await rawLines(folder)) : parsed;
    return spread(sessions.length).map((i) => sessions[i]);
  }
  const { table } = await readSessionSet(input);
  return spread(table.distinct).map((d) => ({ key: String(d + 1), events: table.sequence(d) }));
}
