import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FromWorker, ToWorker } from './messages.js';

/** The process's end, in words; null while it runs. */
type Ended = string | null;

/** One worker process. */
export class MatrixWorker {
  private readonly child: ChildProcess;
  private listener: ((message: FromWorker) => void) | null = null;
  private settle: ((ended: Ended) => void) | null = null;
  ended: Ended = null;
  /** Protocol and seed whose task it holds. */
  holds = '';

  /** `heapMb`: most memory for its JavaScript objects. */
  constructor(heapMb: number) {
    const typescript = import.meta.url.endsWith('.ts');
    this.child = fork(fileURLToPath(new URL(typescript ? './worker.ts' : './worker.js', import.meta.url)), [], {
      execArgv: [`--max-old-space-size=${Math.round(heapMb)}`, ...(typescript ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [])],
      serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (message: FromWorker) => {
      if (message.kind === 'done') this.finish(null);
      else this.listener?.(message);
    });
    this.child.on('exit', (code, signal) => this.finish(signal === null ? `the worker process ended with code ${code ?? 'unknown'}` : `the worker process was ended by ${signal}${signal === 'SIGKILL' || signal === 'SIGABRT' ? ' (out of memory?)' : ''}`));
    this.child.on('error', (error) => this.finish(`the worker process could not be started (${error.message})`));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Runs a job; null when it is through, or why the process ended. One at a time. */
  run(message: ToWorker, listener: (message: FromWorker) => void): Promise<Ended> {
    if (this.ended !== null) return Promise.resolve(this.ended);
    this.listener = listener;
    return new Promise((resolve) => {
      this.settle = resolve;
      this.child.send(message);
    });
  }

  stop(): void {
    this.child.kill();
  }

  private finish(ended: Ended): void {
    if (ended !== null) this.ended = ended;
    const { settle } = this;
    this.settle = null;
    settle?.(ended);
  }
}
