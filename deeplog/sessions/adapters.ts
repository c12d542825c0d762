import type { SessionRecord } from '../artifacts/index.js';
import { UsageError } from '../common/index.js';
import { LinePattern } from '../parsing/index.js';
import { KeyTable } from './key_table.js';
import { NO_EVENTS, SessionLog } from './session_log.js';
import { NOTHING, type BareSession, type PieceRows, type PlacedLine, type SessionAdapter } from './session_adapter.js';
import type { SessionPieces } from './session_pieces.js';
import { LineWindowAdapter, TimeWindowAdapter } from './window_adapters.js';

export type AdapterOptions =
  | { readonly type: 'only_identifier'; readonly regex: string }
  | { readonly type: 'delimiter+regex'; readonly regex: string; readonly delimiter: string }
  | { readonly type: 'only_delimiter'; readonly delimiter: string }
  | { readonly type: 'interval_time'; readonly deltaMs: number }
  | { readonly type: 'fixed_window'; readonly size: number; readonly stride: number }
  | { readonly type: 'sliding_time'; readonly windowMs: number; readonly stepMs: number };

/** @throws UsageError when the options contradict each other. */
export function createAdapter(options: AdapterOptions): SessionAdapter {
  switch (options.type) {
    case 'only_identifier': return new IdentifierAdapter(options.regex, null);
    case 'delimiter+regex': return new IdentifierAdapter(options.regex, options.delimiter);
    case 'only_delimiter': return new RunAdapter(delimiterStarts(options.delimiter), 0);
    case 'interval_time': return new RunAdapter(intervalStarts(options.deltaMs), 1);
    case 'fixed_window': return new LineWindowAdapter(options.size, options.stride);
    case 'sliding_time': return new TimeWindowAdapter(options.windowMs, options.stepMs);
    default: throw new UsageError(`unknown adapter ${String(options satisfies never)}`);
  }
}

/**
 * Sessions by identifier (only_identifier), or runs of one identifier that a delimiter line starts anew (delimiter+regex).
 * The key is the regex's whole first match in the raw line; ids count from 1 by first appearance.
 */
class IdentifierAdapter implements SessionAdapter {
  private readonly pattern: LinePattern;
  private readonly delimiter: Buffer | null;
  private readonly keys = new KeyTable();
  private readonly log = new SessionLog();
  /** Handle of the open session of each key; handles are session ids minus 1. */
  private readonly openSession: number[] = [];
  private readonly keyOfSession: number[] = [];

  constructor(regex: string, delimiter: string | null) {
    this.pattern = new LinePattern(regex);
    this.delimiter = delimiter === null ? null : Buffer.from(delimiter);
  }

  add(line: PlacedLine): number {
    const { pattern } = this;
    let { keyStart, keyEnd } = line;
    if (keyStart < 0) {
      if (!pattern.find(line.buffer, line.start, line.end, line.ascii)) return -1;
      keyStart = pattern.matchStart;
      keyEnd = pattern.matchEnd;
    }
    const known = this.keys.size;
    const key = this.keys.index(line.buffer, keyStart, keyEnd);
    const starts = key === known || (this.delimiter !== null && contains(line, this.delimiter));
    if (starts) {
      this.openSession[key] = this.log.begin();
      this.keyOfSession.push(key);
    }
    const handle = this.openSession[key];
    this.log.append(handle, line.event, line.line, line.time, line.label);
    return handle + 1;
  }

  addPieces(pieces: SessionPieces, { count, line, event, time }: PieceRows, sessions: Int32Array): boolean {
    if (this.delimiter !== null) return false;
    const { keys, keyEnds, keyOfRow, firstRow, lastRow, events, label, packed, packedEnds } = pieces;
    const { openSession } = this;
    const handles = new Int32Array(pieces.count);
    for (let k = 0, keyStart = 0, from = 0; k < pieces.count; k++) {
      const known = this.keys.size;
      const key = this.keys.index(keys, keyStart, keyEnds[k]);
      if (key === known) {
        openSession[key] = this.log.begin();
        this.keyOfSession.push(key);
      }
      const [first, last, to] = [firstRow[k], lastRow[k], packedEnds[k]];
      this.log.appendPacked(openSession[key], event[first], line[first], time[first], label[k] < 0 ? null : label[k] === 1, packed, from, to, events[k], line[last], time[last]);
      handles[k] = openSession[key] + 1;
      keyStart = keyEnds[k];
      from = to;
    }
    for (let i = 0; i < count; i++) {
      const key = keyOfRow[i];
      sessions[i] = key < 0 ? -1 : handles[key];
    }
    return true;
  }

  takeClosed(): readonly SessionRecord[] {
    return NOTHING;
  }

  *finish(): Iterable<SessionRecord> {
    for (let i = 0; i < this.keyOfSession.length; i++) yield this.log.close(i, i + 1, this.keys.key(this.keyOfSession[i]));
  }

  *finishBare(): Iterable<BareSession> {
    const { keys, keyEnds } = this.keys.contents();
    const bare = { session: 0, keys, keyStart: 0, keyEnd: 0, events: NO_EVENTS };
    for (let i = 0; i < this.keyOfSession.length; i++) {
      const key = this.keyOfSession[i];
      bare.session = i + 1;
      bare.keyStart = key === 0 ? 0 : keyEnds[key - 1];
      bare.keyEnd = keyEnds[key];
      bare.events = this.log.unpack(i);
      yield bare;
    }
  }
}

type Starts = (line: PlacedLine, sessionStart: number) => boolean;

function delimiterStarts(delimiter: string): Starts {
  const bytes = Buffer.from(delimiter);
  return (line) => contains(line, bytes);
}

function intervalStarts(deltaMs: number): Starts {
  // A line without a time stays in the current session.
  return (line, sessionStart) => line.time - sessionStart >= deltaMs;
}

/** One session at a time: a line that `starts` closes it and opens the next (only_delimiter, interval_time). */
class RunAdapter implements SessionAdapter {
  private readonly log = new SessionLog();
  private closed: SessionRecord[] = [];
  private handle = -1;
  private start = NaN;

  constructor(private readonly starts: Starts, private session: number) {}

  add(line: PlacedLine): number {
    if (this.starts(line, this.start)) {
      this.closeCurrent();
      this.session += this.handle >= 0 || this.session === 0 ? 1 : 0;
      this.handle = -1;
      this.start = line.time;
    }
    if (this.handle < 0) {
      this.handle = this.log.begin();
      this.start = line.time;
    } else if (Number.isNaN(this.start)) this.start = line.time;
    this.log.append(this.handle, line.event, line.line, line.time, line.label);
    return this.session;
  }

  takeClosed(): readonly SessionRecord[] {
    const { closed } = this;
    if (closed.length === 0) return NOTHING;
    this.closed = [];
    return closed;
  }

  *finish(): Iterable<SessionRecord> {
    this.closeCurrent();
    yield* this.takeClosed();
  }

  private closeCurrent(): void {
    if (this.handle >= 0) this.closed.push(this.log.close(this.handle, this.session, String(this.session)));
  }
}

function contains(line: PlacedLine, bytes: Buffer): boolean {
  return line.buffer.subarray(line.start, line.end).includes(bytes);
}
