import { isAscii } from 'node:buffer';
import { createReadStream, existsSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError, messageOf } from '../../common/index.js';
import { FileDigest } from './file_digest.js';
import { CHUNK_BYTES, CutOffError, rangesOf, type FileRanges } from './ranges.js';
import type { LineChunk, LogSource } from './types.js';
import { unzstd, ZSTD_MAGIC } from './zstd.js';

/** One file, plain, gzip or zstd, or standard input. */
export class LineSource implements LogSource {
  bytesRead = 0;

  private constructor(readonly name: string, readonly totalBytes: number | null, private readonly named: boolean, private readonly chunkBytes: number, private readonly digest: FileDigest | null) {}

  /**
   * `-` is standard input. Gzip and zstd are recognised by their content, not their names. `hashed`: take the file's {@link sha256} by the way.
   * @throws DataError when the file is missing, a folder, or UTF-16.
   */
  static async open(file: string, { hashed = false, chunkBytes = CHUNK_BYTES }: { hashed?: boolean; chunkBytes?: number } = {}): Promise<LineSource> {
    if (file === '-') return new LineSource('standard input', null, false, chunkBytes, null);
    if (!existsSync(file)) throw new DataError(`${file}: there is no such file. Check --input_file.`);
    const info = await stat(file);
    if (info.isDirectory()) throw new DataError(`${file}: is a folder; name the log file in it, or all of them: '${file.replace(/\/$/, '')}/*.log'.`);
    // A pipe or a device has neither a size nor places to read at.
    return new LineSource(file, info.isFile() ? info.size : null, true, chunkBytes, hashed && info.isFile() ? new FileDigest(file) : null);
  }

  get sha256(): ReadonlyMap<string, string> {
    return this.digest?.sha256 ?? new Map<string, string>();
  }

  /** @throws DataError when compressed data is damaged or cut off; CutOffError when the file is not as long as it was. */
  async *chunks(): AsyncGenerator<LineChunk> {
    const handle = this.totalBytes === null ? null : await open(this.name, 'r');
    try {
      if (handle !== null && !(await isCompressed(handle))) yield* this.plainChunks(handle);
      else yield* this.streamedChunks();
    } finally {
      await handle?.close();
    }
  }

  /** A plain file's chunks for others to read; null: it must be read from front to back. @throws DataError when it is UTF-16. */
  async ranges(): Promise<FileRanges | null> {
    if (this.totalBytes === null || this.totalBytes === 0) return null;
    const handle = await open(this.name, 'r');
    try {
      if (await isCompressed(handle)) return null;
      const head = Buffer.alloc(4);
      await handle.read(head, 0, 4, 0);
      refuseUnreadable(head, this.name);
    } finally {
      await handle.close();
    }
    return rangesOf(this.name, this.totalBytes, this.chunkBytes, this.digest, (bytes) => { this.bytesRead += bytes; });
  }

  /** Plain files are read into one buffer, over and over: a stream would allocate, and collect, a megabyte a time. */
  private async *plainChunks(handle: FileHandle): AsyncGenerator<LineChunk> {
    const { chunkBytes } = this;
    let buffer = Buffer.allocUnsafe(chunkBytes * 2);
    let spare = Buffer.allocUnsafe(chunkBytes * 2);
    let filled = 0;
    let first = true;
    let atStart = true;
    let skipMark = false;
    let reading = readAhead(handle, buffer, 0, chunkBytes);
    for (;;) {
      const bytesRead = await reading;
      this.bytesRead += bytesRead;
      if (first) {
        first = false;
        refuseUnreadable(buffer.subarray(0, bytesRead), this.name);
      }
      const reached = filled + bytesRead;
      this.digest?.update(buffer.subarray(filled, reached));
      if (atStart && bytesRead > 0) skipMark = hasByteOrderMark(buffer, reached);
      atStart = false;
      const from = skipMark ? 3 : 0;
      if (bytesRead === 0) {
        if (this.bytesRead < (this.totalBytes ?? 0)) throw new CutOffError(this.name);
        this.digest?.end();
        if (filled > from) yield { buffer: buffer.subarray(from), end: filled - from, ascii: isAscii(buffer.subarray(from, filled)) };
        return;
      }
      // What was filled before holds no newline: it was carried over.
      const newline = buffer.lastIndexOf(10, reached - 1);
      const end = newline < filled ? 0 : newline + 1;
      const rest = reached - end;
      if (spare.length < rest + chunkBytes) spare = Buffer.allocUnsafe((rest + chunkBytes) * 2);
      buffer.copy(spare, 0, end, reached);
      // The next piece is read while this one is worked on.
      reading = readAhead(handle, spare, rest, chunkBytes);
      if (end > from) yield { buffer: from === 0 ? buffer : buffer.subarray(from), end: end - from, ascii: isAscii(buffer.subarray(from, end)) };
      if (end > 0) skipMark = false; // it was in front of what is done
      [buffer, spare] = [spare, buffer];
      filled = rest;
    }
  }

  private streamedChunks(): AsyncGenerator<LineChunk> {
    return wholeLines(this.bytes(), this.name);
  }

