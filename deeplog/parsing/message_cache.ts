import type { Masker } from './masking.js';
import type { ParameterFinder } from './parameter_finder.js';
import type { Cluster } from './parser.js';

const SLOTS = 1 << 14;
const HASH_MULTIPLIER = 0x9e3779b1 | 0;
/** Longer messages seldom repeat and would make the cache large. */
const MAX_BYTES = 1024;
/** The first bytes of a word. */
const FRONT = Int32Array.of(0, 0xff, 0xffff, 0xffffff);

export interface CachedMessage {
  /** The tree's version when the result was seen; a later one makes the entry stale. */
  readonly version: number;
  readonly cluster: Cluster;
  /** What stands before, between and after the masks, in words of four bytes, the last of each piece filled up with zeros. */
  readonly words: Int32Array;
  readonly gapLengths: Int32Array;
  readonly masks: Int32Array;
  /** Where each parameter starts and ends: the gap, and the offset from the gap's beginning. */
  readonly parameterGaps: Int32Array;
  readonly parameterOffsets: Int32Array;
  readonly parameterMasks: Int32Array;
}

/**
 * Remembers which cluster a masked message went to. As long as no template was created or changed since, the same masked
 * message goes to the same cluster again, so splitting it and walking the tree can be skipped (most lines of most logs).
 * Bounded: one entry a slot; a message is only kept when it comes a second time, so unique ones cost no memory.
 */
export class MessageCache {
  private readonly entries: (CachedMessage | undefined)[] = new Array<CachedMessage | undefined>(SLOTS).fill(undefined);
  private readonly seenOnce = new Int32Array(SLOTS);
  private slot = 0;
  private hash = 0;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private viewed: Buffer | null = null;
  private usable = false;
  /** Of the message last looked for. */
  private readonly words = new Int32Array(MAX_BYTES);
  private wordCount = 0;

  /** The entry for buffer[start, end) as masked, when it is still valid at `version`. */
  find(buffer: Buffer, start: number, end: number, masker: Masker, version: number): CachedMessage | null {
    this.usable = end - start <= MAX_BYTES;
    if (!this.usable) return null;
    if (this.viewed !== buffer) {
      this.viewed = buffer;
      this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    const { view, words } = this;
    const { count, starts, ends, masks } = masker;
    let hash = end - start === 0 ? 1 : 2;
    let at = start;
    let n = 0;
    for (let gap = 0; gap <= count; gap++) {
      const until = gap < count ? starts[gap] : end;
      for (; at + 4 <= until; at += 4) {
        const word = view.getInt32(at, true);
        words[n++] = word;
        hash = Math.imul(hash ^ word, HASH_MULTIPLIER);
        hash = (hash << 13) | (hash >>> 19);
      }
      if (at < until) {
        const word = at + 4 <= buffer.length ? view.getInt32(at, true) & FRONT[until - at] : front(buffer, at, until);
        words[n++] = word;
        hash = Math.imul(hash ^ word, HASH_MULTIPLIER);
        hash = (hash << 13) | (hash >>> 19);
      }
      if (gap < count) {
        hash = Math.imul(hash ^ (masks[gap] + 1), HASH_MULTIPLIER);
        at = ends[gap];
      }
    }
    this.wordCount = n;
    this.hash = hash === 0 ? 1 : hash;
    this.slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    const entry = this.entries[this.slot];
    if (entry === undefined || entry.version !== version || entry.masks.length !== count || entry.words.length !== n) return null;
    // Equal lengths of the gaps and equal words: equal text.
    const { words: known, gapLengths, masks: knownMasks } = entry;
    for (let i = 0; i < n; i++) if (known[i] !== words[i]) return null;
    at = start;
    for (let gap = 0; gap <= count; gap++) {
      const until = gap < count ? starts[gap] : end;
      if (until - at !== gapLengths[gap] || (gap < count && masks[gap] !== knownMasks[gap])) return null;
      if (gap < count) at = ends[gap];
    }
    return entry;
  }

  /** Offers the result for the message last looked for and not found. */
  offer(start: number, end: number, masker: Masker, version: number, cluster: Cluster, parameters: ParameterFinder): void {
    if (!this.usable) return;
    if (this.seenOnce[this.slot] !== this.hash) {
      this.seenOnce[this.slot] = this.hash;
      return;
    }
    const { count, starts, ends, masks } = masker;
    const gapLengths = new Int32Array(count + 1);
    const gapStarts = new Int32Array(count + 1);
    for (let gap = 0; gap <= count; gap++) {
      gapStarts[gap] = gap === 0 ? start : ends[gap - 1];
      const until = gap < count ? starts[gap] : end;
      gapLengths[gap] = until - gapStarts[gap];
    }
    const parameterGaps = new Int32Array(parameters.count * 2);
    const parameterOffsets = new Int32Array(parameters.count * 2);
    const place = (i: number, position: number): void => {
      let gap = count;
      while (gapStarts[gap] > position) gap--;
      parameterGaps[i] = gap;
      parameterOffsets[i] = position - gapStarts[gap];
    };
    for (let p = 0; p < parameters.count; p++) {
      place(2 * p, parameters.starts[p]);
      place(2 * p + 1, parameters.ends[p]);
    }
    this.entries[this.slot] = {
      version, cluster, gapLengths, parameterGaps, parameterOffsets,
      words: this.words.slice(0, this.wordCount), masks: masks.slice(0, count), parameterMasks: parameters.masks.slice(0, parameters.count),
    };
  }
}

/** buffer[at, until), fewer than four bytes, as the word that they begin. */
function front(buffer: Buffer, at: number, until: number): number {
  let word = 0;
  for (let i = at, shift = 0; i < until; i++, shift += 8) word |= buffer[i] << shift;
  return word;
}
