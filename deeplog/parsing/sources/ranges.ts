import { isAscii } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { DataError } from '../../common/index.js';
import type { FileDigest } from './file_digest.js';
import type { LineChunk } from './types.js';

/** A file has become shorter since it was opened: what stood there is lost. */
export class CutOffError extends DataError {
  override name = 'CutOffError';

  constructor(file: string) {
    super(`${file}: was cut off while it was read, as rotation by copying does. Parse it again, or the copy.`);
  }
}

/** Chunks that are cut without being read: anyone can read any of them, and together they are the chunks of the whole file. */
export interface FileRanges {
  readonly file: string;
  readonly size: number;
  /** Chunks there are, empty ones included. */
  readonly count: number;
  readonly chunkBytes: number;
  /** Takes the chunks' bytes in order; null: nobody asked for their hash. */
  readonly digest: FileDigest | null;
  /** So many bytes more are done; for progress. */
  advance(bytes: number): void;
}

/** A chunk reads a plain file up to the last line end within so many bytes of it. */
export const CHUNK_BYTES = 1 << 20;
/** How far before its range a chunk looks for where its first line begins, at first. */
const LOOK_BACK = 1 << 12;

/** Room for a chunk, which other threads can look into. */
export function roomFor(bytes: number, spare: SharedArrayBuffer | undefined): SharedArrayBuffer {
  return spare !== undefined && spare.byteLength >= bytes ? spare : new SharedArrayBuffer(Math.max(Math.ceil(bytes * 1.25), CHUNK_BYTES + 2 * LOOK_BACK));
}

export interface RangeChunk extends LineChunk {
  readonly bytes: SharedArrayBuffer;
  /** Where the chunk's buffer begins in `bytes`. */
  readonly from: number;
}

/**
 * Reads the chunks of a plain file by number: chunk i holds the lines whose line ends stand in [i, i + 1) × chunkBytes, the last chunk a line
 * without an end. What lies before the range is only looked at for where the first of those lines begins.
 */
export class RangeReader {
  private readonly handle: number;

  constructor(private readonly ranges: Omit<FileRanges, 'advance' | 'digest'>) {
    this.handle = openSync(ranges.file, 'r');
  }

  close(): void {
    closeSync(this.handle);
  }

  /** Chunk `index` in `spare`, or in larger room where that does not do. @throws CutOffError */
  read(index: number, spare?: SharedArrayBuffer): RangeChunk {
    const { size, count, chunkBytes } = this.ranges;
    const first = index * chunkBytes;
    const last = index === count - 1;
    const from = Math.min(first, size);
    const to = Math.min(first + chunkBytes, size);
    let back = Math.min(from, LOOK_BACK);
    let bytes = roomFor(to - from + back, spare);
    let buffer = Buffer.from(bytes);
    let filled = this.fill(buffer, from - back, to);
    // Lines end at the last line end of the range, the file's last line where the file does.
    let end = last ? filled : filled > back ? buffer.lastIndexOf(10, filled - 1) + 1 : 0;
    if (end <= back && !last) return { buffer: buffer.subarray(0, 0), end: 0, ascii: true, bytes, from: 0 };
    let start = startOf(buffer, back, from);
    while (start < 0) {
      const further = Math.min(from, back * 8);
      bytes = roomFor(to - from + further, bytes);
      buffer = Buffer.from(bytes);
      filled = this.fill(buffer, from - further, to);
      end = last ? filled : end + further - back;
      back = further;
      start = startOf(buffer, back, from);
    }
    if (from === back && start === 0 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf && end >= 3) start = 3;
    const lines = buffer.subarray(start, end);
    return { buffer: lines, end: end - start, ascii: isAscii(lines), bytes, from: start };
  }

  private fill(buffer: Buffer, from: number, to: number): number {
    let filled = 0;
    while (filled < to - from) {
      const read = readSync(this.handle, buffer, filled, to - from - filled, from + filled);
      if (read === 0) throw new CutOffError(this.ranges.file);
      filled += read;
    }
    return filled;
  }
}

/** Where the line begins that goes on at `back`, which is place `from` of the file; −1: before the buffer. */
function startOf(buffer: Buffer, back: number, from: number): number {
  if (back === 0) return 0;
  const newline = buffer.lastIndexOf(10, back - 1);
  return newline < 0 && from > back ? -1 : newline + 1;
}

/** The ranges of a plain file of `size` bytes: as many as hold it, and one for a last line without an end. */
export function rangesOf(file: string, size: number, chunkBytes: number, digest: FileDigest | null, advance: (bytes: number) => void): FileRanges {
  return { file, size, count: Math.ceil(size / chunkBytes) + 1, chunkBytes, digest, advance };
}
