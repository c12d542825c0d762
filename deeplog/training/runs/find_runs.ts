import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '../../common/index.js';
import { readState, statusOf } from './run_state.js';

/** `logbert train` keeps its runs in `logbert-train`. */
export function stageFolder(stage: string): string {
  return stage.replace(/ /g, '-');
}

/** Every run folder below `logdir`, oldest first. */
export async function listRunFolders(logdir: string): Promise<string[]> {
  const folders: string[] = [];
  for (const stage of await subfolders(logdir)) for (const run of await subfolders(path.join(logdir, stage))) {
    const folder = path.join(logdir, stage, run);
    if (existsSync(path.join(folder, 'run.json'))) folders.push(folder);
  }
  return folders.sort((a, b) => (path.basename(a) < path.basename(b) ? -1 : 1));
}

/**
 * The run that is meant by a folder, an id, the beginning of one, or `latest` (of `stage`, where that is given).
 * @throws DataError when there is none, or several
 */
export async function findRun(logdir: string, name: string, stage?: string): Promise<string> {
  if (existsSync(path.join(name, 'run.json'))) return name;
  const all = (await listRunFolders(logdir)).filter((folder) => stage === undefined || path.basename(path.dirname(folder)) === stageFolder(stage));
  const found = name === 'latest' ? all.slice(-1) : all.filter((folder) => path.basename(folder).startsWith(name) || `${path.basename(path.dirname(folder))}/${path.basename(folder)}`.startsWith(name));
  if (found.length === 1) return found[0];
  const where = stage === undefined ? logdir : path.join(logdir, stageFolder(stage));
  if (found.length === 0) throw new DataError(`${name}: there is no such run under ${where} (${all.length === 0 ? 'it holds none' : `the latest is ${path.basename(all[all.length - 1])}`}). "deeplog runs list --logdir ${logdir}" shows them.`);
  throw new DataError(`${name}: ${found.length} runs begin so (${found.slice(0, 3).map((f) => path.basename(f)).join(', ')}${found.length > 3 ? ', …' : ''}). Give more of the name.`);
}

/** Deletes a run. @throws DataError when a process is at work on it, or the folder is no run */
export async function removeRun(folder: string): Promise<void> {
  const state = await readState(folder);
  if (statusOf(state) === 'running') throw new DataError(`${folder}: process ${state.pid} is at work on it. Stop it first.`);
  // The mark of a run last: what is left of an interrupted removal can still be removed.
  for (const name of await readdir(folder)) if (name !== 'run.json') await rm(path.join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((e) => e.isDirectory()).map((e) => e.name);
}
