import { enlarged } from '../artifacts/index.js';
import { KeyTable } from './key_table.js';
import type { LineBlock } from './line_block.js';
import { putVarint } from './varint.js';

/**
 * What a chunk adds to each session: its events packed as {@link SessionLog} keeps them, all but the first, whose line and time only
 * make sense beside what the session held before. One entry per distinct key of the chunk, in order of first appearance; arrays may be longer.
 */
export interface SessionPieces {
  readonly count: number;
  /** Rows of the block. */
  readonly rows: number;
  /** Packed bytes. */
  readonly bytes: number;
  /** Key bytes end to end, and where each ends. */
  readonly keys: Uint8Array;
  readonly keyEnds: Float64Array;
  /** By row of the block: its key, or −1. */
  readonly keyOfRow: Int32Array;
  /** Rows of the first and the last event. */
  readonly firstRow: Int32Array;
  readonly lastRow: Int32Array;
  readonly events: Int32Array;
  /** 1 abnormal, 0 normal, −1 unknown. */
  readonly label: Int8Array;
  /** Packed events end to end, and where each session's end. */
  readonly packed: Uint8Array;
  readonly packedEnds: Int32Array;
}

/** Groups a block's rows by their keys and packs them: most of what sessions cost, done where the lines are read. */
export class SessionPacker {
  private table = new KeyTable();
  private keyOfRow = new Int32Array(1 << 13);
  private firstRow = new Int32Array(1 << 12);
  private lastRow = new Int32Array(1 << 12);
  private events = new Int32Array(1 << 12);
  private next = new Int32Array(1 << 13);
  private label = new Int8Array(1 << 12);
  private packed = new Uint8Array(1 << 16);
  private packedEnds = new Int32Array(1 << 12);

  /** The packer's own arrays, good until the next block. null: some rows have a time and some have none, which is for the session to sort out event by event. */
  pack(block: LineBlock): SessionPieces | null {
    const { count, buffers, keyStarts, keyEnds, time, line, label, event } = block;
    this.table.clear();
    const { table } = this;
    if (this.keyOfRow.length < count) {
      this.keyOfRow = new Int32Array(count * 2);
      this.next = new Int32Array(count * 2);
    }
    const { keyOfRow, next } = this;
    let timed = 0;
    let keyed = 0;
    for (let i = 0; i < count; i++) {
      if (keyStarts[i] < 0) {
        keyOfRow[i] = -1;
        continue;
      }
      const known = table.size;
      const key = table.index(buffers[i], keyStarts[i], keyEnds[i]);
      keyOfRow[i] = key;
      next[i] = -1;
      keyed++;
      if (time[i] === time[i]) timed++;
      if (key === known) {
        if (key === this.firstRow.length) this.growKeys();
        this.firstRow[key] = i;
        this.events[key] = 1;
        this.label[key] = label[i];
      } else {
        next[this.lastRow[key]] = i;
        this.events[key]++;
        if (label[i] > this.label[key]) this.label[key] = label[i];
      }
      this.lastRow[key] = i;
    }
    if (timed !== 0 && timed !== keyed) return null;
    const { firstRow, lastRow, events, packedEnds } = this;
    let at = 0;
    for (let key = 0; key < table.size; key++) {
      let before = firstRow[key];
      const most = (events[key] - 1) * 24; // three numbers of at most eight bytes
      if (at + most > this.packed.length) this.packed = enlarged(this.packed, at + most);
      const { packed } = this;
      for (let row = next[before]; row >= 0; before = row, row = next[row]) {
        at = putVarint(packed, at, event[row]);
        at = putVarint(packed, at, line[row] - line[before]);
        if (timed === 0) packed[at++] = 0;
        else {
          const since = time[row] - time[before];
          at = putVarint(packed, at, (since >= 0 ? since * 2 : -since * 2 - 1) + 1);
        }
      }
      packedEnds[key] = at;
    }
    const { size } = table;
    return {
      count: size, rows: count, bytes: at, ...table.contents(), keyOfRow, firstRow, lastRow, events, label: this.label, packed: this.packed, packedEnds,
    };
  }

  private growKeys(): void {
    const size = this.firstRow.length * 2;
    this.firstRow = enlarged(this.firstRow, size);
    this.lastRow = enlarged(this.lastRow, size);
    this.events = enlarged(this.events, size);
    this.label = enlarged(this.label, size);
    this.packedEnds = enlarged(this.packedEnds, size);
  }
}
