import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Detector, Evidence, Need, Session, SessionSource } from '../types.js';
import { editsBetween, type Edit } from './levenshtein.js';
import { NearestSequence } from './nearest_sequence.js';

/** How far a session is from the nearest training session: edits (events put in, left out, exchanged) as a share of the longer of the two. */
export class EditDistance implements Detector {
  readonly id = 'edit-distance';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly patternKind = 'edits from the nearest training session';
  private nearest: NearestSequence | null = null;

  /** @throws DataError when there is no training session */
  fit(train: SessionSource): Promise<void> {
    return this.use(Array.from(train.distinct(), ({ session }) => session.events));
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const nearest = this.fitted();
    return Promise.resolve(Float64Array.from(sessions, ({ events }) => nearest.find(events).distance));
  }

  explain(session: Session): Promise<Evidence[]> {
    const edits = this.edits(session.events);
    return Promise.resolve(edits.map((edit) => ({
      index: edit.index, event: session.events[edit.index] ?? null, score: 1 / Math.max(1, session.events.length), expected: edit.symbol === null ? [] : [{ event: edit.symbol, probability: 1 }],
      ...(session.lines && edit.index < session.events.length ? { line: session.lines[edit.index] } : {}), reason: inWords(edit, session.events[edit.index]),
    })));
  }

  patterns(sessions: readonly Session[]): Promise<string[][]> {
    return Promise.resolve(sessions.map(({ events }) => {
      const names = this.edits(events).flatMap(({ kind, index, symbol }) => [...(kind === 'insert' ? [] : [`+${events[index]}`]), ...(symbol === null ? [] : [`-${symbol}`])]);
      return names.length === 0 ? [] : [`edits ${names.sort().join(' ')}`];
    }));
  }

  async save(folder: string): Promise<void> {
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, sequences: this.fitted().sequences.map((s) => s.join(' ')) });
  }

  /** @throws DataError when the folder holds another detector. */
  async restore(folder: string): Promise<this> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { detector?: string; sequences?: string[] };
    if (config.detector !== this.id || !Array.isArray(config.sequences)) throw new DataError(`${folder}: holds a ${String(config.detector)} detector, not ${this.id}.`);
    await this.use(config.sequences.map((s) => Uint32Array.from(s === '' ? [] : s.split(' '), Number)));
    return this;
  }

  modelBytes(): number | null {
    return this.nearest === null ? null : this.nearest.sequences.reduce((sum, s) => sum + s.join(' ').length + 1, 0);
  }

  private use(sequences: readonly Uint32Array[]): Promise<void> {
    if (sequences.length === 0) return Promise.reject(new DataError(`${this.id}: there is no training session to compare with.`));
    this.nearest = new NearestSequence(sequences);
    return Promise.resolve();
  }

  /** What would turn the session into the nearest training session. */
  private edits(events: Uint32Array): Edit[] {
    const nearest = this.fitted();
    const { sequence, distance } = nearest.find(events);
    return distance === 0 ? [] : editsBetween(events, nearest.sequences[sequence]);
  }

  private fitted(): NearestSequence {
    if (this.nearest === null) throw new DataError(`${this.id} is not fitted yet: call fit or restore first.`);
    return this.nearest;
  }
}

function inWords({ kind, symbol }: Edit, event: number | undefined): string {
  switch (kind) {
    case 'insert': return `event ${symbol ?? 0} is missing here: the nearest training session has it`;
    case 'delete': return `event ${event ?? 0} is not in the nearest training session`;
    case 'replace': return `event ${event ?? 0} stands where the nearest training session has event ${symbol ?? 0}`;
    default: return kind satisfies never;
  }
}
