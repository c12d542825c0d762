import { isAscii } from 'node:buffer';
import { createReadStream, existsSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError, messageOf } from '../common/index.js';

const CHUNK_BYTES = 1 << 20;

/** Whole lines: buffer[0, end), the last one without its newline only at the end of the input. Valid until the next is asked for. */
export interface LineChunk {
  readonly buffer: Buffer;
  readonly end: number;
  /** No byte above 127 anywhere in the chunk. */
  readonly ascii: boolean;
}

/** Reads a log in chunks of whole lines; `bytesRead` of `totalBytes` tells how far it is (compressed bytes for .gz). */
export class LineSource {
  bytesRead = 0;

  private constructor(readonly file: string, readonly totalBytes: number | null, private readonly named: boolean) {}

  /**
   * `-` is standard input. Gzip is recognised by its content, not its name.
   * @throws DataError when the file is missing, a folder, or empty of meaning (UTF-16, zstd).
   */
  static async open(file: string): Promise<LineSource> {
    if (file === '-') return new LineSource('standard input', null, false);
    if (!existsSync(file)) throw new DataError(`${file}: there is no such file. Check --input_file.`);
    const info = await stat(file);
    if (info.isDirectory()) throw new DataError(`${file}: is a folder; name the log file in it.`);
    // A pipe or a device has neither a size nor places to read at.
    return new LineSource(file, info.isFile() ? info.size : null, true);
  }

  /** @throws DataError when the gzip data is damaged or cut off. */
  async *chunks(): AsyncGenerator<LineChunk> {
    const handle = this.totalBytes === null ? null : await open(this.file, 'r');
    try {
      if (handle !== null && !(await isGzip(handle))) yield* this.plainChunks(handle);
      else yield* this.streamedChunks();
    } finally {
      await handle?.close();
    }
  }

  /** Plain files are read into one buffer, over and over: a stream would allocate, and collect, a megabyte a time. */
  private async *plainChunks(handle: FileHandle): AsyncGenerator<LineChunk> {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES * 2);
    let spare = Buffer.allocUnsafe(CHUNK_BYTES * 2);
    let filled = 0;
    let first = true;
    let atStart = true;
    let skipMark = false;
    let reading = handle.read(buffer, 0, CHUNK_BYTES, null);
    for (;;) {
      const { bytesRead } = await reading;
      this.bytesRead += bytesRead;
      if (first) {
        first = false;
        refuseUnreadable(buffer.subarray(0, bytesRead), this.file);
      }
      const reached = filled + bytesRead;
      if (atStart && bytesRead > 0) skipMark = hasByteOrderMark(buffer, reached);
      atStart = false;
      const from = skipMark ? 3 : 0;
      if (bytesRead === 0) {
        if (filled > from) yield { buffer: buffer.subarray(from), end: filled - from, ascii: isAscii(buffer.subarray(from, filled)) };
        return;
      }
      // What was filled before holds no newline: it was carried over.
      const newline = buffer.lastIndexOf(10, reached - 1);
      const end = newline < filled ? 0 : newline + 1;
      const rest = reached - end;
      if (spare.length < rest + CHUNK_BYTES) spare = Buffer.allocUnsafe((rest + CHUNK_BYTES) * 2);
      buffer.copy(spare, 0, end, reached);
      // The next piece is read while this one is worked on.
      reading = handle.read(spare, rest, CHUNK_BYTES, null);
      if (end > from) yield { buffer: from === 0 ? buffer : buffer.subarray(from), end: end - from, ascii: isAscii(buffer.subarray(from, end)) };
      if (end > 0) skipMark = false; // it was in front of what is done
      [buffer, spare] = [spare, buffer];
      filled = rest;
    }
  }

  private async *streamedChunks(): AsyncGenerator<LineChunk> {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES * 2);
    let filled = 0;
    let first = true;
    for await (const piece of this.bytes()) {
      let from = 0;
      if (first) {
        first = false;
        refuseUnreadable(piece, this.file);
        if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) from = 3;
      }
      const length = piece.length - from;
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
        continue;
      }
      const end = newline + 1;
      yield { buffer, end, ascii: isAscii(buffer.subarray(0, end)) };
      buffer.copy(buffer, 0, end, reached);
      filled = reached - end;
    }
    if (filled > 0) yield { buffer, end: filled, ascii: isAscii(buffer.subarray(0, filled)) };
  }

  private async *bytes(): AsyncGenerator<Buffer> {
    const stream: Readable = !this.named ? process.stdin : createReadStream(this.file, { highWaterMark: CHUNK_BYTES });
    const counted = async function* (this: LineSource): AsyncGenerator<Buffer> {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        this.bytesRead += piece.length;
        yield piece;
      }
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
    if (!(head[0] === 0x1f && head[1] === 0x8b)) {
      yield* all();
      return;
    }
    const source = Readable.from(all(), { objectMode: false, highWaterMark: CHUNK_BYTES });
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    source.on('error', (error) => gunzip.destroy(error));
    try {
      yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
    } catch (error) {
      const cut = /unexpected end/i.test(messageOf(error));
      throw new DataError(`${this.file}: the gzip data ${cut ? 'ends early: the file is truncated' : `is damaged (${messageOf(error)})`}. Fetch or copy it again.`);
    } finally {
      source.destroy();
    }
  }
}

async function isGzip(handle: FileHandle): Promise<boolean> {
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  return magic[0] === 0x1f && magic[1] === 0x8b;
}

function hasByteOrderMark(buffer: Buffer, length: number): boolean {
  return length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
}

function refuseUnreadable(piece: Buffer, file: string): void {
  if ((piece[0] === 0xff && piece[1] === 0xfe) || (piece[0] === 0xfe && piece[1] === 0xff)) throw new DataError(`${file}: is UTF-16. Convert it first, e.g. iconv -f UTF-16 -t UTF-8.`);
  if (piece.length >= 4 && piece.readUInt32LE(0) === 0xfd2fb528) throw new DataError(`${file}: is zstd-compressed, which is not read yet. Pipe it in: zstd -dc ${file} | … --input_file -`);
}

/** Counts the lines of a file (a last one without newline included). */
export async function countLines(file: string): Promise<number> {
  const source = await LineSource.open(file);
  let lines = 0;
  for await (const { buffer, end } of source.chunks()) {
    for (let i = 0; i < end; i++) if (buffer[i] === 10) lines++;
    if (buffer[end - 1] !== 10) lines++;
  }
  return lines;
}
