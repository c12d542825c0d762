import type { PlainParameters } from '../../artifacts/index.js';
import type { FileRanges, FullSearch, MinerOptions, MinerState } from '../../parsing/index.js';
import type { AdapterOptions } from '../adapters.js';
import type { BlockColumns, HeaderCounts } from '../line_block.js';
import type { SessionPieces } from '../session_pieces.js';
import type { RoomSizes } from './room.js';

/** What a worker needs to read lines as the main thread does. */
export interface WorkerSettings {
  readonly miner: MinerOptions;
  /** What the parser knows at the start. */
  readonly state: MinerState;
  readonly layout: string | null;
  readonly timeFormat: string | null;
  readonly labelColumn: string | null;
  readonly anomalyLabels: readonly string[];
  readonly adapter: AdapterOptions | null;
  readonly fullSearch: FullSearch;
  /** The file whose chunks are asked for by number; null: chunks are brought along. */
  readonly ranges: Omit<FileRanges, 'advance' | 'digest'> | null;
}

/** A template that was made or changed. */
export interface Learned {
  readonly id: number;
  readonly tokens: readonly string[];
}

/** Whole lines: bytes[from, from + end). */
export interface SharedChunk {
  readonly bytes: SharedArrayBuffer;
  readonly from: number;
  readonly end: number;
  readonly ascii: boolean;
}

export interface ChunkRequest {
  /** A chunk to read, by number, or its lines. */
  readonly chunk: { readonly index: number; readonly spare: SharedArrayBuffer | undefined } | SharedChunk;
  /** A room that is done with, for the answer. */
  readonly room: SharedArrayBuffer | undefined;
  /** What was learned since this worker's last chunk, in order. */
  readonly learned: readonly Learned[];
  /** Match only. */
  readonly matching: boolean;
}

/** In place of an event: the parser would learn something. */
export const UNSURE = 0xffffffff;

/** A chunk's lines as far as a worker can take them; line numbers count from the chunk's first. */
export interface MinedChunk {
  /** Rows; the columns may be longer. */
  readonly count: number;
  readonly columns: BlockColumns;
  readonly parameters: PlainParameters;
  /** The distinct events in order of their first row, how many rows each has, and the first. */
  readonly used: { readonly event: Uint32Array; readonly rows: Uint32Array; readonly first: Uint32Array };
  /** Rows grouped by session; null: that is for the main thread to do. */
  readonly pieces: SessionPieces | null;
  readonly firstUndated: string | null;
  readonly counts: HeaderCounts;
  readonly unparsed: readonly (readonly [line: number, text: string])[];
}

/** A {@link MinedChunk} whose columns, parameters and pieces lie in a room of shared memory. */
export interface MinedRoom extends Omit<MinedChunk, 'count' | 'columns' | 'parameters' | 'pieces'> {
  readonly room: SharedArrayBuffer;
  readonly sizes: RoomSizes;
}

/** `mined` is null where the chunk holds lines that are no UTF-8, which only the main thread repairs. `ready`: the thread is up. */
export type ChunkAnswer = { readonly chunk: SharedChunk; readonly mined: MinedRoom | null } | { readonly error: string } | { readonly ready: true };
