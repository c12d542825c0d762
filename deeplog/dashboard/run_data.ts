import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { damagedRun, listRunFolders, parseEvents, readConfigSnapshot, readState, summaryOf, type RunEvent, type RunSummary } from '../training/index.js';

/** A run as the page lists it; `key` is `<stage>/<id>`. */
export type ListedRun = RunSummary & { readonly key: string };

/** Everything about one run; `offset`: how much of metrics.jsonl `events` covers, so that the stream can go on from there. */
export interface RunDetail {
  readonly run: ListedRun;
  readonly config: Readonly<Record<string, unknown>>;
  readonly events: readonly RunEvent[];
  readonly offset: number;
}

export function keyOf(folder: string): string {
  return `${path.basename(path.dirname(folder))}/${path.basename(folder)}`;
}

/** One run, or null where `key` names none: keys are compared with those that there are, and never made into a path. */
export async function readRun(logdir: string, key: string): Promise<RunDetail | null> {
  const folder = (await listRunFolders(logdir)).find((f) => keyOf(f) === key);
  if (folder === undefined) return null;
  const { text, to } = await linesFrom(path.join(folder, 'metrics.jsonl'), 0);
  const events = parseEvents(text);
  const run = await readState(folder).then((state) => summaryOf(folder, state, events)).catch(() => damagedRun(folder));
  return { run: { ...run, key }, config: await readConfigSnapshot(folder).catch(() => ({})), events, offset: to };
}

/** The whole lines of a file from a place on, and where they end. */
export async function linesFrom(file: string, from: number): Promise<{ text: string; to: number }> {
  const size = await stat(file).then((s) => s.size, () => 0);
  if (size <= from) return { text: '', to: from };
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
    return { text: buffer.toString('utf8', 0, end), to: from + end };
  } finally {
    await handle.close();
  }
}
