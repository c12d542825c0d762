import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ABNORMAL, PART, UNLABELLED } from '../sequences/index.js';
import type { Scores } from './evaluate.js';
import type { Task } from './protocols.js';

/** A list to begin with; `detect` writes all of them. */
const MOST_KEYS = 10;

/**
 * Every verdict of one detector, so that detectors can be compared session by session. Bits of the test sessions in their order, the first
 * in the lowest bit of the first byte; raw deflate, base64.
 */
export interface Verdicts {
  readonly n: number;
  /** Scored above the threshold. */
  readonly flagged: string;
  /** Labelled abnormal, and labelled at all; null where no session has a label. */
  readonly abnormal: string | null;
  readonly labelled: string | null;
}

/** The same, a byte a session: 0 or 1. */
export interface VerdictBytes {
  readonly flagged: Uint8Array;
  readonly abnormal: Uint8Array | null;
  readonly labelled: Uint8Array | null;
}

export function verdictsOf({ table, split }: Pick<Task, 'table' | 'split'>, scores: Scores, threshold: number): VerdictBytes {
  const test = Array.from(split.parts.keys()).filter((s) => split.parts[s] === PART.test);
  const has = test.some((s) => table.labels[s] !== UNLABELLED);
  return {
    flagged: Uint8Array.from(test, (s) => Number((scores instanceof Float64Array ? scores[table.sequenceOf[s]] : scores.perSession[s]) > threshold)),
    abnormal: has ? Uint8Array.from(test, (s) => Number(table.labels[s] === ABNORMAL)) : null,
    labelled: has ? Uint8Array.from(test, (s) => Number(table.labels[s] !== UNLABELLED)) : null,
  };
}

/** Keys of flagged test sessions, highest score first (equal ones in their order), so many at most; a session without a key has its number, from 1. */
export function flaggedKeys({ table, split }: Pick<Task, 'table' | 'split'>, scores: Scores, threshold: number, most = MOST_KEYS): string[] {
  const scoreOf = (s: number): number => (scores instanceof Float64Array ? scores[table.sequenceOf[s]] : scores.perSession[s]);
  const flagged = Array.from(split.parts.keys()).filter((s) => split.parts[s] === PART.test && scoreOf(s) > threshold);
  return flagged.sort((a, b) => scoreOf(b) - scoreOf(a) || a - b).slice(0, most).map((s) => table.details?.keys[s] ?? String(s + 1));
}

export function packVerdicts({ flagged, abnormal, labelled }: VerdictBytes): Verdicts {
  return { n: flagged.length, flagged: packed(flagged), abnormal: abnormal && packed(abnormal), labelled: labelled && packed(labelled) };
}

export function unpackVerdicts({ n, flagged, abnormal, labelled }: Verdicts): VerdictBytes {
  return { flagged: unpacked(flagged, n), abnormal: abnormal === null ? null : unpacked(abnormal, n), labelled: labelled === null ? null : unpacked(labelled, n) };
}

function packed(bits: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => { bytes[i >> 3] |= bit << (i & 7); });
  return deflateRawSync(bytes).toString('base64');
}

function unpacked(text: string, n: number): Uint8Array {
  const bytes = inflateRawSync(Buffer.from(text, 'base64'));
  return Uint8Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (i & 7)) & 1);
}
