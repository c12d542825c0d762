import { logCount, UNKNOWN_WEIGHT, type CountStates, type StateGroup } from './count_states.js';

/** How far a session is from the state of training sessions that explains it best. */
export interface Nearest {
  /** In nats: the differences and the rarity together. */
  readonly distance: number;
  readonly rarity: number;
  /** Events whose count differs, the dearest first. */
  readonly differences: readonly { readonly event: number; readonly count: number; readonly expected: number; readonly cost: number }[];
}

/**
 * Finds the training state r that makes a session x least surprising: the minimum of Σ_e w_e·|ln(1+x_e) − ln(1+r_e)| + ln(1 + 100 / sessions
 * in r): the distance is a Laplace kernel's, one bandwidth an event; a neighbour counts in full once a hundred sessions vouch for it.
 */
export class NearestState {
  private readonly columnOf: ReadonlyMap<number, number>;
  /** Of each group: the least that its events cost where a session has none of them, and its least rarity. */
  private readonly bounds: Float64Array;
  /** Of each column: the groups that have it, and the least that it costs to be without it there. */
  private readonly groupsOf: readonly { readonly groups: Int32Array; readonly least: Float64Array }[];
  private readonly scratch: Float64Array;

  constructor(private readonly states: CountStates) {
    this.columnOf = new Map(states.events.map((event, column) => [event, column]));
    const entries = states.events.map(() => ({ groups: [] as number[], least: [] as number[] }));
    this.bounds = Float64Array.from(states.groups, ({ columns, values, rarity }, g) => {
      let bound = least(rarity);
      columns.forEach((column, k) => {
        let smallest = Infinity;
        for (let at = k; at < values.length; at += columns.length) smallest = Math.min(smallest, values[at]);
        entries[column].groups.push(g);
        entries[column].least.push(smallest);
        bound += smallest;
      });
      return bound;
    });
    this.groupsOf = entries.map((e) => ({ groups: Int32Array.from(e.groups), least: Float64Array.from(e.least) }));
    this.scratch = new Float64Array(states.groups.length);
  }

  /** Nats. */
  distance(events: Uint32Array): number {
    return this.search(this.query(events)).distance;
  }

  find(events: Uint32Array): Nearest {
    const query = this.query(events);
    const { distance, group, row } = this.search(query);
    const { weights, events: known } = this.states;
    const expected = new Map<number, number>();
    group?.columns.forEach((column, k) => expected.set(column, group.values[row * group.columns.length + k] / weights[column]));
    const differences = [...new Set([...query.logs.keys(), ...expected.keys()])]
      .map((column) => {
        const [own, theirs] = [query.logs.get(column) ?? 0, expected.get(column) ?? 0];
        return { event: known[column], count: query.counts.get(known[column]) ?? 0, expected: Math.round(Math.expm1(theirs)), cost: weights[column] * Math.abs(own - theirs) };
      })
      // Values are kept in single precision.
      .filter((d) => d.cost > 1e-4);
    for (const [event, count] of query.counts) if (!this.columnOf.has(event)) differences.push({ event, count, expected: 0, cost: UNKNOWN_WEIGHT * logCount(count) });
    return { distance, rarity: group?.rarity[row] ?? 0, differences: differences.sort((a, b) => b.cost - a.cost || a.event - b.event) };
  }

  private query(events: Uint32Array): Query {
    const counts = new Map<number, number>();
    for (const event of events) counts.set(event, (counts.get(event) ?? 0) + 1);
    const logs = new Map<number, number>();
    let unknown = 0;
    for (const [event, count] of counts) {
      const column = this.columnOf.get(event);
      if (column === undefined) unknown += UNKNOWN_WEIGHT * logCount(count);
      else logs.set(column, logCount(count));
    }
    return { counts, logs, unknown };
  }

  private search({ logs, unknown }: Query): { distance: number; group: StateGroup | undefined; row: number } {
    const { weights, groups } = this.states;
    // Lower bounds of all groups at once: what a group has and the session lacks, what the session has and the group lacks.
    const { scratch } = this;
    scratch.set(this.bounds);
    let base = unknown;
    const dense = new Float64Array(weights.length);
    for (const [column, log] of logs) {
      const value = weights[column] * log;
      dense[column] = value;
      base += value;
      const { groups: having, least: costs } = this.groupsOf[column];
      for (let i = 0; i < having.length; i++) scratch[having[i]] -= costs[i] + value;
    }
    let best = { distance: Infinity, group: undefined as StateGroup | undefined, row: 0 };
    const consider = (g: number): void => {
      const group = groups[g];
      const width = group.columns.length;
      let absent = base;
      for (const column of group.columns) absent -= dense[column];
      for (let row = 0; row < group.rarity.length; row++) {
        let distance = absent + group.rarity[row];
        for (let k = 0; k < width && distance < best.distance; k++) distance += Math.abs(dense[group.columns[k]] - group.values[row * width + k]);
        if (distance < best.distance) best = { distance, group, row };
      }
    };
    let nearest = 0;
    for (let g = 1; g < scratch.length; g++) if (scratch[g] < scratch[nearest]) nearest = g;
    consider(nearest);
    for (let g = 0; g < scratch.length; g++) if (g !== nearest && scratch[g] + base < best.distance) consider(g);
    return best;
  }
}

interface Query {
  readonly counts: ReadonlyMap<number, number>;
  /** Log counts by column. */
  readonly logs: ReadonlyMap<number, number>;
  /** What the events that training does not have cost. */
  readonly unknown: number;
}

function least(values: Float32Array): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}
