import { captureState, RangeReader, roomFor, type FileDigest, type FileRanges, type LineChunk, type LogSource } from '../../parsing/index.js';
import type { ParseOptions, ParsePass } from '../parse_pass.js';
import type { SharedChunk, WorkerSettings } from './protocol.js';
import type { Answer, WorkerPool } from './worker_pool.js';

/** Chunks out at once per thread: one at work, one waiting, one whose answer waits for its turn (a twentieth faster than without it). */
const AHEAD = 3;

interface Sent {
  readonly knowledge: number;
  readonly matching: boolean;
  readonly answer: Promise<Answer>;
}

/**
 * Takes every chunk of the source into the pass, in order; yields the number of lines so far after each. With a pool, threads read, find templates and group ahead
 * while this thread learns, joins and writes, so results are those of one thread, line by line. Threads read a plain file's chunks themselves; of other
 * sources this thread reads them.
 */
export async function* takeChunks(source: LogSource, pass: ParsePass, pool: WorkerPool | null, ranges: FileRanges | null): AsyncGenerator<number> {
  if (pool === null) {
    for await (const chunk of source.chunks()) {
      pass.takeChunk(chunk);
      yield pass.summary.lines;
    }
    return;
  }
  pass.lines.followers = pool;
  const queue = new Queue(pass, pool);
  yield* ranges === null ? fromSource(source, pass, pool, queue) : fromRanges(ranges, pass, pool, queue);
}

async function* fromRanges(ranges: FileRanges, pass: ParsePass, pool: WorkerPool, queue: Queue): AsyncGenerator<number> {
  const reader = new RangeReader(ranges);
  const share = ranges.size / ranges.count;
  try {
    for (let next = 0; next < ranges.count || queue.length > 0;) {
      while (next < ranges.count && queue.length < AHEAD * pool.ready) queue.send({ index: next++, spare: queue.room() });
      if (queue.length > 0) await queue.takeOldest(ranges.digest);
      else {
        // No thread is up yet.
        const chunk = reader.read(next++, queue.room());
        ranges.digest?.updateLines(chunk);
        if (chunk.end > 0) pass.takeChunk(chunk);
        queue.keep(chunk.bytes);
        await new Promise(setImmediate);
      }
      ranges.advance(share);
      yield pass.summary.lines;
    }
    ranges.digest?.end();
  } finally {
    reader.close();
  }
}

async function* fromSource(source: LogSource, pass: ParsePass, pool: WorkerPool, queue: Queue): AsyncGenerator<number> {
  for await (const chunk of source.chunks()) {
    const alone = chunk.lineNumbers !== undefined || pool.ready === 0;
    while (queue.length > 0 && (alone || queue.length >= AHEAD * pool.ready)) {
      await queue.takeOldest();
      yield pass.summary.lines;
    }
    if (alone) {
      pass.takeChunk(chunk);
      yield pass.summary.lines;
      continue;
    }
    // The source's buffer is only valid until its next chunk.
    const { end, ascii } = chunk;
    const bytes = roomFor(end, queue.room());
    chunk.buffer.copy(Buffer.from(bytes), 0, 0, end);
    queue.send({ bytes, from: 0, end, ascii });
  }
  while (queue.length > 0) {
    await queue.takeOldest();
    yield pass.summary.lines;
  }
}

/** Chunks that are out, in order. */
class Queue {
  private readonly sent: Sent[] = [];
  private readonly rooms: SharedArrayBuffer[] = [];

  constructor(private readonly pass: ParsePass, private readonly pool: WorkerPool) {}

  get length(): number {
    return this.sent.length;
  }

  /** Room of a chunk that is done with. */
  room(): SharedArrayBuffer | undefined {
    return this.rooms.pop();
  }

  keep(room: SharedArrayBuffer): void {
    this.rooms.push(room);
  }

  send(chunk: SharedChunk | { index: number; spare: SharedArrayBuffer | undefined }): void {
    const { pass, pool } = this;
    const matching = pass.lines.learnsNoMore;
    this.sent.push({ knowledge: pool.knowledge, matching, answer: pool.mine(chunk, matching) });
  }

  async takeOldest(digest: FileDigest | null = null): Promise<void> {
    const oldest = this.sent.shift();
    if (oldest === undefined) return;
    const { chunk, mined, room } = await oldest.answer;
    const { bytes, from, end, ascii } = chunk;
    digest?.updateLines(chunk);
    const lines: LineChunk = { buffer: Buffer.from(bytes, from, end), end, ascii };
    if (end > 0) {
      if (mined === null) this.pass.takeChunk(lines);
      else this.pass.takeMined(lines, mined, oldest.knowledge, oldest.matching);
    }
    if (room !== null) this.pool.giveBack(room);
    this.keep(bytes);
  }
}

/** What threads need to do as this one does. */
export function workerSettings(options: ParseOptions, ranges: FileRanges | null): WorkerSettings {
  return {
    miner: options.miner.options,
    state: captureState(options.miner),
    layout: options.logFormat?.layout ?? null,
    timeFormat: options.timeFormat?.format ?? null,
    labelColumn: options.labelColumn,
    anomalyLabels: options.anomalyLabels,
    adapter: options.adapter,
    fullSearch: options.fullSearch,
    ranges: ranges === null ? null : { file: ranges.file, size: ranges.size, count: ranges.count, chunkBytes: ranges.chunkBytes },
  };
}
