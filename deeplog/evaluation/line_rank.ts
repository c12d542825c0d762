import { existsSync } from 'node:fs';
import path from 'node:path';
import { readBatches } from '../artifacts/index.js';
import type { Detector, Evidence, Session } from '../detectors/index.js';
import { ABNORMAL, PART } from '../sequences/index.js';
import { parsedSessions } from './details.js';
import type { Scores } from './evaluate.js';
import type { Task } from './protocols.js';

/** Which line? Of the abnormal test sessions above the threshold: where the line labelled abnormal stands among what the detector points at. */
export interface LineRank {
  /** Sessions that were looked at. */
  readonly sessions: number;
  /** Rank of the first labelled line, 1 the best; lines that no evidence names come after those it does, in no order. */
  readonly median_rank: number;
  readonly mean_rank: number;
  /** Share of the sessions in which it comes first, or among the first five. */
  readonly first: number;
  readonly among_5: number;
  /** Mean rank if the lines were in random order. */
  readonly chance_rank: number;
  readonly median_lines: number;
}

/** Line labels of a parsed log: 1 abnormal, 0 normal, by line; null when it has none. */
const labelsRead = new WeakMap<Task, Promise<Uint8Array | null>>();

/** Enough to know a median by. */
const MOST_SESSIONS = 1000;

/** Null where the set has no line labels, or no abnormal session is above the threshold. @throws DataError when the parsed log is gone */
export async function lineRank(detector: Detector, task: Task, scores: Scores, threshold: number): Promise<LineRank | null> {
  if (task.folder === undefined) return null;
  let reading = labelsRead.get(task);
  if (reading === undefined) labelsRead.set(task, (reading = readLineLabels(task.folder)));
  const abnormalLines = await reading;
  if (abnormalLines === null) return null;
  const { table, split } = task;
  const { sessions } = await parsedSessions(task);
  const ranks: { rank: number; lines: number; chance: number }[] = [];
  for (let s = 0; s < table.size && ranks.length < MOST_SESSIONS; s++) {
    const score = scores instanceof Float64Array ? scores[table.sequenceOf[s]] : scores.perSession[s];
    if (split.parts[s] !== PART.test || table.labels[s] !== ABNORMAL || !(score > threshold)) continue;
    const session = sessions[s];
    const labelled = new Set(Array.from(session.lines ?? []).filter((line) => abnormalLines[line] === 1));
    if (labelled.size === 0) continue;
    ranks.push({ rank: rankOf(await detector.explain(session, threshold), session, labelled), lines: session.events.length, chance: (session.events.length + 1) / (labelled.size + 1) });
  }
  if (ranks.length === 0) return null;
  const mean = (of: (r: (typeof ranks)[number]) => number): number => ranks.reduce((sum, r) => sum + of(r), 0) / ranks.length;
  return {
    sessions: ranks.length, median_rank: median(ranks.map((r) => r.rank)), mean_rank: mean((r) => r.rank), first: mean((r) => (r.rank <= 1 ? 1 : 0)), among_5: mean((r) => (r.rank <= 5 ? 1 : 0)),
    chance_rank: mean((r) => r.chance), median_lines: median(ranks.map((r) => r.lines)),
  };
}

/** Rank of the first labelled line: by its place in the evidence, or where it would be expected among the lines that are not in it. */
export function rankOf(evidence: readonly Pick<Evidence, 'line'>[], session: Pick<Session, 'events'>, labelled: ReadonlySet<number>): number {
  const named = new Set<number>();
  for (const { line } of evidence) {
    if (line === undefined || named.has(line)) continue;
    named.add(line);
    if (labelled.has(line)) return named.size;
  }
  return named.size + (session.events.length - named.size + 1) / (labelled.size + 1);
}

async function readLineLabels(folder: string): Promise<Uint8Array | null> {
  const file = path.join(folder, 'events.arrow');
  if (!existsSync(file)) return null;
  let labels = new Uint8Array(1 << 16);
  let any = false;
  for await (const batch of readBatches(file)) {
    const label = batch.getChild('label');
    if (label === null || label.nullCount === label.length) continue;
    const line = batch.getChild('line')?.toArray() as BigUint64Array;
    for (let row = 0; row < line.length; row++) {
      if (label.get(row) !== true) continue;
      const at = Number(line[row]);
      if (at >= labels.length) {
        const larger = new Uint8Array(Math.max(at + 1, labels.length * 2));
        larger.set(labels);
        labels = larger;
      }
      labels[at] = 1;
      any = true;
    }
  }
  return any ? labels : null;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
