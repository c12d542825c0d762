/**
 * Tokens that occur in templates or in the tree, as small integers: bytes in one arena, found by hash.
 * Tokens that only ever occur in messages are looked up but never stored, so memory follows the templates alone.
 */
export class TokenTable {
  size = 0;
  private arena = new Uint8Array(1 << 14);
  private used = 0;
  private offsets = new Int32Array(1 << 10);
  private hashes = new Int32Array(1 << 10);
  private slots = new Int32Array(1 << 11).fill(-1);
  private mask = (1 << 11) - 1;

  /** The token's id, or −1 when it is in no template. `hash` must come from {@link hashOf}'s recurrence. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const { slots, hashes, offsets, arena, mask } = this;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const id = slots[slot];
      if (id < 0) return -1;
      if (hashes[id] !== hash) continue;
      const from = offsets[id];
      if (offsets[id + 1] - from !== end - start) continue;
      let i = start;
      for (let j = from; i < end && bytes[i] === arena[j]; i++, j++);
      if (i === end) return id;
    }
  }

  intern(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const known = this.find(bytes, start, end, hash);
    if (known >= 0) return known;
    const id = this.size++;
    if (this.used + end - start > this.arena.length) {
      const larger = new Uint8Array(Math.max(this.arena.length * 2, this.used + end - start));
      larger.set(this.arena);
      this.arena = larger;
    }
    if (id + 2 > this.offsets.length) {
      this.offsets = doubled(this.offsets);
      this.hashes = doubled(this.hashes);
    }
    this.arena.set(bytes.subarray(start, end), this.used);
    this.used += end - start;
    this.offsets[id + 1] = this.used;
    this.hashes[id] = hash;
    if (this.size * 2 > this.slots.length) this.rehash();
    else this.place(id);
    return id;
  }

  internText(text: string): number {
    const bytes = Buffer.from(text);
    return this.intern(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length));
  }

  findText(text: string): number {
    const bytes = Buffer.from(text);
    return this.find(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length));
  }

  text(id: number): string {
    return Buffer.from(this.arena.buffer, this.offsets[id], this.offsets[id + 1] - this.offsets[id]).toString('utf8');
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    this.mask = this.slots.length - 1;
    for (let id = 0; id < this.size; id++) this.place(id);
  }

  private place(id: number): void {
    const hash = this.hashes[id];
    let slot = (hash ^ (hash >>> 15)) & this.mask;
    while (this.slots[slot] >= 0) slot = (slot + 1) & this.mask;
    this.slots[slot] = id;
  }
}

const HASH_SEED = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** FNV-1a, 32 bits; the scanner computes the same recurrence while it copies. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_SEED;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], HASH_PRIME);
  return hash;
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
