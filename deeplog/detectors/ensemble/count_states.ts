/** How a count enters a distance: logarithmically, so that 40 or 41 of a hundred reads are the same and 1 or 2 are not. */
export function logCount(count: number): number {
  // Large counts in steps of an eighth of a log: sessions of thousands of events still have few distinct states.
  return count <= EXACT_COUNTS ? Math.log1p(count) : Math.round(Math.log1p(count) * 8) / 8;
}

const EXACT_COUNTS = 16;
/** Added to each event's standard deviation, so that one that never varies has a finite weight: one more or less of it costs some 5 nats. */
const LEAST_DEVIATION = 0.05;

/** The states with the same set of events. */
export interface StateGroup {
  /** Columns of the events that occur, ascending. */
  readonly columns: Int32Array;
  /** [n, columns.length], weighted log counts. */
  readonly values: Float32Array;
  /** [n], ln(1 + {@link ORDINARY} / training sessions that pass through the state): how far it is from being ordinary. */
  readonly rarity: Float32Array;
}

/** A state that a training session can be in, and how it is reached. */
export interface CountStates {
  /** Known events, ascending; their position is the column. */
  readonly events: readonly number[];
  /** 1 / (deviation of the log count + {@link LEAST_DEVIATION}), by column. */
  readonly weights: Float64Array;
  readonly sessions: number;
  readonly groups: readonly StateGroup[];
}

/**
 * Training sessions that make a state ordinary. An absolute number: by their share alone, what a hundred of a million sessions do would be
 * suspicious, and the rare is what drifts first.
 */
export const ORDINARY = 100;
/** Weight of an event that training does not have. */
export const UNKNOWN_WEIGHT = 1 / LEAST_DEVIATION;

/**
 * The count vectors that training sessions have: at their end, and, where sessions end by themselves (`complete`), at each moment from
 * which on they could have ended. A session could have ended once it has had all the events of some training session that did end: what
 * comes after that is optional, and a session that stops before it is unfinished, not wrong. Event 0, no template, is never known.
 */
export function collectStates(sequences: readonly { readonly events: Uint32Array; readonly count: number }[], complete: boolean): CountStates {
  const known = [...new Set(sequences.flatMap(({ events }) => [...new Set(events)]))].filter((e) => e !== 0).sort((a, b) => a - b);
  const columnOf = new Map(known.map((event, column) => [event, column]));
  const columns = sequences.map(({ events }) => Int32Array.from(events.filter((e) => e !== 0), (e) => columnOf.get(e) ?? 0));
  const sessions = sequences.reduce((sum, s) => sum + s.count, 0);
  const weights = weightsOf(columns, sequences.map((s) => s.count), known.length, sessions);
  const ended = complete ? new Completion(minimalSets(columns)) : null;
  const groups = new Map<string, Map<string, { counts: number[]; sessions: number }>>();
  columns.forEach((sequence, s) => {
    const counts = new Map<number, number>();
    ended?.restart();
    sequence.forEach((column, i) => {
      const before = counts.get(column) ?? 0;
      counts.set(column, before + 1);
      if (before === 0) ended?.add(column);
      // A large count's next step is the same state: counted where it is first reached.
      const moved = i === 0 || logCount(before + 1) !== logCount(before);
      if (ended === null ? i === sequence.length - 1 : ended.reached && (moved || ended.justReached)) note(groups, counts, sequences[s].count);
    });
  });
  return { events: known, weights, sessions, groups: [...groups].map(([key, states]) => packed(key, [...states.values()], weights)) };
}

function note(groups: Map<string, Map<string, { counts: number[]; sessions: number }>>, counts: ReadonlyMap<number, number>, sessions: number): void {
  const columns = [...counts.keys()].sort((a, b) => a - b);
  const key = columns.join(' ');
  const values = columns.map((c) => logCount(counts.get(c) ?? 0));
  let states = groups.get(key);
  if (states === undefined) groups.set(key, (states = new Map()));
  const state = states.get(values.join(' '));
  if (state === undefined) states.set(values.join(' '), { counts: values, sessions });
  else state.sessions += sessions;
}

function packed(key: string, states: readonly { counts: number[]; sessions: number }[], weights: Float64Array): StateGroup {
  const columns = Int32Array.from(key === '' ? [] : key.split(' ').map(Number));
  return {
    columns,
    values: Float32Array.from(states.flatMap(({ counts }) => counts.map((c, k) => c * weights[columns[k]]))),
    rarity: Float32Array.from(states, (s) => Math.log1p(ORDINARY / s.sessions)),
  };
}

function weightsOf(sequences: readonly Int32Array[], counts: readonly number[], columns: number, sessions: number): Float64Array {
  const sum = new Float64Array(columns);
  const squares = new Float64Array(columns);
  sequences.forEach((sequence, s) => {
    const own = new Map<number, number>();
    for (const column of sequence) own.set(column, (own.get(column) ?? 0) + 1);
    for (const [column, n] of own) {
      sum[column] += logCount(n) * counts[s];
      squares[column] += logCount(n) ** 2 * counts[s];
    }
  });
  return sum.map((total, c) => 1 / (Math.sqrt(Math.max(0, squares[c] / sessions - (total / sessions) ** 2)) + LEAST_DEVIATION));
}

/** The sets of events of whole sessions that contain no other such set. */
function minimalSets(sequences: readonly Int32Array[]): number[][] {
  const sets = new Map<string, number[]>();
  for (const sequence of sequences) {
    const set = [...new Set(sequence)].sort((a, b) => a - b);
    if (set.length > 0) sets.set(set.join(' '), set);
  }
  const minimal: Set<number>[] = [];
  for (const set of [...sets.values()].sort((a, b) => a.length - b.length)) {
    const own = new Set(set);
    if (!minimal.some((m) => m.size < own.size && [...m].every((c) => own.has(c)))) minimal.push(own);
  }
  return minimal.map((m) => [...m]);
}

/** Whether a session has had all the events of one that ended, while its events come in. */
class Completion {
  private readonly setsOf = new Map<number, number[]>();
  private readonly sizes: Int32Array;
  private missing: Int32Array;
  reached = false;
  justReached = false;

  constructor(sets: readonly (readonly number[])[]) {
    this.sizes = Int32Array.from(sets, (s) => s.length);
    this.missing = this.sizes.slice();
    sets.forEach((set, k) => {
      for (const column of set) this.setsOf.set(column, [...(this.setsOf.get(column) ?? []), k]);
    });
  }

  restart(): void {
    this.missing = this.sizes.slice();
    this.reached = this.justReached = false;
  }

  /** `column` occurs for the first time. */
  add(column: number): void {
    const before = this.reached;
    for (const k of this.setsOf.get(column) ?? []) if (--this.missing[k] === 0) this.reached = true;
    this.justReached = this.reached && !before;
  }
}
