import type { Worker } from 'node:worker_threads';
import { DataError, startThread } from '../../common/index.js';
import type { ChunkAnswer, ChunkRequest, Learned, MinedChunk, MinedRoom, SharedChunk, WorkerSettings } from './protocol.js';
import { openRoom } from './room.js';

/** A chunk that came back. */
export interface Answer {
  readonly chunk: SharedChunk;
  readonly mined: MinedChunk | null;
  /** Where `mined` lies; to be given back with it. */
  readonly room: SharedArrayBuffer | null;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Waiting[];
  told: number;
  ready: boolean;
}

/** Threads that mine chunks; each is told what was learned since its last chunk. */
export class WorkerPool {
  private readonly threads: readonly Thread[];
  private readonly learned: Learned[] = [];
  private readonly rooms: SharedArrayBuffer[] = [];
  private failed: DataError | null = null;

  constructor(count: number, settings: WorkerSettings) {
    this.threads = Array.from({ length: count }, () => {
      const thread: Thread = { worker: startThread(import.meta.url, 'worker', { workerData: settings }), waiting: [], told: 0, ready: false };
      const fail = (why: string): void => {
        this.failed ??= new DataError(`a parser worker ${why}`);
        for (const { reject } of thread.waiting.splice(0)) reject(this.failed);
      };
      thread.worker.on('message', (answer: ChunkAnswer) => {
        if ('ready' in answer) thread.ready = true;
        else if ('error' in answer) fail(`failed: ${answer.error}`);
        else thread.waiting.shift()?.resolve(opened(answer));
      });
      thread.worker.on('error', (error: Error) => fail(`stopped: ${error.message}`));
      thread.worker.on('exit', () => fail('stopped: it ended early'));
      return thread;
    });
  }

  /** Threads that are up. @throws DataError when one has failed. */
  get ready(): number {
    if (this.failed !== null) throw this.failed;
    return this.threads.filter((t) => t.ready).length;
  }

  /** When all threads are up. @throws DataError when one has failed. */
  async up(): Promise<void> {
    while (this.ready < this.threads.length) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** How much has been learned so far; an answer only knows what was learned before it was asked for. */
  get knowledge(): number {
    return this.learned.length;
  }

  tell(learned: Learned): void {
    this.learned.push(learned);
  }

  /** Hands the chunk to the thread with the least to do. @throws DataError when no thread is up. */
  mine(chunk: ChunkRequest['chunk'], matching: boolean): Promise<Answer> {
    const [thread] = this.threads.filter((t) => t.ready).sort((a, b) => a.waiting.length - b.waiting.length);
    if (thread === undefined) throw new DataError('no parser worker is up');
    const learned = this.learned.slice(thread.told);
    thread.told = this.learned.length;
    const answer = new Promise<Answer>((resolve, reject) => thread.waiting.push({ resolve, reject }));
    answer.catch(() => undefined); // reported where it is awaited
    thread.worker.postMessage({ chunk, room: this.rooms.pop(), learned, matching } satisfies ChunkRequest);
    return answer;
  }

  /** The room of an answer that is done with. */
  giveBack(room: SharedArrayBuffer): void {
    this.rooms.push(room);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }
}

function opened({ chunk, mined }: { readonly chunk: SharedChunk; readonly mined: MinedRoom | null }): Answer {
  if (mined === null) return { chunk, mined, room: null };
  const { room, sizes, ...rest } = mined;
  return { chunk, mined: { count: sizes.rows, ...openRoom(room, sizes), ...rest }, room };
}
