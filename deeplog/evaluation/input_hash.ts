import { existsSync } from 'node:fs';
import path from 'node:path';
import { hashFile, hashOfValue } from '../artifacts/index.js';
import type { Need } from '../detectors/index.js';
import { rawLogFiles } from '../sessions/index.js';
import type { Task } from './protocols.js';

/** Hashes of files, of each reading of a set; a task's variants and boundaries share the reading. */
const known = new WeakMap<readonly string[], Map<string, Promise<string>>>();

/** What a detector may be given beside event ids, or a row may tell: parameters, times, line labels, template texts. */
const PARSED = ['events.arrow', 'sessions.arrow', 'templates.json'];

/**
 * sha256 over the content of all that a detector can be fed from a task, wherever it lies: a split's hash covers event ids, labels and
 * parts, but neither parameters, times and texts nor the raw log.
 */
export async function inputHash(task: Pick<Task, 'files' | 'folder' | 'templatesFile'>, needs: ReadonlySet<Need>): Promise<string> {
  const { files, folder, templatesFile } = task;
  const parsed = folder === undefined ? [] : PARSED.map((name) => path.join(folder, name));
  const log = folder === undefined || !needs.has('text') ? [] : await rawLogFiles(folder);
  const hashes = (list: readonly string[]): Promise<(string | null)[]> => Promise.all(list.map((file) => hashOnce(files, file)));
  return hashOfValue({ files: await hashes(files), parsed: await hashes(parsed), templates: await hashes(templatesFile === undefined ? [] : [templatesFile]), log: await hashes(log) });
}

async function hashOnce(reading: readonly string[], file: string): Promise<string | null> {
  if (!existsSync(file)) return null;
  const hashes = known.get(reading) ?? new Map<string, Promise<string>>();
  known.set(reading, hashes);
  let hash = hashes.get(file);
  if (hash === undefined) hashes.set(file, (hash = hashFile(file)));
  return hash;
}
