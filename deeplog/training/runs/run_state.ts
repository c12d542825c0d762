import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';

/** run.json: who works on the run, and how that ended. */
export interface RunState {
  readonly schema: 'deeplog.run/1';
  readonly id: string;
  readonly stage: string;
  /** ISO time. */
  readonly created: string;
  readonly command: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the kernel's ticks, so that another process with the same number is not taken for it; null where that is not known. */
  readonly process_started: string | null;
  readonly status: 'running' | 'interrupted' | 'failed' | 'finished';
  readonly message: string | null;
  readonly engine: unknown;
  /** Where event files go when that is not the run folder. */
  readonly tensorboard: string | null;
  readonly output_path: string | null;
  readonly resumed: readonly { readonly time: string; readonly command: string; readonly changed: Readonly<Record<string, unknown>> }[];
}

/** As {@link RunState.status}; `killed` when it says running but its process is gone, `damaged` when its files cannot be read. */
export type RunStatus = RunState['status'] | 'killed' | 'damaged';

const STATE = 'run.json';

export async function writeState(folder: string, state: RunState): Promise<void> {
  await writeJson(path.join(folder, STATE), state);
}

/** @throws DataError when the folder is no run */
export async function readState(folder: string): Promise<RunState> {
  if (!existsSync(path.join(folder, STATE))) throw new DataError(`${folder}: is no run folder (it has no ${STATE}). "deeplog runs list" shows which there are.`);
  return (await readJson(path.join(folder, STATE))) as RunState;
}

/** This process, as run.json keeps it. */
export function thisProcess(): Pick<RunState, 'host' | 'pid' | 'process_started'> {
  return { host: os.hostname(), pid: process.pid, process_started: startOf(process.pid) };
}

/** Whether the run's process still works on it; a run of another machine is taken at its word. */
export function statusOf(state: RunState): RunStatus {
  if (state.status !== 'running' || state.host !== os.hostname()) return state.status;
  try {
    process.kill(state.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'killed';
  }
  return state.process_started !== startOf(state.pid) ? 'killed' : 'running';
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); null on systems without it. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
