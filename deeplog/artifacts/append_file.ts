import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { DataError, messageOf } from '../common/index.js';

const FLUSH_BYTES = 1 << 16;
const FLUSH_MS = 1000;

/**
 * A file that grows by whole records: readers may look at any time. Writes are gathered for up to a second, and one that fails leaves the
 * file as it was after the last whole record.
 */
export class AppendFile {
  private readonly fd: number;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private flushedAt = performance.now();
  private length = 0;

  /** `keep`: length of what is there and stays; the rest is cut off. @throws DataError when the file cannot be made */
  constructor(readonly file: string, keep = 0) {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      this.fd = openSync(file, keep === 0 ? 'w' : 'r+');
      this.length = keep;
      ftruncateSync(this.fd, keep);
    } catch (error) {
      throw new DataError(`${file}: cannot be written (${messageOf(error)}). Choose another folder or free the disk.`);
    }
  }

  /** @throws DataError when the disk is full or gone */
  append(record: Uint8Array | string): void {
    const bytes = typeof record === 'string' ? Buffer.from(record) : record;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes >= FLUSH_BYTES || performance.now() - this.flushedAt >= FLUSH_MS) this.flush();
  }

  /** @throws DataError when the disk is full or gone */
  flush(): void {
    this.flushedAt = performance.now();
    if (this.waitingBytes === 0) return;
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at, bytes.length - at, this.length + at);
      this.length += bytes.length;
    } catch (error) {
      ftruncateSync(this.fd, this.length);
      throw new DataError(`${this.file}: writing failed (${messageOf(error)}). What was there before is whole.`);
    }
  }

  /** Writes what is waiting as far as that is possible, and closes. */
  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.fd);
    }
  }
}
