import { enlarged, type SessionEvents, type SessionRecord } from '../artifacts/index.js';
import { varintAt, varintEnd } from './varint.js';
import { DataError } from '../common/index.js';

const CHUNK_BYTES = 32;
const DATA_BYTES = CHUNK_BYTES - 4;
const BLOCK_CHUNKS = 1 << 15;
/** A small log should cost little: the first block begins with this many chunks and doubles. */
const FIRST_CHUNKS = 1 << 6;
const NONE = 0xffffffff;

/** Numbers of an open session: its chunks and how much of the last is used, events so far (−1: closed), lines of the first and the last event, time of the last that has one. */
const FIELDS = 8;
const TAIL = 0;
const USED = 1;
const COUNT = 2;
const LAST_LINE = 3;
const LAST_TIME = 4;
const FIRST_LINE = 5;
/** The first chunk times {@link LABELS}, and 0 no label, 1 normal, 2 abnormal. */
const HEAD_AND_LABEL = 6;
const LABELS = 4;
const CLOSED = -1;
const FIRST_SESSIONS = 64;

/** Of no session. */
export const NO_EVENTS: SessionEvents = { firstLine: 0, count: 0, events: new Uint32Array(0), lines: new Float64Array(0), contiguous: false, elapsedMs: new Float64Array(0), timed: false, label: null };

/**
 * The events of the open sessions, packed: each event is a few bytes (event id, line and time as differences, varints) in
 * 32-byte chunks chained per session. Some 6 bytes per HDFS event, where plain arrays would take 20.
 */
export class SessionLog {
  private readonly blocks: Uint8Array[] = [];
  private readonly links: DataView[] = [];
  private freeHead = NONE;
  private chunksUsed = 0;
  /** The open sessions, {@link FIELDS} numbers each: what every line touches lies in one line of the processor's cache. */
  private open = new Float64Array(FIELDS * FIRST_SESSIONS);
  private handles = 0;
  private readonly closedHandles: number[] = [];
  private scratch = new Uint8Array(1 << 10);
  private readonly unpacked: { -readonly [K in keyof SessionEvents]: SessionEvents[K] } = { ...NO_EVENTS };

