import { enlarged } from '../artifacts/index.js';

/** Session keys (bytes) to small integers in order of first appearance: an open-addressing table over one arena. */
export class KeyTable {
  size = 0;
  private arena = Buffer.alloc(1 << 10);
  private arenaWords = wordsOf(this.arena);
  private offsets = new Float64Array(1 << 6);
  /** Pairs of a key's hash and its index, −1 where there is none: most of what is not the key is told apart in one place. */
  private slots = new Int32Array(1 << 8).fill(-1);
  private source: Uint8Array = this.arena;
  private words = this.arenaWords;

  /** The key's index; equals the old `size` when it is new. */
  index(bytes: Uint8Array, start: number, end: number): number {
    if (this.source !== bytes) {
      this.source = bytes;
      this.words = wordsOf(bytes);
    }
    const { words, slots, offsets } = this;
    let hash = 0x811c9dc5 | 0;
    let at = start;
    // Four bytes a step: multiplications wait for each other.
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ words.getInt32(at, true), 0x9e3779b1);
      hash = (hash << 15) | (hash >>> 17);
    }
    for (; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    hash ^= hash >>> 13;
    const mask = slots.length - 2;
    let slot = ((hash ^ (hash >>> 15)) << 1) & mask;
    for (let id = slots[slot + 1]; id >= 0; slot = (slot + 2) & mask, id = slots[slot + 1]) {
      if (slots[slot] !== hash) continue;
      const from = offsets[id];
      if (offsets[id + 1] - from === end - start && this.equals(bytes, start, end, from)) return id;
    }
    return this.insert(bytes, start, end, hash, slot);
  }

  key(index: number): string {
    return this.arena.toString('utf8', this.offsets[index], this.offsets[index + 1]);
  }

  /** Forgets all keys; the room stays. */
  clear(): void {
    if (this.size === 0) return;
    this.size = 0;
    this.slots.fill(-1);
  }

  /** All keys end to end, in order of their indices, and where each ends: the table's own arrays. */
  contents(): { keys: Uint8Array; keyEnds: Float64Array } {
    return { keys: this.arena, keyEnds: this.offsets.subarray(1) };
  }

  private insert(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.size++;
    const used = this.offsets[id];
    if (used + end - start > this.arena.length) {
      const larger = Buffer.alloc(Math.max(this.arena.length * 2, used + end - start));
      this.arena.copy(larger, 0, 0, used);
      this.arena = larger;
      this.arenaWords = wordsOf(larger);
    }
    if (id + 2 > this.offsets.length) this.offsets = enlarged(this.offsets, id + 2);
    this.arena.set(bytes.subarray(start, end), used);
    this.offsets[id + 1] = used + end - start;
    this.slots[slot] = hash;
    this.slots[slot + 1] = id;
    if (this.size * 4 > this.slots.length) this.rehash();
    return id;
  }

  private equals(bytes: Uint8Array, start: number, end: number, from: number): boolean {
    const { words, arenaWords, arena } = this;
    let at = start;
    let known = from;
    for (; at + 4 <= end; at += 4, known += 4) if (words.getInt32(at, true) !== arenaWords.getInt32(known, true)) return false;
    for (; at < end; at++, known++) if (bytes[at] !== arena[known]) return false;
    return true;
  }

  private rehash(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2).fill(-1);
    const { slots } = this;
    const mask = slots.length - 2;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] < 0) continue;
      const hash = old[from];
      let slot = ((hash ^ (hash >>> 15)) << 1) & mask;
      while (slots[slot + 1] >= 0) slot = (slot + 2) & mask;
      slots[slot] = hash;
      slots[slot + 1] = old[from + 1];
    }
  }
}

function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
