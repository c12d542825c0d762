import { enlarged, type SessionEvents, type SessionRecord } from '../artifacts/index.js';

const CHUNK_BYTES = 32;
const DATA_BYTES = CHUNK_BYTES - 4;
const BLOCK_CHUNKS = 1 << 15;
/** A small log should cost little: the first block begins with this many chunks and doubles. */
const FIRST_CHUNKS = 1 << 6;
const NONE = 0xffffffff;

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
  private readonly open: (OpenSession | undefined)[] = [];
  private readonly closedHandles: number[] = [];
  private scratch = new Uint8Array(1 << 10);
  private readonly unpacked: { -readonly [K in keyof SessionEvents]: SessionEvents[K] } = { ...NO_EVENTS };

  /** `handle` from {@link begin}; `line` 1-based, rising; `time` ms or NaN. */
  append(handle: number, event: number, line: number, time: number, label: boolean | null): void {
    const s = this.session(handle);
    this.varint(s, event);
    this.varint(s, line - s.lastLine);
    s.lastLine = line;
    if (Number.isNaN(time)) this.varint(s, 0);
    else {
      const since = Number.isNaN(s.lastTime) ? 0 : time - s.lastTime;
      // Zigzag, so that clocks that step back stay small; 0 is kept for "no time".
      this.varint(s, (since >= 0 ? since * 2 : -since * 2 - 1) + 1);
      s.lastTime = time;
      s.timed = true;
    }
    if (s.count === 0) s.firstLine = line;
    s.count++;
    if (label !== null) s.label = s.label === true || label;
  }

  /**
   * Several events at once: the first as in {@link append}, `count` in all, the others packed in bytes[from, to) as this log packs them;
   * `line` and `time` of the first, `lastLine` and `lastTime` of the last. Either all have a time or none.
   */
  appendPacked(handle: number, event: number, line: number, time: number, label: boolean | null, bytes: Uint8Array, from: number, to: number, count: number, lastLine: number, lastTime: number): void {
    this.append(handle, event, line, time, label);
    if (count === 1) return;
    const s = this.session(handle);
    let at = from;
    while (at < to) {
      if (s.used === DATA_BYTES) this.link(s);
      const block = this.blocks[s.tail >>> 15];
      let place = (s.tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + s.used;
      const fitting = Math.min(to - at, DATA_BYTES - s.used);
      for (const end = at + fitting; at < end; at++, place++) block[place] = bytes[at];
      s.used += fitting;
    }
    s.count += count - 1;
    s.lastLine = lastLine;
    if (lastTime === lastTime) s.lastTime = lastTime;
  }

  /** Starts a session and returns its handle. */
  begin(): number {
    const head = this.chunk();
    const session: OpenSession = { head, tail: head, used: 0, count: 0, firstLine: 0, lastLine: 0, lastTime: NaN, timed: false, label: null };
    const handle = this.closedHandles.pop();
    if (handle === undefined) return this.open.push(session) - 1;
    this.open[handle] = session;
    return handle;
  }

  /** Unpacks a session and frees its memory; its handle is then meaningless. */
  close(handle: number, session: number, key: string): SessionRecord {
    const { firstLine, count, contiguous, timed, label, events, lines, elapsedMs } = this.unpack(handle);
    return { session, key, firstLine, lines: contiguous ? null : lines.slice(0, count), events: events.slice(0, count), elapsedMs: timed ? elapsedMs.slice(0, count) : null, label };
  }

  /** The same into arrays that the next call fills anew. */
  unpack(handle: number): SessionEvents {
    const s = this.session(handle);
    const { unpacked } = this;
    const { count } = s;
    if (count > unpacked.events.length) {
      unpacked.events = new Uint32Array(count * 2);
      unpacked.lines = new Float64Array(count * 2);
      unpacked.elapsedMs = new Float64Array(count * 2);
    }
    const { events, lines, elapsedMs } = unpacked;
    const { timed } = s;
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
    this.release(s.head);
    this.open[handle] = undefined;
    this.closedHandles.push(handle);
    unpacked.firstLine = s.firstLine;
    unpacked.count = count;
    unpacked.contiguous = count > 0 && lines[count - 1] - lines[0] === count - 1;
    unpacked.timed = timed;
    unpacked.label = s.label;
    return unpacked;
  }

  /** Bytes held by chunks, for measuring. */
  get bytes(): number {
    return this.blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** A session's bytes end to end, good until the next session's. */
  private unchained(s: OpenSession): Uint8Array {
    let at = 0;
    for (let chunk = s.head; ; chunk = this.next(chunk)) {
      const size = chunk === s.tail ? s.used : DATA_BYTES;
      if (at + size > this.scratch.length) this.scratch = enlarged(this.scratch, at + size);
      const { scratch } = this;
      const block = this.blocks[chunk >>> 15];
      for (let i = (chunk & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES, end = i + size; i < end; i++, at++) scratch[at] = block[i];
      if (chunk === s.tail) return scratch;
    }
  }

  private session(handle: number): OpenSession {
    const session = this.open[handle];
    if (session === undefined) throw new RangeError(`session handle ${handle} is not open`);
    return session;
  }

  private varint(s: OpenSession, value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte(s, (rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(s, rest);
  }

  private byte(s: OpenSession, byte: number): void {
    if (s.used === DATA_BYTES) this.link(s);
    this.blocks[s.tail >>> 15][(s.tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + s.used++] = byte;
  }

  /** Goes on in a new chunk. */
  private link(s: OpenSession): void {
    const next = this.chunk();
    this.links[s.tail >>> 15].setUint32((s.tail & (BLOCK_CHUNKS - 1)) * CHUNK_BYTES + DATA_BYTES, next);
    s.tail = next;
    s.used = 0;
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

interface OpenSession {
  head: number;
  tail: number;
  used: number;
  count: number;
  firstLine: number;
  lastLine: number;
  lastTime: number;
  timed: boolean;
  label: boolean | null;
}

/** The number that begins at `from`. */
function varintAt(bytes: Uint8Array, from: number): number {
  let value = 0;
  let scale = 1;
  for (let at = from; ; at++) {
    value += (bytes[at] & 127) * scale;
    if (bytes[at] < 128) return value;
    scale *= 128;
  }
}

function varintEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] > 127) at++;
  return at + 1;
}
