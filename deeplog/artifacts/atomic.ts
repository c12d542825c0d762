import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { DataError, messageOf } from '../common/index.js';

/** Temporary files of this process: gone when it ends, by Ctrl-C too (the command line turns that into an exit). */
const unfinished = new Set<string>();
process.on('exit', () => { for (const file of unfinished) rmSync(file, { force: true }); });

const SYNC_BYTES = 32 << 20;

/**
 * A file that appears under its name only when it is whole: written beside it under a temporary name, fsynced, renamed.
 * A crash leaves the old file, or none, never half of one.
 */
export class AtomicFile {
  private unsynced = 0;
  private syncing: Promise<void> | null = null;
  private failed: unknown = null;

  private constructor(readonly path: string, private readonly temporary: string, private readonly handle: FileHandle) {}

  /** @throws DataError when the folder cannot be written. */
  static async create(file: string): Promise<AtomicFile> {
    const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await makeFolder(path.dirname(path.resolve(file)));
      const handle = await open(temporary, 'w');
      unfinished.add(temporary);
      return new AtomicFile(file, temporary, handle);
    } catch (error) {
      throw new DataError(`${file}: cannot be written (${messageOf(error)}). Choose another output path or free the disk.`);
    }
  }

  /** @throws DataError when the disk is full or gone. */
  async write(chunk: Uint8Array | string): Promise<void> {
    try {
      if (typeof chunk === 'string') await this.handle.writeFile(chunk);
      else for (let at = 0; at < chunk.byteLength;) at += (await this.handle.write(chunk, at)).bytesWritten;
    } catch (error) {
      throw new DataError(`${this.path}: writing failed (${messageOf(error)}). What was there before is untouched.`);
    }
  }

  /** Several pieces with one call. @throws DataError when the disk is full or gone. */
  async writeAll(chunks: Uint8Array[]): Promise<void> {
    // The system takes 1,024 pieces at once, on some machines fewer.
    for (let from = 0; from < chunks.length; from += 512) await this.writePieces(chunks.slice(from, from + 512));
  }

  private async writePieces(chunks: Uint8Array[]): Promise<void> {
    try {
      if (this.failed !== null) throw this.failed as Error;
      for (let left = chunks; left.length > 0;) {
        let { bytesWritten } = await this.handle.writev(left);
        let whole = 0;
        while (whole < left.length && bytesWritten >= left[whole].byteLength) bytesWritten -= left[whole++].byteLength;
        left = left.slice(whole);
        if (left.length > 0) left[0] = left[0].subarray(bytesWritten);
      }
      this.syncNowAndThen(chunks);
    } catch (error) {
      throw new DataError(`${this.path}: writing failed (${messageOf(error)}). What was there before is untouched.`);
    }
  }

  /** Long files go to the disk while they are made: otherwise the last sync waits for all of them at once. */
  private syncNowAndThen(written: readonly Uint8Array[]): void {
    for (const { byteLength } of written) this.unsynced += byteLength;
    if (this.unsynced < SYNC_BYTES || this.syncing !== null) return;
    this.unsynced = 0;
    // A file system says what went wrong once: kept for the next write, or the end.
    this.syncing = this.handle.datasync().catch((error: unknown) => { this.failed ??= error; }).finally(() => { this.syncing = null; });
  }

  /** @throws DataError when the disk is full or gone: some file systems only say so now. */
  async commit(): Promise<void> {
    try {
      await this.syncing;
      if (this.failed !== null) throw this.failed as Error;
      await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.path);
    } catch (error) {
      throw new DataError(`${this.path}: writing failed (${messageOf(error)}). What was there before is untouched.`);
    }
    unfinished.delete(this.temporary);
    await syncFolder(path.dirname(this.path));
  }

  async abandon(): Promise<void> {
    await this.syncing;
    await this.handle.close().catch(() => undefined);
    await rm(this.temporary, { force: true });
    unfinished.delete(this.temporary);
  }
}

/** As mkdir's `recursive`, which never returns where a file system refuses new folders (/proc). */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(path.dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Writes a whole small file atomically. */
export async function writeAtomic(file: string, content: Uint8Array | string): Promise<void> {
  const out = await AtomicFile.create(file);
  try {
    await out.write(content);
    await out.commit();
  } catch (error) {
    await out.abandon();
    throw error;
  }
}

/** Writes JSON atomically: two-space indent, newline at the end. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeAtomic(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes what `chunks` yields, atomically, in pieces of some 256 KiB. */
export async function writeChunks(file: string, chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Promise<void> {
  const out = await AtomicFile.create(file);
  try {
    for await (const chunk of chunks) await out.write(chunk);
    await out.commit();
  } catch (error) {
    await out.abandon();
    throw error;
  }
}

/** Reads JSON. @throws DataError naming the file when it is missing or broken. */
export async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new DataError(`${file}: cannot be read (${messageOf(error)}). Check the path.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file}: is not valid JSON (${messageOf(error)}). It may be cut off: write it again.`);
  }
}

/** The rename itself must survive a power cut; not every file system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

