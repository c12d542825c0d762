import type { Worker } from 'node:worker_threads';
import { DataError, startThread } from '../../common/index.js';
import type { ChunkAnswer, ChunkRequest, Learned, MinedChunk, WorkerSettings } from './protocol.js';

interface Waiting {
  readonly resolve: (mined: MinedChunk | null) => void;
  readonly reject: (error: Error) => void;
}

/** Threads that mine chunks; each is told what was learned since its last chunk. */
export class WorkerPool {
  private readonly threads: { readonly worker: Worker; readonly waiting: Waiting[]; told: number }[];
  private readonly learned: Learned[] = [];
  private next = 0;

  constructor(count: number, settings: WorkerSettings) {
    this.threads = Array.from({ length: count }, () => {
      const thread = { worker: startThread(import.meta.url, 'worker', { workerData: settings }), waiting: [] as Waiting[], told: 0 };
      thread.worker.on('message', (answer: ChunkAnswer) => {
        const waiting = thread.waiting.shift();
        if ('error' in answer) waiting?.reject(new DataError(`a parser worker failed: ${answer.error}`));
        else waiting?.resolve(answer.mined);
      });
      const fail = (why: string): void => { for (const { reject } of thread.waiting.splice(0)) reject(new DataError(`a parser worker stopped: ${why}`)); };
      thread.worker.on('error', (error: Error) => fail(error.message));
      thread.worker.on('exit', () => fail('it ended early'));
      return thread;
    });
  }

  get size(): number {
    return this.threads.length;
  }

  /** How much has been learned so far; an answer only knows what was learned before it was asked for. */
  get knowledge(): number {
    return this.learned.length;
  }

  tell(learned: Learned): void {
    this.learned.push(learned);
  }

  /** Hands the chunk to the next thread. */
  mine(chunk: Omit<ChunkRequest, 'learned'>): Promise<MinedChunk | null> {
    const thread = this.threads[this.next++ % this.threads.length];
    const learned = this.learned.slice(thread.told);
    thread.told = this.learned.length;
    const answer = new Promise<MinedChunk | null>((resolve, reject) => thread.waiting.push({ resolve, reject }));
    answer.catch(() => undefined); // reported where it is awaited
    thread.worker.postMessage({ ...chunk, learned } satisfies ChunkRequest);
    return answer;
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }
}
