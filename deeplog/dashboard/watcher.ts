import { stat } from 'node:fs/promises';
import path from 'node:path';
import { listRunFolders, parseEvents, type RunEvent } from '../training/index.js';
import { keyOf, linesFrom, type ListedRun } from './run_data.js';
import type { RunList } from './run_list.js';

/** What the page is told of as it happens. `lines`: events of a run, from and up to these places of its metrics.jsonl. */
export type StreamMessage =
  | { readonly kind: 'runs'; readonly runs: readonly ListedRun[] }
  | { readonly kind: 'lines'; readonly key: string; readonly from: number; readonly to: number; readonly events: readonly RunEvent[] };

const POLL_MS = 500;
/** The list is read again this often even when no file changed: a process may have been killed. */
const LIST_EVERY_POLLS = 10;

/** Looks at the run folders while anyone listens. Files are asked for rather than watched: that works on every file system, over a network too. */
export class Watcher {
  private readonly listeners = new Set<(message: StreamMessage) => void>();
  private readonly offsets = new Map<string, number>();
  private readonly states = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;
  private polls = 0;
  private last = '';

  constructor(private readonly runs: RunList) {}

  /** Gives a function that stops listening. */
  listen(listener: (message: StreamMessage) => void): () => void {
    this.listeners.add(listener);
    if (this.timer === null) void this.poll(true);
    else void this.runs.list().then((runs) => { listener({ kind: 'runs', runs }); }, () => undefined);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.close();
    };
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.offsets.clear();
    this.states.clear();
    this.last = '';
  }

  private async poll(first: boolean): Promise<void> {
    this.timer = setTimeout(() => { void this.poll(false); }, POLL_MS);
    try {
      let changed = this.polls++ % LIST_EVERY_POLLS === 0;
      for (const folder of await listRunFolders(this.runs.logdir)) {
        const key = keyOf(folder);
        const state = await stat(path.join(folder, 'run.json')).then((s) => s.mtimeMs, () => 0);
        changed ||= this.states.get(key) !== state;
        this.states.set(key, state);
        const file = path.join(folder, 'metrics.jsonl');
        const size = await stat(file).then((s) => s.size, () => 0);
        // What was there before anyone listened is read by whoever wants it; a file that shrank was written anew by a run that goes on.
        const from = first ? size : this.offsets.get(key) ?? 0;
        const { text, to } = size < from ? { text: '', to: 0 } : await linesFrom(file, from);
        this.offsets.set(key, to);
        if (to === from) continue;
        this.send({ kind: 'lines', key, from, to, events: parseEvents(text) });
        changed = true;
      }
      if (changed) this.sendList(await this.runs.list());
    } catch {
      // A folder that is being made or deleted: the next look sees it whole, or not at all.
    }
  }

  private sendList(runs: readonly ListedRun[]): void {
    const text = JSON.stringify(runs);
    if (text === this.last) return;
    this.last = text;
    this.send({ kind: 'runs', runs });
  }

  private send(message: StreamMessage): void {
    for (const listener of this.listeners) listener(message);
  }
}
