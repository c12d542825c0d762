import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { wholeLines } from '../parsing/index.js';
import { ServiceError } from './errors.js';
import type { Deadline } from './limits.js';

const PIECE_BYTES = 1 << 16;

/** The log that a JSON request brings as one text, in pieces, so that reading it lets other requests have a turn. */
export async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (at > 0) await setImmediate();
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

/** The body as it was before it was compressed. @throws ServiceError when its encoding is not known here. */
export function decoded(body: Readable, encoding: string | undefined): Readable {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '') return body;
  const make = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }[name];
  if (make === undefined) throw new ServiceError(415, 'unknown_encoding', 'The content encoding of this request is not known here.', 'Send the body as it is, or with Content-Encoding gzip, deflate or br.');
  const decoder = make();
  body.on('error', (error) => decoder.destroy(error));
  // A request that is refused for another reason is not read to its end: what is wrong with the rest must not end the process.
  decoder.on('error', () => undefined);
  return body.pipe(decoder);
}

/** What arrives of a request body, under its limits; the stream itself is left to its owner. @throws ServiceError when it is too large, too slow or damaged. */
export async function* limited(body: Readable, maxBytes: number, larger: string, deadline: Deadline): AsyncGenerator<Buffer> {
  const pieces = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await deadline.race(pieces.next());
      if (done === true) break;
      deadline.progress();
      bytes += value.length;
      if (bytes > maxBytes) throw new ServiceError(413, 'body_too_large', `The request body is larger than ${maxBytes} bytes.`, larger);
      yield value;
    }
    deadline.phase = 'answering';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (/^(Z_|ERR_(_ERROR|BROTLI|PADDING)|ERR__)/.test(code)) throw new ServiceError(400, 'bad_compression', 'The compressed body is damaged or cut off.', 'Compress it again, or send it as it is.');
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') throw new ServiceError(499, 'client_gone', 'The client closed the connection.', 'Keep it open until the answer is there.');
    throw error;
  } finally {
    void pieces.return?.();
  }
}

/** A JSON body as a value. @throws ServiceError */
export async function jsonOf(pieces: AsyncIterable<Buffer>): Promise<unknown> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  const bytes = Buffer.concat(all);
  if (!isUtf8(bytes)) throw new ServiceError(400, 'invalid_json', 'The body is not UTF-8.', 'Send JSON in UTF-8.');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ServiceError(400, 'invalid_json', 'The body is not valid JSON.', 'Send a JSON object, or the log itself as text/plain.');
  }
}

/**
 * Log lines from NDJSON, a record a line: a text, or an object whose `line` is one. Line numbers are the records'.
 * @throws ServiceError naming the record that is none.
 */
export function linesOfRecords(body: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<Buffer> {
  return mappedLines(body, maxLineBytes, lineOfRecord);
}

/** NDJSON whose records are the log's own: JSON objects, each on its line. @throws ServiceError naming the record that is none. */
export function objectLines(body: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<Buffer> {
  return mappedLines(body, maxLineBytes, objectOfRecord);
}

async function* mappedLines(body: AsyncIterable<Buffer>, maxLineBytes: number, map: (json: string, record: number) => string): AsyncGenerator<Buffer> {
  let record = 0;
  for await (const { buffer, end } of wholeLines(body, 'the request body', maxLineBytes)) {
    const lines: string[] = [];
    for (let start = 0; start < end;) {
      let stop = buffer.indexOf(10, start);
      if (stop < 0 || stop > end) stop = end;
      const json = buffer.toString('utf8', start, stop).trim();
      record++;
      lines.push(json === '' ? '' : map(json, record));
      start = stop + 1;
    }
    yield Buffer.from(`${lines.join('\n')}\n`);
  }
}

const LINE_FIX = 'Send one JSON value a line: the log line as a text, or {"line": "…"}.';

function lineOfRecord(json: string, record: number): string {
  const value = valueOfRecord(json, record, LINE_FIX);
  const line = typeof value === 'object' && value !== null && 'line' in value ? value.line : value;
  if (typeof line !== 'string') throw badRecord(record, 'is neither a text nor an object with a text in "line"', LINE_FIX);
  if (/[\n\r]/.test(line.replace(/\r?\n?$/, ''))) throw badRecord(record, 'holds a line break; a record is one line of the log', LINE_FIX);
  return line.replace(/\r?\n?$/, '');
}

const OBJECT_FIX = 'Send one JSON object a line, with the values that this model reads (GET /models shows them as its layout).';

function objectOfRecord(json: string, record: number): string {
  const value = valueOfRecord(json, record, OBJECT_FIX);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRecord(record, 'is no JSON object, and this model reads records with named values', OBJECT_FIX);
  return json;
}

function valueOfRecord(json: string, record: number, fix: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw badRecord(record, 'is not valid JSON', fix);
  }
}

function badRecord(record: number, what: string, fix: string): ServiceError {
  return new ServiceError(400, 'bad_record', `Record ${record} ${what}.`, fix);
}
