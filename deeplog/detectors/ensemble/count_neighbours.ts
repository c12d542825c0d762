import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Detector, Evidence, Need, Session, SessionSource } from '../types.js';
import { collectStates, ORDINARY, type CountStates } from './count_states.js';
import { NearestState } from './nearest_state.js';

export interface CountNeighboursOptions {
  /** Sessions end by themselves, so that one may also be unfinished; windows are what they are. */
  readonly complete: boolean;
}

const DIFFERENCES_SHOWN = 5;

/**
 * How far a session's event counts are from those of the training sessions, in nats: differences in units of each event's own variation,
 * and the rarity of what it is nearest to (see {@link NearestState}). Which events occur, how often, and which are missing: event-set and
 * count-vector as one graded score. A session that stops early is compared with training sessions at that point (see {@link collectStates}).
 */
export class CountNeighbours implements Detector {
  readonly id = 'count-neighbours';
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly patternKind = 'counts that differ';
  private fitted: { readonly states: CountStates; readonly nearest: NearestState } | null = null;

  constructor(readonly options: CountNeighboursOptions) {}

  config(): Readonly<Record<string, unknown>> {
    return { ...this.options };
  }

  /** @throws DataError when no training session has an event. */
  fit(train: SessionSource): Promise<void> {
    const sequences = Array.from(train.distinct(), ({ session, count }) => ({ events: session.events, count })).filter((s) => s.events.length > 0);
    if (sequences.length === 0) throw new DataError('No training session has an event: there are no counts to compare with.');
    this.use(collectStates(sequences, this.options.complete));
    return Promise.resolve();
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const { nearest } = this.model();
    // Many sequences have the same counts.
    const known = new Map<string, number>();
    return Promise.resolve(Float64Array.from(sessions, ({ events }) => {
      const key = events.slice().sort().join(' ');
      let score = known.get(key);
      if (score === undefined) known.set(key, (score = nearest.distance(events)));
      return score;
    }));
  }

  explain(session: Session, threshold = -Infinity): Promise<Evidence[]> {
    const { nearest, states } = this.model();
    const { distance, rarity, differences } = nearest.find(session.events);
    if (distance <= threshold) return Promise.resolve([]);
    const alike = Math.round(ORDINARY / Math.expm1(rarity)).toLocaleString('en-US');
    const of = `${alike} of ${states.sessions.toLocaleString('en-US')} training sessions`;
    const out = differences.slice(0, DIFFERENCES_SHOWN).map(({ event, count, expected, cost }): Evidence => {
      const index = count > expected ? positionOf(session.events, event, expected) : session.events.length;
      return {
        index, event: session.events[index] ?? null, score: cost, expected: [], ...(session.lines && index < session.events.length ? { line: session.lines[index] } : {}),
        reason: count === 0 ? `event ${event} is missing: the nearest of what training sessions do has it ${times(expected)} (${of})` : `event ${event} occurs ${times(count)}; ${expected === 0 ? 'not at all' : times(expected)} in the nearest of what training sessions do (${of})`,
      };
    });
    // Nothing differs, or not by as much: what it is like is itself seldom.
    if (rarity > (out[0]?.score ?? 0)) out.unshift({ index: session.events.length, event: null, score: rarity, expected: [], reason: `only ${of} have counts like these` });
    return Promise.resolve(out);
  }

  /** Events too many, too few or unknown against the nearest state; `rare counts` where none is. */
  patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    const { nearest } = this.model();
    return Promise.resolve(sessions.map(({ events }) => {
      const { distance, differences } = nearest.find(events);
      if (distance <= threshold) return [];
      const names = differences.map(({ event, count, expected }) => `event ${event} ${count === 0 ? 'missing' : expected === 0 ? 'added' : count > expected ? 'more often' : 'less often'}`);
      return names.length === 0 ? ['rare counts'] : names.sort();
    }));
  }

  async save(folder: string): Promise<void> {
    const { states } = this.model();
    const { groups } = states;
    await writeTensors(path.join(folder, 'model.safetensors'), {
      values: flat(groups.map((g) => g.values)), rarity: flat(groups.map((g) => g.rarity)),
    });
    await writeJson(path.join(folder, 'config.json'), {
      schema: 'deeplog.detector/1', detector: this.id, ...this.options, events: states.events, weights: [...states.weights], sessions: states.sessions,
      groups: groups.map((g) => ({ columns: [...g.columns], states: g.rarity.length })),
    });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string): Promise<CountNeighbours> {
    const config = (await readJson(path.join(folder, 'config.json'))) as Saved;
    if (config.detector !== 'count-neighbours' || !Array.isArray(config.groups)) throw new DataError(`${folder}: holds a ${String(config.detector)} detector, not count-neighbours.`);
    const { values, rarity } = await readTensors(path.join(folder, 'model.safetensors'));
    let [atValue, atState] = [0, 0];
    const groups = config.groups.map(({ columns, states }) => ({
      columns: Int32Array.from(columns),
      values: values.data.slice(atValue, (atValue += states * columns.length)),
      rarity: rarity.data.slice(atState, (atState += states)),
    }));
    if (atValue !== values.data.length || atState !== rarity.data.length) throw new DataError(`${folder}: the states do not fit config.json. Fit the detector again.`);
    const detector = new CountNeighbours({ complete: config.complete });
    detector.use({ events: config.events, weights: Float64Array.from(config.weights), sessions: config.sessions, groups });
    return detector;
  }

  modelBytes(): number | null {
    return this.fitted === null ? null : this.fitted.states.groups.reduce((sum, g) => sum + g.columns.byteLength + g.values.byteLength + g.rarity.byteLength, 0);
  }

  private use(states: CountStates): void {
    this.fitted = { states, nearest: new NearestState(states) };
  }

  private model(): { readonly states: CountStates; readonly nearest: NearestState } {
    if (this.fitted === null) throw new DataError('count-neighbours is not fitted yet: call fit or load first.');
    return this.fitted;
  }
}

interface Saved {
  readonly detector: string;
  readonly complete: boolean;
  readonly events: number[];
  readonly weights: number[];
  readonly sessions: number;
  readonly groups: readonly { readonly columns: number[]; readonly states: number }[];
}

function flat(parts: readonly Float32Array[]): { shape: number[]; data: Float32Array } {
  const data = new Float32Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { shape: [data.length], data };
}

/** Where the occurrence after the first `skipped` of an event stands. */
function positionOf(events: Uint32Array, event: number, skipped: number): number {
  let seen = 0;
  const at = events.findIndex((e) => e === event && seen++ === skipped);
  return at < 0 ? events.length : at;
}

function times(n: number): string {
  return n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`;
}
