import { startThread } from '../../common/index.js';
import { EngineRuntimeError } from '../errors.js';
import type { RequestKind, Requests, ResponseMessage } from './protocol.js';

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** This end of one worker thread. The thread keeps the process alive only while a request is open. */
export class WorkerClient {
  private readonly worker = startThread(import.meta.url, 'worker');
  private readonly pending = new Map<number, Pending>();
  private serial = 0;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (response: ResponseMessage) => this.settle(response));
    this.worker.on('error', (error: Error) => this.failAll(`The onnx worker stopped: ${error.message}`));
    this.worker.on('exit', () => this.failAll('The onnx worker has ended: the engine was disposed.'));
  }

  request<K extends RequestKind>(kind: K, target: number, value: Requests[K]['value']): Promise<Requests[K]['answer']> {
    return new Promise((resolve, reject) => {
      const id = this.serial++;
      this.pending.set(id, { resolve, reject });
      this.worker.ref();
      this.worker.postMessage({ id, target, kind, value });
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private settle(response: ResponseMessage): void {
    const waiting = this.pending.get(response.id);
    this.pending.delete(response.id);
    if (this.pending.size === 0) this.worker.unref();
    if ('error' in response) waiting?.reject(new EngineRuntimeError(response.error));
    else waiting?.resolve(response.answer as never);
  }

  private failAll(message: string): void {
    for (const { reject } of this.pending.values()) reject(new EngineRuntimeError(message));
    this.pending.clear();
  }
}
