import { readFileSync } from 'node:fs';
import { codeVersion, describeMachine, gitCommit } from '../../artifacts/index.js';
import type { CellResult } from '../result_row.js';
import { describeTask, planTasks, splitName } from '../tasks.js';
import { configHash, type Ledger, type LedgerEntry } from './ledger.js';
import type { FromWorker, Job } from './messages.js';
import { checkParts, planJobs, rowNames, type MatrixPart } from './plan.js';
import { MatrixWorker } from './worker_client.js';

export interface MatrixOptions {
  readonly parts: readonly MatrixPart[];
  readonly ledger: Ledger;
  /** Worker processes at most. */
  readonly jobs: number;
  /** Memory of all of them together, MB. */
  readonly memoryMb: number;
  /** What a worker needs at least, MB: there are no more workers than fit. Default: 600, for one that holds a named set. */
  readonly workerMb?: number;
  /** The run folder's name, for the ledger. */
  readonly run: string;
  readonly signal: AbortSignal;
  onLine?(line: string): void;
  onProgress?(done: number, total: number, running: readonly string[]): void;
}

export interface MatrixResult {
  /** In the order of the parts, their protocols and detectors. */
  readonly cells: readonly CellResult[];
  readonly failures: readonly string[];
  /** Detectors of a group that a set has not enough for, with the reason. */
  readonly leftOut: readonly string[];
  readonly computed: number;
  readonly reused: number;
  readonly files: readonly string[];
  readonly splits: Readonly<Record<string, string>>;
}

/** A worker that holds data of its own needs this much at least. */
const WORKER_MB = 600;
const WATCH_MS = 100;

/**
 * Runs the cells of a matrix in worker processes and writes each result to the ledger as soon as it is there. Cells that the ledger has
 * for the same split, inputs, settings and code are taken from it: a run that was killed goes on where it stopped.
 * @throws UsageError for parts that cannot be in one matrix, before any work
 */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  checkParts(options.parts);
  return new MatrixRun(options, await codeVersion(), await gitCommit()).run();
}

class MatrixRun {
  private readonly queue: Job[];
  private readonly total: number;
  private readonly found = new Map<string, CellResult>();
  private readonly failures: string[] = [];
  private readonly leftOut = new Set<string>();
  private readonly workers = new Map<MatrixWorker, { job: Job; detector: string } | null>();
  private readonly files = new Set<string>();
  private readonly splits: Record<string, string> = {};
  /** Jobs that had to make room once; they run alone. */
  private readonly alone = new Set<number>();
  private readonly yielding = new Set<MatrixWorker>();
  private computed = 0;
  private reused = 0;
  private finished = 0;

  constructor(private readonly options: MatrixOptions, private readonly code: string, private readonly commit: string | null) {
    // Only plain data reaches another process; what is to be said of an engine is said there.
    this.queue = planJobs(options.parts).map((job) => ({ ...job, settings: JSON.parse(JSON.stringify(job.settings)) as Job['settings'] }));
    this.total = this.queue.reduce((n, j) => n + j.detectors.length, 0);
  }

  async run(): Promise<MatrixResult> {
    const { signal } = this.options;
    const stop = (): void => { for (const worker of this.workers.keys()) worker.stop(); };
    signal.addEventListener('abort', stop);
    const watch = setInterval(() => this.watchMemory(), WATCH_MS);
    try {
      const lanes = Math.max(1, Math.min(this.options.jobs, this.queue.length, Math.floor(this.options.memoryMb / (this.options.workerMb ?? WORKER_MB))));
      await Promise.all(Array.from({ length: lanes }, () => this.lane(this.options.memoryMb / lanes)));
      // What had to make room runs now, by itself.
      await this.lane(this.options.memoryMb);
      signal.throwIfAborted();
    } finally {
      clearInterval(watch);
      signal.removeEventListener('abort', stop);
      stop();
    }
    return { cells: this.inOrder(), failures: this.failures, leftOut: [...this.leftOut], computed: this.computed, reused: this.reused, files: [...this.files], splits: this.splits };
  }

  /** One worker after the other, a new one only where the last has ended; until no job is left. */
  private async lane(heapMb: number): Promise<void> {
    let worker: MatrixWorker | null = null;
    for (;;) {
      const job = this.options.signal.aborted ? undefined : this.next(worker?.holds ?? '');
      if (job === undefined) break;
      worker ??= new MatrixWorker(heapMb);
      this.workers.set(worker, { job, detector: '' });
      const left = new Set(job.detectors);
      const current = worker;
      const known = job.detectors.flatMap((detector) => this.options.ledger.find(configHash(job, detector), this.code).map((e) => ({ detector, split_sha256: e.split_sha256, input_sha256: e.input_sha256 })));
      const writes: Promise<void>[] = [];
      const ended = await worker.run({ job, known }, (message) => { writes.push(this.take(message, job, left, current)); });
      await Promise.all(writes);
      this.workers.set(worker, null);
      worker.holds = placeOf(job);
      if (ended === null) continue;
      this.workers.delete(worker);
      worker = null;
      if (this.yielding.delete(current)) {
        this.alone.add(job.id);
        this.queue.push({ ...job, detectors: job.detectors.filter((d) => left.has(d)) });
        this.options.onLine?.(`${placeOf(job)}: stopped to keep within --memory; it runs alone later`);
      } else if (!this.options.signal.aborted) for (const detector of left) this.fail(job, detector, `${ended}; the others go on`);
    }
    worker?.stop();
    if (worker !== null) this.workers.delete(worker);
  }

