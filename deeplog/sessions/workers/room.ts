import type { ParameterColumns, PlainParameters } from '../../artifacts/index.js';
import type { BlockColumns, LineBlock } from '../line_block.js';
import type { SessionPieces } from '../session_pieces.js';

/** How much of everything a room holds. */
export interface RoomSizes {
  readonly rows: number;
  readonly values: number;
  readonly textBytes: number;
  /** Of the rows grouped by session; null: they were not. */
  readonly pieces: { readonly keys: number; readonly keyBytes: number; readonly packedBytes: number } | null;
}

export interface RoomArrays {
  readonly columns: BlockColumns;
  readonly parameters: PlainParameters;
  readonly pieces: SessionPieces | null;
}

/**
 * Writes a chunk's arrays into shared memory, `spare` where it is large enough. Threads hand this to each other over and over: buffers that were transferred instead
 * would leave their sender detached, and one detached buffer makes V8 check every access to every array of the thread from then on (a sixth of the parser's time, measured).
 */
export function fillRoom(spare: SharedArrayBuffer | undefined, block: LineBlock, parameters: ParameterColumns, pieces: SessionPieces | null): { room: SharedArrayBuffer; sizes: RoomSizes } {
  const keyBytes = pieces === null || pieces.count === 0 ? 0 : pieces.keyEnds[pieces.count - 1];
  const sizes: RoomSizes = {
    rows: block.count, values: parameters.values, textBytes: parameters.textBytes,
    pieces: pieces && { keys: pieces.count, keyBytes, packedBytes: pieces.bytes },
  };
  const bytes = cut(new SharedArrayBuffer(0), sizes, true).bytes;
  const room = spare !== undefined && spare.byteLength >= bytes ? spare : new SharedArrayBuffer(Math.ceil(bytes * 1.25));
  const to = cut(room, sizes, false).arrays;
  copy(to.columns, block);
  copy(to.parameters, parameters);
  if (to.pieces !== null && pieces !== null) copy(to.pieces, pieces);
  return { room, sizes };
}

/** The arrays in a room, each of just its size. */
export function openRoom(room: SharedArrayBuffer, sizes: RoomSizes): RoomArrays {
  return cut(room, sizes, false).arrays;
}

type Arrays = Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array;

/** Each array of `to` gets the front of the one of the same name. */
function copy<T extends object>(to: T, from: { readonly [K in keyof T]: T[K] }): void {
  for (const name of Object.keys(to) as (keyof T & string)[]) {
    const target: unknown = to[name];
    if (ArrayBuffer.isView(target)) (target as Arrays).set((from[name] as Arrays).subarray(0, (target as Arrays).length));
  }
}

/** Lays the arrays out one behind the other. `measure`: only how many bytes that takes. */
function cut(room: SharedArrayBuffer, { rows, values, textBytes, pieces }: RoomSizes, measure: boolean): { arrays: RoomArrays; bytes: number } {
  let at = 0;
  const place = <T>(make: { new (buffer: SharedArrayBuffer, from: number, length: number): T; readonly BYTES_PER_ELEMENT: number }, length: number): T => {
    const from = at;
    at += Math.ceil((length * make.BYTES_PER_ELEMENT) / 8) * 8;
    return measure ? new make(room, 0, 0) : new make(room, from, length);
  };
  const ints = (length: number): Int32Array => place(Int32Array, length);
  const columns: BlockColumns = {
    line: place(Float64Array, rows), starts: ints(rows), ends: ints(rows), contentStarts: ints(rows), contentEnds: ints(rows), ascii: place(Uint8Array, rows), time: place(Float64Array, rows), label: place(Int8Array, rows),
    keyStarts: ints(rows), keyEnds: ints(rows), event: place(Uint32Array, rows),
  };
  const parameters: PlainParameters = { rowOffsets: ints(rows + 1), valueOffsets: ints(values + 1), text: place(Uint8Array, textBytes) };
  const grouped: SessionPieces | null = pieces && {
    count: pieces.keys, rows, bytes: pieces.packedBytes, keys: place(Uint8Array, pieces.keyBytes), keyEnds: place(Float64Array, pieces.keys), keyOfRow: ints(rows), firstRow: ints(pieces.keys), lastRow: ints(pieces.keys),
    events: ints(pieces.keys), label: place(Int8Array, pieces.keys), packed: place(Uint8Array, pieces.packedBytes), packedEnds: ints(pieces.keys),
  };
  return { arrays: { columns, parameters, pieces: grouped }, bytes: at };
}
