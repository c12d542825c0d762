import { AsyncByteQueue, RecordBatchFileWriter, RecordBatchReader, type RecordBatch } from 'apache-arrow';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { DataError, messageOf } from '../common/index.js';
import { AtomicFile } from './atomic.js';

/** Collects what the Arrow writer emits, so that each batch reaches the disk before the next is made: flat memory. */
class ChunkSink extends AsyncByteQueue {
  chunks: Uint8Array[] = [];

  override write(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.chunks.push(chunk);
  }
}

/** An Arrow IPC file written batch by batch, appearing under its name only when whole. */
export class ArrowFileWriter {
  private readonly sink = new ChunkSink();
  private readonly writer = new RecordBatchFileWriter();
  rows = 0;
  private behind: Promise<void> = Promise.resolve();

  private constructor(private readonly file: AtomicFile) {
    this.writer.reset(this.sink);
  }

  static async create(path: string): Promise<ArrowFileWriter> {
    return new ArrowFileWriter(await AtomicFile.create(path));
  }

  async write(batch: RecordBatch): Promise<void> {
    await this.behind;
    await this.writeNow(batch);
  }

  /** Waits for the batch before and not for this one, which goes to the disk while the next is made: its arrays are to be left alone until then. */
  async writeBehind(batch: RecordBatch): Promise<void> {
    await this.behind;
    this.behind = this.writeNow(batch);
    this.behind.catch(() => undefined); // thrown where it is awaited
  }

  private async writeNow(batch: RecordBatch): Promise<void> {
    this.writer.write(batch);
    this.rows += batch.numRows;
    await this.drain();
  }

  /** Write at least one batch (an empty one does) before this, so that the schema is known. */
  async commit(): Promise<void> {
    await this.behind;
    this.writer.finish();
    await this.drain();
    await this.file.commit();
  }

  async abandon(): Promise<void> {
    await this.file.abandon();
  }

  private async drain(): Promise<void> {
    const { chunks } = this.sink;
    this.sink.chunks = [];
    await this.file.writeAll(chunks);
  }
}

/**
 * Record batches of an Arrow IPC file, one at a time.
 * @throws DataError when the file is missing or not Arrow.
 */
export async function* readBatches(path: string): AsyncGenerator<RecordBatch> {
  if (!existsSync(path)) throw new DataError(`${path}: there is no such file. Run the stage that writes it.`);
  const handle = await open(path, 'r');
  try {
    // A FileHandle keeps memory flat; a read stream would hold the whole file.
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    for await (const batch of reader) yield batch;
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: is not a readable Arrow file (${messageOf(error)}). Write it again.`);
  } finally {
    await handle.close().catch(() => undefined);
  }
}
