import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { RunEvent } from './events.js';
import { readEvents, secondsWorked } from './metrics_file.js';
import { readState, statusOf, type RunState, type RunStatus } from './run_state.js';

/** What a run came to so far; null for what is not known yet. */
export interface RunSummary {
  readonly id: string;
  readonly stage: string;
  readonly folder: string;
  readonly status: RunStatus;
  readonly created: string;
  /** Worked, from each start to the last event before the next one: the pauses between are left out. */
  readonly seconds: number;
  readonly trainings: number;
  /** Of the last training. */
  readonly epoch: number;
  readonly max_epochs: number | null;
  readonly loss: number | null;
  readonly val_loss: number | null;
  readonly best_epoch: number | null;
  readonly best_loss: number | null;
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the last evaluation. */
  readonly test: Readonly<Record<string, number | null>> | null;
  readonly message: string | null;
  readonly output_path: string | null;
  readonly resumed: number;
}

type EventOf<K extends RunEvent['event']> = Extract<RunEvent, { event: K }>;

/** @throws DataError when the folder is no run */
export async function summariseRun(folder: string): Promise<RunSummary> {
  return summaryOf(folder, await readState(folder), await readEvents(folder));
}

export function summaryOf(folder: string, state: RunState, events: readonly RunEvent[]): RunSummary {
  const last = <K extends RunEvent['event']>(kind: K): EventOf<K> | undefined => events.findLast((e): e is EventOf<K> => e.event === kind);
  const training = last('training');
  const epoch = events.findLast((e): e is EventOf<'epoch'> => e.event === 'epoch' && e.training === training?.training);
  return {
    id: state.id, stage: state.stage, folder, status: statusOf(state), created: state.created,
    seconds: secondsWorked(events),
    trainings: training === undefined ? 0 : training.training + 1,
    epoch: epoch?.epoch ?? 0, max_epochs: training?.max_epochs ?? null, loss: epoch?.loss ?? null, val_loss: epoch?.val_loss ?? null, best_epoch: epoch?.best_epoch ?? null, best_loss: epoch?.best_loss ?? null,
    metrics: epoch?.metrics ?? {}, test: last('evaluation')?.metrics ?? null, message: state.message, output_path: state.output_path, resumed: state.resumed.length,
  };
}

/** What a list shows of a run whose files cannot be read, so that it does not hide the others. */
export async function damagedRun(folder: string): Promise<RunSummary> {
  const created = await stat(folder).then((s) => s.mtime, () => new Date(0));
  return {
    id: path.basename(folder), stage: path.basename(path.dirname(folder)), folder, status: 'damaged', created: created.toISOString(), seconds: 0, trainings: 0, epoch: 0, max_epochs: null, loss: null, val_loss: null,
    best_epoch: null, best_loss: null, metrics: {}, test: null, message: 'its run.json or metrics.jsonl cannot be read', output_path: null, resumed: 0,
  };
}

/** The settings of a run. */
export async function readConfigSnapshot(folder: string): Promise<Record<string, unknown>> {
  const file = path.join(folder, 'config.yaml');
  return existsSync(file) ? ((parse(await readFile(file, 'utf8')) ?? {}) as Record<string, unknown>) : {};
}
