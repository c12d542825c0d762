import { ServiceError } from './errors.js';

/** Bounds on what one request, and all of them together, may cost. */
export interface Limits {
  /** Bytes of a request that is answered in one piece, decompressed. */
  readonly maxBodyBytes: number;
  /** Bytes of a request that is answered line by line, decompressed. */
  readonly maxStreamBytes: number;
  readonly maxLineBytes: number;
  /** Characters of an answer in one piece. */
  readonly maxAnswerChars: number;
  /** Requests that are worked on at the same time. */
  readonly maxConcurrency: number;
  /** Requests that may wait for their turn. */
  readonly maxQueue: number;
  /** For an answer in one piece: from the headers to the answer. For a stream: between two pieces of it. */
  readonly timeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = { maxBodyBytes: 16 << 20, maxStreamBytes: 2 ** 30, maxLineBytes: 1 << 20, maxAnswerChars: 64 << 20, maxConcurrency: 64, maxQueue: 1024, timeoutMs: 60_000 };

/** Lets so many requests work at a time and so many wait, first come, first served. */
export class Gate {
  inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: Pick<Limits, 'maxConcurrency' | 'maxQueue'>) {}

  get queued(): number {
    return this.waiting.length;
  }

  /** Resolves when it is one's turn, to what is to be called at the end. @throws ServiceError when too many wait already, or time is up. */
  async enter(deadline: Pick<Deadline, 'race'>): Promise<() => void> {
    const { maxConcurrency, maxQueue } = this.limits;
    if (this.inside < maxConcurrency) this.inside++;
    else {
      if (this.waiting.length >= maxQueue) throw new ServiceError(503, 'overloaded', `${maxConcurrency} requests are being worked on and ${maxQueue} wait.`, 'Try again in a moment, or start the service with a higher --max_concurrency or --max_queue.');
      await this.turn(deadline);
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.next();
    };
  }

  private async turn(deadline: Pick<Deadline, 'race'>): Promise<void> {
    let begin: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => { begin = resolve; });
    this.waiting.push(begin);
    try {
      await deadline.race(turn);
    } catch (error) {
      const place = this.waiting.indexOf(begin);
      if (place >= 0) this.waiting.splice(place, 1);
      else this.next(); // its turn came at the same moment
      throw error;
    }
  }

  private next(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.inside--;
    else next();
  }
}

/** A request's time: `race` rejects when it is over; `progress` starts it anew where the limit is on silence. */
export class Deadline {
  private timer: NodeJS.Timeout;
  /** Called at the end of time. One promise that all of them race with would keep what each of them resolved to. */
  private readonly atEnd = new Set<(error: Error) => void>();
  private over: Error | null = null;
  /** What the request is about when time runs out: only the second is its sender's doing. */
  phase: 'waiting' | 'sending' | 'answering' = 'waiting';

  constructor(private readonly timeoutMs: number, private readonly renews: boolean) {
    this.timer = setTimeout(() => this.expire(), timeoutMs);
  }

  /** @throws ServiceError when time is up or the client has gone. */
  check(): void {
    if (this.over !== null) throw this.over;
  }

  progress(): void {
    if (!this.renews || this.over !== null) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.expire(), this.timeoutMs);
  }

  /** The first of `work` and the end of time. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const forget = this.onEnd(reject);
      work.then(resolve, reject).finally(forget);
    });
  }

  /** Calls `listener` when time is up or the client has gone; returns what takes it back. */
  onEnd(listener: (error: Error) => void): () => void {
    if (this.over !== null) listener(this.over);
    else this.atEnd.add(listener);
    return () => this.atEnd.delete(listener);
  }

  /** The client has gone: work for it is to end. */
  abandon(): void {
    this.end(new ServiceError(499, 'client_gone', 'The client closed the connection.', 'Keep it open until the answer is there.'));
  }

  done(): void {
    clearTimeout(this.timer);
  }

  private expire(): void {
    const seconds = `${this.timeoutMs / 1000} s`;
    this.end(this.phase === 'sending'
      ? new ServiceError(408, 'request_timeout', `The request body did not arrive within ${seconds}.`, 'Send it faster or in smaller pieces, or start the service with a higher --timeout_sec.')
      : new ServiceError(503, 'timeout', `The answer was not ready within ${seconds}.`, 'Send less at a time, ask for application/x-ndjson, or start the service with a higher --timeout_sec.'));
  }

  private end(error: Error): void {
    if (this.over !== null) return;
    this.over = error;
    this.done();
    for (const listener of this.atEnd) listener(error);
    this.atEnd.clear();
  }
}
