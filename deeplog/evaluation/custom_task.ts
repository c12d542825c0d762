import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../common/index.js';
import { readSessionSet, splitByShare, type SessionSet } from '../sequences/index.js';
import type { Task } from './protocols.js';
import { boundaries, type Fold } from './rolling_origins.js';

/** What every stage says that reads sessions of one's own and splits them by share. */
export interface CustomTaskOptions {
  readonly inputFile?: string;
  /** 0 or 1 per session, or a csv of key,label. */
  readonly labelFile?: string;
  /** Cumulative boundaries. */
  readonly trainRatio: number;
  readonly valRatio: number;
  readonly order: 'chronological' | 'random';
  readonly trainOn: 'normal' | 'all';
  readonly seed: number;
  readonly fold?: Fold;
}

/** Reads and splits sessions of any kind; the task's notes say what a number from them rests on. @throws DataError, UsageError */
export async function customTask(options: CustomTaskOptions): Promise<{ set: SessionSet; task: Task }> {
  const { inputFile, trainRatio, valRatio, order, trainOn, seed, fold } = options;
  if (inputFile === undefined) throw new UsageError('--input_file is missing: a drain_result folder, a sessions.arrow, a data.json or a sequence file.');
  const set = await readSessionSet(inputFile, options.labelFile);
  const { table, complete } = set;
  const split = splitByShare(table, { ...boundaries('custom', order, trainRatio, valRatio, fold), order, seed, trainOn, purgeSeams: !complete });
  const folder = parsedFolder(inputFile);
  const heldOutLine = table.details?.firstLines[split.parts.findIndex((part) => part > 1)] ?? NaN;
  const leaked = !Number.isNaN(heldOutLine) && (set.fitUntilLine === null || set.fitUntilLine > heldOutLine);
  const notes = [
    ...set.notes,
    ...(leaked ? [`the parser learned from test lines too${order === 'chronological' ? `; for a clean test number parse again with --fit_until_line ${heldOutLine}` : ', as with any random split: test lines are among all others'}`] : []),
    ...(order === 'random' ? [complete ? 'random split of time-ordered data' : 'leaks: overlapping windows may be on both sides of a random split'] : []),
    ...(table.labelled ? [] : ['the sessions have no labels: alerts can be counted, but there is no F1 (drain takes --label_file)']),
  ];
  return { set, task: { dataset: path.basename(inputFile), protocol: 'custom', unit: complete ? 'session' : 'window', seed, complete, table, split, notes, files: set.files, ...(folder === null ? {} : { folder }) } };
}

/** The folder of an input that holds a whole drain result, or null. */
export function parsedFolder(input: string): string | null {
  const folder = statSync(input).isDirectory() ? input : path.dirname(input);
  const usesIt = folder === input || ['sessions.arrow', 'events.arrow'].includes(path.basename(input));
  return usesIt && existsSync(path.join(folder, 'events.arrow')) && existsSync(path.join(folder, 'sessions.arrow')) ? folder : null;
}
