import type { SessionEvents, SessionRecord } from '../artifacts/index.js';
import type { SessionPieces } from './session_pieces.js';

/** One parsed line as an adapter sees it: buffer[start, end) is the raw line. */
export interface PlacedLine {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly ascii: boolean;
  /** 1-based. */
  readonly line: number;
  readonly event: number;
  /** Milliseconds, or NaN. */
  readonly time: number;
  readonly label: boolean | null;
  /** The first match of the adapter's regex, where it is known already; else −1. */
  readonly keyStart: number;
  readonly keyEnd: number;
}

/** Columns of the rows that pieces are of. */
export interface PieceRows {
  readonly count: number;
  readonly line: Float64Array;
  readonly event: Uint32Array;
  readonly time: Float64Array;
}

/** Asked for after every line: an empty array of its own each time would be garbage by the million. */
export const NOTHING: readonly SessionRecord[] = [];

/** A session without objects of its own; keys[keyStart, keyEnd) is its key in UTF-8. */
export interface BareSession {
  readonly session: number;
  readonly keys: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly events: SessionEvents;
}

/** Groups lines into sessions. Sessions that can be told to be over are handed out early. */
export interface SessionAdapter {
  /** The session that the line belongs to, or −1: none, or several windows. */
  add(line: PlacedLine): number;
  /**
   * A whole block at once, whose rows have been grouped; `sessions` gets each row's. Absent, or false: this adapter wants line after line.
   */
  addPieces?(pieces: SessionPieces, rows: PieceRows, sessions: Int32Array): boolean;
  /** Sessions finished since the last call, in order. */
  takeClosed(): readonly SessionRecord[];
  /** The rest, in order of session id; nothing may be added afterwards. */
  finish(): Iterable<SessionRecord>;
  /** The same for adapters of many open sessions: each session's number, where its key stands and its events, all of which only hold until the next. */
  finishBare?(): Iterable<BareSession>;
}
