import type { Vocabulary } from '../../../sequences/index.js';

/** Lengths that graphs are compiled for, DIST included; a sequence is padded to the next one. */
const LENGTHS = [16, 24, 32, 48, 80, 128, 256, 512] as const;

/** Part of a session that is encoded at once: its keys as vocabulary indices. */
export interface Chunk {
  readonly session: number;
  /** Position of its first key in the session. */
  readonly start: number;
  readonly keys: Int32Array;
}

/** LogBERT's tokens: the vocabulary's indices, then MASK and DIST; a network's graphs, by length. */
export class Tokens {
  readonly mask: number;
  readonly dist: number;
  readonly lengths: readonly number[];

  /** @param longest keys and DIST of the longest chunk */
  constructor(readonly vocabulary: Vocabulary, readonly longest: number) {
    this.mask = vocabulary.size;
    this.dist = vocabulary.size + 1;
    this.lengths = [...LENGTHS.filter((l) => l < longest), longest];
  }

  get size(): number {
    return this.vocabulary.size + 2;
  }

  /** The graph's length for a chunk: its keys and DIST. */
  lengthFor(keys: number): number {
    return this.lengths.find((l) => l >= keys + 1) ?? this.longest;
  }

  /** A session in as few chunks of nearly equal length as fit, none overlapping: keys see the others of their own chunk only. */
  chunks(events: Uint32Array, session: number): Chunk[] {
    const count = Math.max(1, Math.ceil(events.length / (this.longest - 1)));
    return Array.from({ length: count }, (_, c) => {
      const [start, end] = [Math.floor((c * events.length) / count), Math.floor(((c + 1) * events.length) / count)];
      return { session, start, keys: Int32Array.from(events.subarray(start, end), (e) => this.vocabulary.index(e)) };
    });
  }
}
