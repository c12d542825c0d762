import { stat } from 'node:fs/promises';
import path from 'node:path';
import { damagedRun, listRunFolders, readEvents, readState, statusOf, summaryOf, type RunState, type RunSummary } from '../training/index.js';
import { keyOf, type ListedRun } from './run_data.js';

interface ReadRun {
  /** Sizes and times of the files that were read. */
  readonly stamp: string;
  readonly state: RunState;
  readonly summary: RunSummary;
}

/** The runs below a folder. A run is read again when its files changed, not before: metrics.jsonl of a long training is large. */
export class RunList {
  private readonly read = new Map<string, ReadRun>();

  constructor(readonly logdir: string) {}

  /** All runs, the latest first; those that cannot be read are listed as damaged. */
  async list(): Promise<ListedRun[]> {
    const folders = await listRunFolders(this.logdir);
    for (const folder of this.read.keys()) if (!folders.includes(folder)) this.read.delete(folder);
    const runs = await Promise.all(folders.map(async (folder) => ({ ...(await this.summary(folder).catch(() => damagedRun(folder))), key: keyOf(folder) })));
    return runs.reverse();
  }

  private async summary(folder: string): Promise<RunSummary> {
    // Before reading: what is written meanwhile changes the next stamp.
    const stamp = (await Promise.all(['run.json', 'metrics.jsonl'].map((name) => stampOf(path.join(folder, name))))).join(' ');
    const known = this.read.get(folder);
    // Its process may be killed without a change of the files.
    if (known?.stamp === stamp) return { ...known.summary, status: statusOf(known.state) };
    const state = await readState(folder);
    const summary = summaryOf(folder, state, await readEvents(folder));
    this.read.set(folder, { stamp, state, summary });
    return summary;
  }
}

function stampOf(file: string): Promise<string> {
  return stat(file).then(({ size, mtimeMs }) => `${size}/${mtimeMs}`, () => '-');
}
