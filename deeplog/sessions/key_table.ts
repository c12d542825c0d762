/** Session keys (bytes) to small integers in order of first appearance: an open-addressing table over one arena. */
export class KeyTable {
  size = 0;
  private arena = Buffer.alloc(1 << 10);
  private offsets = new Float64Array(1 << 6);
  private hashes = new Int32Array(1 << 6);
  private slots = new Int32Array(1 << 7).fill(-1);

  /** The key's index; equals the old `size` when it is new. */
  index(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    let at = start;
    // Four bytes a step: multiplications wait for each other.
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)), 0x9e3779b1);
      hash = (hash << 15) | (hash >>> 17);
    }
    for (; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    hash ^= hash >>> 13;
    const mask = this.slots.length - 1;
    const { slots, hashes, offsets, arena } = this;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let id = slots[slot]; id >= 0; slot = (slot + 1) & mask, id = slots[slot]) {
      if (hashes[id] !== hash) continue;
      const from = offsets[id];
      if (offsets[id + 1] - from !== end - start) continue;
      let i = start;
      for (let j = from; i < end && bytes[i] === arena[j]; i++, j++);
      if (i === end) return id;
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
    }
    if (id + 2 > this.offsets.length) {
      const offsets = new Float64Array(this.offsets.length * 2);
      offsets.set(this.offsets);
      this.offsets = offsets;
      const hashes = new Int32Array(this.hashes.length * 2);
      hashes.set(this.hashes);
      this.hashes = hashes;
    }
    this.arena.set(bytes.subarray(start, end), used);
    this.offsets[id + 1] = used + end - start;
    this.hashes[id] = hash;
    this.slots[slot] = id;
    if (this.size * 2 > this.slots.length) this.rehash();
    return id;
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = (this.hashes[id] ^ (this.hashes[id] >>> 15)) & mask;
      while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = id;
    }
  }
}
