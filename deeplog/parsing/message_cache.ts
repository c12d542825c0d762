import type { Masker } from './masking.js';
import type { ParameterFinder } from './parameter_finder.js';
import type { Cluster } from './parser.js';

const SLOTS = 1 << 14;
const HASH_MULTIPLIER = 0x9e3779b1 | 0;
/** Longer messages seldom repeat and would make the cache large. */
const MAX_BYTES = 1024;

export interface CachedMessage {
  /** The tree's version when the result was seen; a later one makes the entry stale. */
  readonly version: number;
  readonly cluster: Cluster;
  /** What stands before, between and after the masks, end to end. */
  readonly text: Buffer;
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

  /** The entry for buffer[start, end) as masked, when it is still valid at `version`. */
  find(buffer: Buffer, start: number, end: number, masker: Masker, version: number): CachedMessage | null {
    this.usable = end - start <= MAX_BYTES;
    if (!this.usable) return null;
    if (this.viewed !== buffer) {
      this.viewed = buffer;
      this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    const { view } = this;
    const { count, starts, ends, masks } = masker;
    let hash = end - start === 0 ? 1 : 2;
    let at = start;
    for (let gap = 0; gap <= count; gap++) {
      const until = gap < count ? starts[gap] : end;
      for (; at + 4 <= until; at += 4) {
        hash = Math.imul(hash ^ view.getInt32(at, true), HASH_MULTIPLIER);
        hash = (hash << 13) | (hash >>> 19);
      }
      for (; at < until; at++) hash = Math.imul(hash ^ buffer[at], HASH_MULTIPLIER);
      if (gap < count) {
        hash = Math.imul(hash ^ (masks[gap] + 1), HASH_MULTIPLIER);
        at = ends[gap];
      }
    }
    this.hash = hash === 0 ? 1 : hash;
    this.slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    const entry = this.entries[this.slot];
    if (entry === undefined || entry.version !== version || entry.masks.length !== count) return null;
    const { text, gapLengths } = entry;
    at = start;
    let stored = 0;
    for (let gap = 0; gap <= count; gap++) {
      const until = gap < count ? starts[gap] : end;
      if (until - at !== gapLengths[gap] || (gap < count && masks[gap] !== entry.masks[gap])) return null;
      while (at < until) if (buffer[at++] !== text[stored++]) return null;
      if (gap < count) at = ends[gap];
    }
    return entry;
  }

  /** Offers the result for the message last looked for and not found. */
  offer(buffer: Buffer, start: number, end: number, masker: Masker, version: number, cluster: Cluster, parameters: ParameterFinder): void {
    if (!this.usable) return;
    if (this.seenOnce[this.slot] !== this.hash) {
      this.seenOnce[this.slot] = this.hash;
      return;
    }
    const { count, starts, ends, masks } = masker;
    const gapLengths = new Int32Array(count + 1);
    const gapStarts = new Int32Array(count + 1);
    const pieces: Buffer[] = [];
    for (let gap = 0; gap <= count; gap++) {
      gapStarts[gap] = gap === 0 ? start : ends[gap - 1];
      const until = gap < count ? starts[gap] : end;
      gapLengths[gap] = until - gapStarts[gap];
      pieces.push(buffer.subarray(gapStarts[gap], until));
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
      text: Buffer.concat(pieces), masks: masks.slice(0, count), parameterMasks: parameters.masks.slice(0, parameters.count),
    };
  }
}