  /** The next job, one on data that the worker holds already where there is one; those that need all memory wait for it. */
  private next(holds: string): Job | undefined {
    const busy = [...this.workers.values()].some((w) => w !== null);
    const fitting = (job: Job): boolean => !busy || !this.alone.has(job.id);
    const like = this.queue.findIndex((job) => placeOf(job) === holds && fitting(job));
    const index = like >= 0 ? like : this.queue.findIndex(fitting);
    return index < 0 ? undefined : this.queue.splice(index, 1)[0];
  }

  private async take(message: FromWorker, job: Job, left: Set<string>, worker: MatrixWorker): Promise<void> {
    const { ledger } = this.options;
    switch (message.kind) {
      case 'task':
        for (const file of message.files) this.files.add(file);
        this.splits[splitName(job.spec)] = message.split_sha256;
        return;
      case 'start':
        this.workers.set(worker, { job, detector: message.detector });
        return this.progress();
      case 'reuse': {
        const entry = ledger.get(configHash(job, message.detector), this.code, message.split_sha256, message.input_sha256);
        if (entry === null) return;
        this.reused++;
        return this.settle(job, message.detector, left, entry);
      }
      case 'row': {
        const { row, curves } = message;
        const entry: LedgerEntry = {
          schema: 'deeplog.ledger/1', at: new Date().toISOString(), run: this.options.run, commit: this.commit, code: this.code, split_sha256: row.split_sha256, input_sha256: message.input_sha256, config_sha256: configHash(job, message.detector),
          task: splitName(job.spec), detector: message.detector, name: job.name, machine: describeMachine(), wall_seconds: Math.round(message.wallSeconds * 1000) / 1000, row, curves,
        };
        this.computed++;
        this.options.onLine?.(`${placeOf(job)}  ${message.detector}: F1 ${row.f1?.toFixed(3) ?? '–'} (fit ${row.fit_seconds.toFixed(1)} s, in all ${message.wallSeconds.toFixed(1)} s)`);
        this.settle(job, message.detector, left, entry);
        return ledger.append(entry);
      }
      case 'left-out': {
        left.delete(message.detector);
        if (job.named.includes(message.detector)) return this.fail(job, message.detector, message.why);
        const said = `${job.spec.protocol}: ${message.why}`;
        if (!this.leftOut.has(said)) this.options.onLine?.(`left out, ${said}`);
        this.leftOut.add(said);
        this.finished++;
        return this.progress();
      }
      case 'failed':
        if (left.has(message.detector)) this.fail(job, message.detector, message.why);
        left.delete(message.detector);
        return;
      case 'done': return;
      default: return message satisfies never;
    }
  }

  private settle(job: Job, detector: string, left: Set<string>, cell: CellResult): void {
    left.delete(detector);
    this.found.set(cellKey(job, detector), { row: cell.row, curves: cell.curves });
    this.finished++;
    this.progress();
  }

  private fail(job: Job, detector: string, why: string): void {
    this.failures.push(`${placeOf(job)}, ${detector}: ${why}`);
    this.options.onLine?.(`${placeOf(job)}  ${detector}: failed: ${why}`);
    this.finished++;
    this.progress();
  }

  private progress(): void {
    this.options.onProgress?.(this.finished, this.total, [...this.workers.values()].flatMap((w) => (w === null ? [] : [`${w.job.spec.protocol} ${w.detector}`])));
  }

  /** Where all workers together need more than they may, the one with the latest job makes room; it runs alone later. */
  private watchMemory(): void {
    const busy = [...this.workers].flatMap(([worker, at]) => (at === null || this.yielding.has(worker) ? [] : [{ worker, job: at.job, mb: residentMb(worker.pid) }]));
    if (busy.length < 2 || busy.reduce((sum, b) => sum + b.mb, 0) <= this.options.memoryMb) return;
    const last = busy[busy.length - 1];
    this.yielding.add(last.worker);
    last.worker.stop();
  }

  private inOrder(): CellResult[] {
    const wanted = this.options.parts.flatMap((part) => part.detectors.flatMap((detector) => planTasks(part).map((spec) => ({ spec, detector, settings: part.settings, part }))));
    const protocols = [...new Set(wanted.map((w) => w.spec.protocol))];
    wanted.sort((a, b) => protocols.indexOf(a.spec.protocol) - protocols.indexOf(b.spec.protocol));
    const nameOf = rowNames(this.options.parts);
    const seen = new Set<string>();
    return wanted.flatMap((w) => {
      const key = cellKey(w, w.detector);
      const cell = this.found.get(key);
      if (cell === undefined || seen.has(key)) return [];
      seen.add(key);
      return [{ ...cell, row: { ...cell.row, detector: nameOf(w.part, w.spec.protocol, w.detector) } }];
    });
  }
}

function placeOf(job: Pick<Job, 'spec'>): string {
  return describeTask(job.spec);
}

function cellKey(job: Pick<Job, 'spec' | 'settings'>, detector: string): string {
  return configHash(job, detector);
}

/** Resident memory of a process; 0 where the system does not say. */
function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid ?? ''}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