  private async *bytes(): AsyncGenerator<Buffer> {
    const stream: Readable = !this.named ? process.stdin : createReadStream(this.name, { highWaterMark: CHUNK_BYTES });
    const counted = async function* (this: LineSource): AsyncGenerator<Buffer> {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        this.bytesRead += piece.length;
        this.digest?.update(piece);
        yield piece;
      }
      this.digest?.end();
    }.call(this);
    // The first bytes tell gzip, a byte-order mark and other encodings: pipes may bring them one by one.
    let head = Buffer.alloc(0);
    while (head.length < 4) {
      const piece = await counted.next();
      if (piece.done) break;
      head = Buffer.concat([head, piece.value]);
    }
    if (head.length === 0) return;
    const all = async function* (): AsyncGenerator<Buffer> {
      yield head;
      yield* counted;
    };
    if (isGzip(head)) yield* this.decompressed('gzip', gunzip(all()));
    else if (isZstd(head)) yield* this.decompressed('zstd', unzstd(all(), CHUNK_BYTES));
    else yield* all();
  }

  private async *decompressed(kind: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* bytes;
    } catch (error) {
      if (error instanceof DataError) throw error;
      const cut = /unexpected (end|EOF)/i.test(messageOf(error));
      throw new DataError(`${this.name}: the ${kind} data ${cut ? 'ends early: the file is truncated' : `is damaged (${messageOf(error)})`}. Fetch or copy it again.`);
    }
  }
}

/** As many bytes as wanted, or as there are; some file systems give less than asked for. */
async function readFully(handle: FileHandle, buffer: Buffer, at: number, wanted: number): Promise<number> {
  let filled = 0;
  while (filled < wanted) {
    const { bytesRead } = await handle.read(buffer, at + filled, wanted - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** The same, thrown only where it is awaited: who has seen enough closes the file while it goes on. */
function readAhead(handle: FileHandle, buffer: Buffer, at: number, wanted: number): Promise<number> {
  const reading = readFully(handle, buffer, at, wanted);
  reading.catch(() => undefined);
  return reading;
}

/** A line grew beyond what its reader allows. */
export class LineTooLongError extends DataError {
  override name = 'LineTooLongError';
}

/**
 * Pieces of a log as chunks of whole lines; memory is bounded by the longest line.
 * @throws DataError when the bytes are UTF-16. LineTooLongError for a line of more than `maxLineBytes`.
 */
export async function* wholeLines(pieces: AsyncIterable<Buffer>, name: string, maxLineBytes = Infinity): AsyncGenerator<LineChunk> {
  let buffer = Buffer.allocUnsafe(0);
  let filled = 0;
  let first = true;
  for await (const piece of pieces) {
    let from = 0;
    if (first) {
      first = false;
      refuseUnreadable(piece, name);
      if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) from = 3;
    }
    const length = piece.length - from;
    if (length === 0) continue;
    if (filled + length > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, filled + length));
      buffer.copy(larger, 0, 0, filled);
      buffer = larger;
    }
    piece.copy(buffer, filled, from);
    const newline = buffer.lastIndexOf(10, filled + length - 1);
    const reached = filled + length;
    // A newline before `filled` was handed out already: what is carried over holds none.
    if (newline < filled) {
      filled = reached;
      if (filled > maxLineBytes) throw new LineTooLongError(`${name}: a line is longer than ${maxLineBytes} bytes.`);
      continue;
    }
    const end = newline + 1;
    refuseLongLines(buffer, end, name, maxLineBytes);
    yield { buffer, end, ascii: isAscii(buffer.subarray(0, end)) };
    buffer.copy(buffer, 0, end, reached);
    filled = reached - end;
  }
  if (filled === 0) return;
  refuseLongLines(buffer, filled, name, maxLineBytes);
  yield { buffer, end: filled, ascii: isAscii(buffer.subarray(0, filled)) };
}

function refuseLongLines(buffer: Buffer, end: number, name: string, maxLineBytes: number): void {
  if (end <= maxLineBytes) return;
  for (let start = 0; start < end;) {
    let stop = buffer.indexOf(10, start);
    if (stop < 0 || stop > end) stop = end;
    if (stop - start > maxLineBytes) throw new LineTooLongError(`${name}: a line is longer than ${maxLineBytes} bytes.`);
    start = stop + 1;
  }
}

async function* gunzip(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(compressed, { objectMode: false, highWaterMark: CHUNK_BYTES });
  const stream = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (error) => stream.destroy(error));
  try {
    yield* source.pipe(stream) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

async function isCompressed(handle: FileHandle): Promise<boolean> {
  const magic = Buffer.alloc(4);
  await handle.read(magic, 0, 4, 0);
  return isGzip(magic) || isZstd(magic);
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function isZstd(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE(0) === ZSTD_MAGIC;
}

function hasByteOrderMark(buffer: Buffer, length: number): boolean {
  return length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
}

function refuseUnreadable(piece: Buffer, file: string): void {
  if ((piece[0] === 0xff && piece[1] === 0xfe) || (piece[0] === 0xfe && piece[1] === 0xff)) throw new DataError(`${file}: is UTF-16. Convert it first, e.g. iconv -f UTF-16 -t UTF-8.`);
}
