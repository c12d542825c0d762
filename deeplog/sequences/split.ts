import { createHash } from 'node:crypto';
import { Field, makeData, RecordBatch, Schema, Struct, Uint32, Uint8 } from 'apache-arrow';
import { ArrowFileWriter } from '../artifacts/index.js';
import { DataError, permutation, seededRandom, UsageError } from '../common/index.js';
import { ABNORMAL, type SessionTable } from './session_table.js';

/** Which part of the data a session belongs to; NONE is left out altogether. */
export const PART = { none: 0, train: 1, validation: 2, test: 3 } as const;

export interface Split {
  /** One of {@link PART} for each session. */
  readonly parts: Uint8Array;
  /** The same before abnormal sessions were left out of training and validation: what a method with labels may learn from. */
  readonly shares: Uint8Array;
  /** sha256 over the data's content and every session's part: rows with different hashes are not comparable. */
  readonly sha256: string;
}

export interface SplitOptions {
  /** Cumulative boundaries: .7 and .85 are 70 % train, 15 % validation, 15 % test. */
  readonly trainUntil: number;
  readonly validationUntil: number;
  /** What comes between validation and this share is left out; default: nothing. */
  readonly testFrom?: number;
  /** What comes after this share is left out; default 1. */
  readonly testUntil?: number;
  /** In file order, or after a seeded shuffle. */
  readonly order: 'chronological' | 'random';
  readonly seed: number;
  /** Abnormal sessions are left out of training and validation, or kept there. */
  readonly trainOn: 'normal' | 'all';
  /** Neighbouring sessions share lines: those after each boundary that share some with one before it are left out. */
  readonly purgeSeams?: boolean;
}

/** Splits by share. @throws UsageError when the boundaries are out of order; DataError when a part would be empty. */
export function splitByShare(table: SessionTable, options: SplitOptions): Split {
  const { trainUntil, validationUntil, testFrom = validationUntil, testUntil = 1, purgeSeams = false } = options;
  if (!(trainUntil > 0 && trainUntil < validationUntil && validationUntil <= 1)) throw new UsageError(`train_ratio ${trainUntil} and val_ratio ${validationUntil} are cumulative boundaries: 0 < train_ratio < val_ratio ≤ 1, e.g. 0.7 and 0.85.`);
  const n = table.size;
  const [a, b, from, end] = [trainUntil, validationUntil, testFrom, testUntil].map((share) => Math.floor(n * share));
  const order = options.order === 'random' ? permutation(n, seededRandom(options.seed)) : null;
  // A random order has no seams to purge: overlapping windows leak everywhere, and callers say so.
  const purge = purgeSeams && options.order === 'chronological' ? new Set([...overlapping(table, a), ...overlapping(table, b)]) : new Set<number>();
  const parts = new Uint8Array(n);
  const shares = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const session = order === null ? i : order[i];
    const part = i < a ? PART.train : i < b ? PART.validation : i >= from && i < end ? PART.test : PART.none;
    shares[session] = purge.has(i) ? PART.none : part;
    const dropped = part < PART.test && options.trainOn === 'normal' && table.labels[session] === ABNORMAL;
    parts[session] = dropped ? PART.none : shares[session];
  }
  return sealed(table, parts, shares);
}

/**
 * Sessions from `boundary` on that share lines with one before it; where lines are not known, the first one (windows that overlap by
 * less than their length's half, as BGL's do).
 */
function overlapping(table: SessionTable, boundary: number): number[] {
  const { firstLines, lastLines } = table.details ?? {};
  if (firstLines === undefined || lastLines === undefined || Number.isNaN(lastLines[0])) return [boundary];
  let reached = -Infinity;
  for (let s = 0; s < boundary; s++) reached = Math.max(reached, lastLines[s]);
  const out: number[] = [];
  for (let s = boundary; s < table.size && firstLines[s] <= reached; s++) out.push(s);
  return out;
}

/** `train` normal sessions drawn at random, as many others for validation; everything else, abnormal or not, is test. */
export function splitByCount(table: SessionTable, train: number, validation: number, seed: number): Split {
  const random = seededRandom(seed);
  const order = permutation(table.size, random);
  const parts = new Uint8Array(table.size).fill(PART.test);
  let drawn = 0;
  for (let i = 0; i < order.length && drawn < train + validation; i++) {
    if (table.labels[order[i]] === ABNORMAL) continue;
    parts[order[i]] = drawn < train ? PART.train : PART.validation;
    drawn++;
  }
  return sealed(table, parts, parts);
}

/** A split with other parts, for the same sessions under other labels: its hash is its own. */
export function relabelSplit(table: SessionTable, split: Split, parts: Uint8Array): Split {
  return sealed(table, parts, split.shares);
}

function sealed(table: SessionTable, parts: Uint8Array, shares: Uint8Array): Split {
  const missing = (['train', 'validation'] as const).find((name) => !parts.includes(PART[name]));
  if (missing !== undefined) throw new DataError(`The ${missing} part is empty: ${table.size} sessions are too few for these shares. Use more data or other boundaries.`);
  const sha256 = createHash('sha256').update('deeplog.split/1\n').update(table.contentHash()).update(parts).digest('hex');
  return { parts, shares, sha256 };
}

const SCHEMA = new Schema([new Field('row', new Uint32(), false), new Field('part', new Uint8(), false)]);

/** Writes artifacts/splits/<protocol>-<seed>.arrow: row (0-based session) and part (0 none, 1 train, 2 validation, 3 test). */
export async function writeSplit(file: string, split: Split): Promise<void> {
  const length = split.parts.length;
  const rows = Uint32Array.from({ length }, (_, i) => i);
  const children = [makeData({ type: new Uint32(), length, nullCount: 0, data: rows }), makeData({ type: new Uint8(), length, nullCount: 0, data: split.parts })];
  const writer = await ArrowFileWriter.create(file);
  await writer.write(new RecordBatch(SCHEMA, makeData({ type: new Struct(SCHEMA.fields), length, nullCount: 0, children })));
  await writer.commit();
}

/** Sessions of a part as (distinct sequence, number of sessions with it), in order of first appearance. */
export function distinctOf(table: SessionTable, split: Split, part: number): { sequences: Uint32Array; counts: Uint32Array; sessions: number } {
  const position = new Int32Array(table.distinct).fill(-1);
  const sequences: number[] = [];
  const counts: number[] = [];
  let sessions = 0;
  for (let s = 0; s < table.size; s++) {
    if (split.parts[s] !== part) continue;
    sessions++;
    const d = table.sequenceOf[s];
    if (position[d] < 0) {
      position[d] = sequences.length;
      sequences.push(d);
      counts.push(1);
    } else counts[position[d]]++;
  }
  return { sequences: Uint32Array.from(sequences), counts: Uint32Array.from(counts), sessions };
}
