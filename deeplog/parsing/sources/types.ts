import type { FileRanges } from './ranges.js';

/** Whole lines: buffer[0, end), the last one without its newline only at the end of a file. Valid until the next is asked for. */
export interface LineChunk {
  readonly buffer: Buffer;
  readonly end: number;
  /** No byte above 127 anywhere in the chunk. */
  readonly ascii: boolean;
  /** 1-based number of each line of the chunk in the input, where lines are not simply counted: records of several lines, CSV, shards. */
  readonly lineNumbers?: ArrayLike<number>;
}

/**
 * Where log lines come from: files today, a message queue some day. A source is read once, from front to back, in chunks of
 * whole lines; what reads it never learns how the lines were stored.
 */
export interface LogSource {
  /** For messages: the file, the pattern that named several, "standard input". */
  readonly name: string;
  /** How far it is: compressed bytes where it is compressed. */
  readonly bytesRead: number;
  /** Null where it is not known beforehand. */
  readonly totalBytes: number | null;
  /** @throws DataError naming the file, and the line where there is one, when the input is damaged. */
  chunks(): AsyncGenerator<LineChunk>;
  /** By file, in hex: of those read to their end so far, where the source was opened to take it. */
  readonly sha256?: ReadonlyMap<string, string>;
  /** The same chunks, for several threads to read; absent or null: the source is read from front to back. */
  ranges?(): Promise<FileRanges | null>;
}