  /** `handle` from {@link begin}; `line` 1-based, rising; `time` ms or NaN. @throws DataError when a line's number does not rise. */
  append(handle: number, event: number, line: number, time: number, label: boolean | null): void {
    const { open } = this;
    const s = handle * FIELDS;
    const count = open[s + COUNT];
    if (count === CLOSED) throw new RangeError(`session handle ${handle} is not open`);
    const sinceLine = line - open[s + LAST_LINE];
    open[s + LAST_LINE] = line;
    let code = 0;
    if (time === time) {
      const last = open[s + LAST_TIME];
      const since = last === last ? time - last : 0;
      // Zigzag, so that clocks that step back stay small; 0 is kept for "no time".
      code = (since >= 0 ? since * 2 : -since * 2 - 1) + 1;
      open[s + LAST_TIME] = time;
    }
    let used = open[s + USED];
    if (used + 6 <= DATA_BYTES && event < 128 && sinceLine > 0 && sinceLine < 2_097_152 && code < 16_384) {
      // Nearly all: at most six bytes, of which no chunk is full.
      const tail = open[s + TAIL];
      const block = this.blocks[tail >>> 15];
      const begin = (tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES;
      let at = begin + used;
      block[at++] = event;
      if (sinceLine > 127) {
        block[at++] = (sinceLine & 127) | 128;
        if (sinceLine > 16_383) {
          block[at++] = ((sinceLine >>> 7) & 127) | 128;
          block[at++] = sinceLine >>> 14;
        } else block[at++] = sinceLine >>> 7;
      } else block[at++] = sinceLine;
      if (code > 127) {
        block[at++] = (code & 127) | 128;
        block[at++] = code >>> 7;
      } else block[at++] = code;
      used = at - begin;
      open[s + USED] = used;
    } else {
      if (sinceLine <= 0 && count > 0) throw new DataError(`Line ${line} comes after line ${line - sinceLine} of the same session: the numbers that lines of --numbered bring along must rise. Sort the lines by number (sort -n).`);
      this.varint(s, event);
      this.varint(s, sinceLine);
      this.varint(s, code);
    }
    if (count === 0) open[s + FIRST_LINE] = line;
    open[s + COUNT] = count + 1;
    if (label !== null) this.note(s, label);
  }

  /**
   * Several events at once: the first as in {@link append}, `count` in all, the others packed in bytes[from, to) as this log packs them;
   * `line` and `time` of the first, `lastLine` and `lastTime` of the last. Either all have a time or none.
   */
  appendPacked(handle: number, event: number, line: number, time: number, label: boolean | null, bytes: Uint8Array, from: number, to: number, count: number, lastLine: number, lastTime: number): void {
    this.append(handle, event, line, time, label);
    if (count === 1) return;
    const { open } = this;
    const s = handle * FIELDS;
    let at = from;
    while (at < to) {
      if (open[s + USED] === DATA_BYTES) this.link(s);
      const [tail, used] = [open[s + TAIL], open[s + USED]];
      const block = this.blocks[tail >>> 15];
      let place = (tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + used;
      const fitting = Math.min(to - at, DATA_BYTES - used);
      for (const end = at + fitting; at < end; at++, place++) block[place] = bytes[at];
      open[s + USED] = used + fitting;
    }
    open[s + COUNT] += count - 1;
    open[s + LAST_LINE] = lastLine;
    if (lastTime === lastTime) open[s + LAST_TIME] = lastTime;
  }

  /** Starts a session and returns its handle. */
  begin(): number {
    const head = this.chunk();
    const handle = this.closedHandles.pop() ?? this.handles++;
    if (this.handles * FIELDS > this.open.length) this.open = enlarged(this.open, this.handles * FIELDS);
    const { open } = this;
    const s = handle * FIELDS;
    open[s + HEAD_AND_LABEL] = head * LABELS;
    open[s + TAIL] = head;
    open[s + USED] = 0;
    open[s + COUNT] = 0;
    open[s + FIRST_LINE] = 0;
    open[s + LAST_LINE] = 0;
    open[s + LAST_TIME] = NaN;
    return handle;
  }

  /** Unpacks a session and frees its memory; its handle is then meaningless. */
  close(handle: number, session: number, key: string): SessionRecord {
    const { firstLine, count, contiguous, timed, label, events, lines, elapsedMs } = this.unpack(handle);
    return { session, key, firstLine, lines: contiguous ? null : lines.slice(0, count), events: events.slice(0, count), elapsedMs: timed ? elapsedMs.slice(0, count) : null, label };
  }

  /** The same into arrays that the next call fills anew. */
  unpack(handle: number): SessionEvents {
    const { unpacked, open } = this;
    const s = handle * FIELDS;
    const count = open[s + COUNT];
    if (count === CLOSED) throw new RangeError(`session handle ${handle} is not open`);
    if (count > unpacked.events.length) {
      unpacked.events = new Uint32Array(count * 2);
      unpacked.lines = new Float64Array(count * 2);
      unpacked.elapsedMs = new Float64Array(count * 2);
    }
    const { events, lines, elapsedMs } = unpacked;
    const timed = open[s + LAST_TIME] === open[s + LAST_TIME];
    const bytes = this.unchained(s);
    let at = 0;
    let line = 0;
    let timedBefore = false;
    for (let i = 0; i < count; i++) {
      // Numbers below 128, most of them, need no call.
      if (bytes[at] < 128) events[i] = bytes[at++];
      else {
        events[i] = varintAt(bytes, at);
        at = varintEnd(bytes, at);
      }
      if (bytes[at] < 128) line += bytes[at++];
      else {
        line += varintAt(bytes, at);
        at = varintEnd(bytes, at);
      }
      lines[i] = line;
      let code = bytes[at];
      if (code < 128) at++;
      else {
        code = varintAt(bytes, at);
        at = varintEnd(bytes, at);
      }
      if (!timed) continue;
      if (code === 0) elapsedMs[i] = NaN;
      else {
        const zigzag = code - 1;
        const since = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
        elapsedMs[i] = timedBefore ? since : 0;
        timedBefore = true;
      }
    }
    const head = Math.floor(open[s + HEAD_AND_LABEL] / LABELS);
    const label = open[s + HEAD_AND_LABEL] - head * LABELS;
    this.release(head);
    open[s + COUNT] = CLOSED;
    this.closedHandles.push(handle);
    unpacked.firstLine = open[s + FIRST_LINE];
    unpacked.count = count;
    unpacked.contiguous = count > 0 && lines[count - 1] - lines[0] === count - 1;
    unpacked.timed = timed;
    unpacked.label = label === 0 ? null : label === 2;
    return unpacked;
  }

  /** Bytes held by chunks, for measuring. */
  get bytes(): number {
    return this.blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** A session's bytes end to end, good until the next session's. */
  private unchained(s: number): Uint8Array {
    const { open } = this;
    const tail = open[s + TAIL];
    let at = 0;
    for (let chunk = Math.floor(open[s + HEAD_AND_LABEL] / LABELS); ; chunk = this.next(chunk)) {
      const size = chunk === tail ? open[s + USED] : DATA_BYTES;
      if (at + size > this.scratch.length) this.scratch = enlarged(this.scratch, at + size);
      const { scratch } = this;
      const block = this.blocks[chunk >>> 15];
      for (let i = (chunk & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES, end = i + size; i < end; i++, at++) scratch[at] = block[i];
      if (chunk === tail) return scratch;
    }
  }

  /** One abnormal line makes the session so. */
  private note(s: number, label: boolean): void {
    const { open } = this;
    const packed = open[s + HEAD_AND_LABEL];
    const before = packed % LABELS;
    open[s + HEAD_AND_LABEL] = packed - before + Math.max(before, label ? 2 : 1);
  }

  private varint(s: number, value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte(s, (rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(s, rest);
  }

  private byte(s: number, byte: number): void {
    if (this.open[s + USED] === DATA_BYTES) this.link(s);
    const { open } = this;
    const tail = open[s + TAIL];
    this.blocks[tail >>> 15][(tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + open[s + USED]++] = byte;
  }

  /** Goes on in a new chunk. */
  private link(s: number): void {
    const next = this.chunk();
    const { open } = this;
    const tail = open[s + TAIL];
    this.links[tail >>> 15].setUint32((tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + DATA_BYTES, next);
    open[s + TAIL] = next;
    open[s + USED] = 0;
  }

  private chunk(): number {
    let chunk = this.freeHead;
    if (chunk === NONE) {
      chunk = this.chunksUsed++;
      this.makeRoom(chunk);
    } else this.freeHead = this.next(chunk);
    this.links[chunk >>> 15].setUint32((chunk & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + DATA_BYTES, NONE);
    return chunk;
  }

  private makeRoom(chunk: number): void {
    const b = chunk >>> 15;
    const needed = ((chunk & (BLOCK_CHUNKS - 1)) + 1) * CHUNK_BYTES;
    const old = this.blocks[b] ?? new Uint8Array(0);
    if (needed <= old.length) return;
    const block = new Uint8Array(b > 0 ? BLOCK_CHUNKS * CHUNK_BYTES : Math.max(FIRST_CHUNKS * CHUNK_BYTES, old.length * 2));
    block.set(old);
    this.blocks[b] = block;
    this.links[b] = new DataView(block.buffer);
  }

  private next(chunk: number): number {
    return this.links[chunk >>> 15].getUint32((chunk & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + DATA_BYTES);
  }

  private release(head: number): void {
    for (let chunk = head; chunk !== NONE;) {
      const next = this.next(chunk);
      this.links[chunk >>> 15].setUint32((chunk & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + DATA_BYTES, this.freeHead);
      this.freeHead = chunk;
      chunk = next;
    }
  }
}
