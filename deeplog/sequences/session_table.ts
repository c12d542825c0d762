import { createHash } from 'node:crypto';

export const NORMAL = 0;
export const ABNORMAL = 1;
export const UNLABELLED = 2;

/**
 * Sessions by their event sequences, each distinct sequence kept once. HDFS's 575,061 sessions are 18,373 distinct sequences,
 * so whatever depends on the sequence alone (training windows, scores) is worked out once.
 */
export class SessionTable {
  constructor(
    /** Events of the distinct sequences, end to end. */
    private readonly events: Uint32Array,
    /** Distinct sequence d is events[offsets[d], offsets[d + 1]). */
    private readonly offsets: Uint32Array,
    /** Distinct sequence of each session. */
    readonly sequenceOf: Uint32Array,
    /** NORMAL, ABNORMAL or UNLABELLED for each session. */
    readonly labels: Uint8Array,
    readonly details: SessionDetails | null,
  ) {}

  get size(): number {
    return this.sequenceOf.length;
  }

  get distinct(): number {
    return this.offsets.length - 1;
  }

  withLabels(labels: Uint8Array): SessionTable {
    return new SessionTable(this.events, this.offsets, this.sequenceOf, labels, this.details);
  }

  /** A view, not a copy. */
  sequence(distinct: number): Uint32Array {
    return this.events.subarray(this.offsets[distinct], this.offsets[distinct + 1]);
  }

  get labelled(): boolean {
    return this.labels.some((l) => l !== UNLABELLED);
  }

  /** sha256 of sequences and labels in order: two tables with the same content have the same. */
  contentHash(): string {
    const hash = createHash('sha256');
    for (const array of [this.events, this.offsets, this.sequenceOf, this.labels]) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return hash.digest('hex');
  }
}

/** What is known of single sessions beyond their events; only small sets carry it. */
export interface SessionDetails {
  /** Session ids as the set numbers them. */
  readonly ids: Float64Array;
  readonly keys: readonly string[];
  /** 1-based line of each session's last event; NaN where unknown. */
  readonly lastLines: Float64Array;
  /** 1-based line of each session's first event. */
  readonly firstLines: Float64Array;
  /** Milliseconds at which each session began, NaN where unknown; null when the set has no times. */
  readonly startTimes: Float64Array | null;
}

/** Builds a table one session at a time. */
export class SessionTableBuilder {
  private events = new Uint32Array(1 << 16);
  private used = 0;
  private offsets: number[] = [0];
  private hashes: Int32Array = new Int32Array(1 << 12);
  private slots = new Int32Array(1 << 13).fill(-1);
  private sequenceOf = new Uint32Array(1 << 14);
  private labels = new Uint8Array(1 << 14);
  private sessions = 0;

  /** events[start, end) is the session; `label` NORMAL, ABNORMAL or UNLABELLED. */
  add(events: ArrayLike<number>, start: number, end: number, label: number): void {
    if (this.sessions === this.sequenceOf.length) {
      this.sequenceOf = doubled(this.sequenceOf);
      this.labels = doubled(this.labels);
    }
    this.sequenceOf[this.sessions] = this.intern(events, start, end);
    this.labels[this.sessions++] = label;
  }

  build(details: SessionDetails | null = null): SessionTable {
    return new SessionTable(this.events.slice(0, this.used), Uint32Array.from(this.offsets), this.sequenceOf.slice(0, this.sessions), this.labels.slice(0, this.sessions), details);
  }

  private intern(events: ArrayLike<number>, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    for (let i = start; i < end; i++) {
      hash = Math.imul(hash ^ events[i], 0x01000193);
      hash ^= hash >>> 13;
    }
    const mask = this.slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let id = this.slots[slot]; id >= 0; slot = (slot + 1) & mask, id = this.slots[slot]) {
      if (this.hashes[id] !== hash) continue;
      const from = this.offsets[id];
      if (this.offsets[id + 1] - from !== end - start) continue;
      let i = start;
      for (let j = from; i < end && events[i] === this.events[j]; i++, j++);
      if (i === end) return id;
    }
    return this.insert(events, start, end, hash, slot);
  }

  private insert(events: ArrayLike<number>, start: number, end: number, hash: number, slot: number): number {
    const id = this.offsets.length - 1;
    while (this.used + end - start > this.events.length) this.events = doubled(this.events);
    for (let i = start; i < end; i++) this.events[this.used++] = events[i];
    this.offsets.push(this.used);
    if (id >= this.hashes.length) this.hashes = doubled(this.hashes);
    this.hashes[id] = hash;
    this.slots[slot] = id;
    if ((id + 1) * 2 > this.slots.length) {
      this.slots = new Int32Array(this.slots.length * 2).fill(-1);
      const mask = this.slots.length - 1;
      for (let d = 0; d <= id; d++) {
        let s = (this.hashes[d] ^ (this.hashes[d] >>> 15)) & mask;
        while (this.slots[s] >= 0) s = (s + 1) & mask;
        this.slots[s] = d;
      }
    }
    return id;
  }
}

function doubled<T extends Uint32Array | Uint8Array | Int32Array>(array: T): T {
  const larger = new (array.constructor as new (n: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}
