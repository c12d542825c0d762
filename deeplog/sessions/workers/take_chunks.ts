import { captureState, type LineChunk, type LogSource } from '../../parsing/index.js';
import type { ParseOptions, ParsePass } from '../parse_pass.js';
import type { MinedChunk, WorkerSettings } from './protocol.js';
import type { WorkerPool } from './worker_pool.js';

/** Chunks out at once per thread: one at work, one waiting. */
const AHEAD = 2;

interface Sent {
  readonly bytes: SharedArrayBuffer;
  readonly chunk: LineChunk;
  readonly knowledge: number;
  readonly matching: boolean;
  readonly mined: Promise<MinedChunk | null>;
}

/**
 * Takes every chunk of the source into the pass, in order; yields the number of lines so far after each. With a pool, threads read headers and find templates ahead
 * while this thread learns, groups and writes, so results are those of one thread, line by line.
 */
export async function* takeChunks(source: LogSource, pass: ParsePass, pool: WorkerPool | null): AsyncGenerator<number> {
  const sent: Sent[] = [];
  const spare: SharedArrayBuffer[] = [];
  pass.lines.followers = pool;
  const takeOldest = async (): Promise<void> => {
    const oldest = sent.shift();
    if (oldest === undefined) return;
    const mined = await oldest.mined;
    if (mined === null) pass.takeChunk(oldest.chunk);
    else pass.takeMined(oldest.chunk, mined, oldest.knowledge, oldest.matching);
    spare.push(oldest.bytes);
  };
  for await (const chunk of source.chunks()) {
    if (pool === null || chunk.lineNumbers !== undefined) {
      for (; sent.length > 0; ) {
        await takeOldest();
        yield pass.summary.lines;
      }
      pass.takeChunk(chunk);
      yield pass.summary.lines;
      continue;
    }
    if (sent.length >= AHEAD * pool.size) {
      await takeOldest();
      yield pass.summary.lines;
    }
    // The source's buffer is only valid until its next chunk.
    const bytes = takeBuffer(spare, chunk.end);
    const copy = Buffer.from(bytes);
    chunk.buffer.copy(copy, 0, 0, chunk.end);
    const { end, ascii } = chunk;
    const { knowledge } = pool;
    const matching = pass.lines.learnsNoMore;
    sent.push({ bytes, chunk: { buffer: copy, end, ascii }, knowledge, matching, mined: pool.mine({ bytes, end, ascii, matching }) });
  }
  for (; sent.length > 0; ) {
    await takeOldest();
    yield pass.summary.lines;
  }
}

function takeBuffer(spare: SharedArrayBuffer[], length: number): SharedArrayBuffer {
  const fitting = spare.findIndex((b) => b.byteLength >= length);
  if (fitting >= 0) return spare.splice(fitting, 1)[0];
  spare.pop(); // too small: one of the right size takes its place
  return new SharedArrayBuffer(Math.max(length * 1.25, 1 << 20) | 0);
}

/** What threads need to do as this one does. */
export function workerSettings(options: ParseOptions): WorkerSettings {
  return {
    miner: options.miner.options,
    state: captureState(options.miner),
    layout: options.logFormat?.layout ?? null,
    timeFormat: options.timeFormat?.format ?? null,
    labelColumn: options.labelColumn,
    anomalyLabels: options.anomalyLabels,
    adapter: options.adapter,
    fullSearch: options.fullSearch,
  };
}
