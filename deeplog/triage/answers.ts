import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readTriage, TRIAGE_FILE, TriageStore, type TriageFile } from './store.js';

/** A model's answers for a process that lives long: its triage file is read anew when it has changed. */
export class TriageAnswers {
  private stamp = '';
  private file: TriageFile | null = null;

  constructor(private readonly folder: string) {}

  /** Null where nothing has been answered. @throws DataError when the file is broken */
  async current(now = new Date()): Promise<TriageStore | null> {
    const info = await stat(path.join(this.folder, TRIAGE_FILE)).catch(() => null);
    if (info === null) return null;
    const stamp = `${info.ino} ${info.size} ${info.mtimeMs}`;
    if (stamp !== this.stamp) {
      this.file = await readTriage(this.folder);
      this.stamp = stamp;
    }
    // What is looked up is remembered as seen: each asker gets a store of its own.
    return this.file?.patterns.some((p) => p.answer !== null) === true ? TriageStore.of(this.folder, this.file, now) : null;
  }
}
