/** A place in the workflow: what has happened so far, whatever the order. State 0 is the start, where nothing has. */
export interface WorkflowState {
  /** Keys that have occurred, in order of key, with their number; a loop key counts once. */
  readonly bag: readonly (readonly [key: number, count: number])[];
  /** Where each key leads from here; a loop key that has occurred leads back here. */
  readonly children: ReadonlyMap<number, number>;
  /** Training sessions that took each of the children; 0 for an order that no session took but that concurrency allows. */
  readonly taken: ReadonlyMap<number, number>;
  /** Passages of training sessions, and how many of the sessions ended here. */
  readonly visits: number;
  readonly ends: number;
}

export interface WorkflowOptions {
  /** Shorter training sessions are left out. */
  readonly minLength: number;
  /**
   * Similarity of two sessions' bags of keys (their intersection over their union) from which on they are one task, so that their
   * orders may mix; also the share of sessions that must agree on a number of repeats for it to be no loop.
   */
  readonly threshold: number;
  /** How far back a loop may return: 0 the same key again, 1 with one key between, … */
  readonly backSteps: number;
}

export const WORKFLOW_DEFAULTS: WorkflowOptions = { minLength: 4, threshold: 0.8, backSteps: 1 };

/** Thinking in one place about what follows what: a finite-state model of normal sessions (DeepLog, Du et al. 2017, §4). */
export class Workflow {
  /** Keys that training holds at all. */
  readonly keys: ReadonlySet<number>;

  constructor(readonly states: readonly WorkflowState[], readonly loopKeys: ReadonlySet<number>, readonly options: WorkflowOptions) {
    const keys = new Set<number>();
    for (const { bag } of states) for (const [key] of bag) keys.add(key);
    this.keys = keys;
  }

  /** Training sessions it was learned from. */
  get sessions(): number {
    return this.states[0].visits;
  }

  /** What may come next, the likeliest first; `null` is the end of the session. Probabilities are shares of training sessions. */
  expected(state: number): { readonly key: number | null; readonly probability: number }[] {
    const { children, taken, visits, ends } = this.states[state];
    const out: { key: number | null; probability: number }[] = Array.from(children.keys(), (key) => ({ key, probability: (taken.get(key) ?? 0) / visits }));
    if (ends > 0) out.push({ key: null, probability: ends / visits });
    return out.sort((a, b) => b.probability - a.probability || (a.key ?? Infinity) - (b.key ?? Infinity));
  }

  toJSON(): unknown {
    return {
      schema: 'deeplog.workflow/1', ...this.options, loop_keys: [...this.loopKeys],
      states: this.states.map((s) => ({ bag: s.bag, children: [...s.children], taken: [...s.taken], visits: s.visits, ends: s.ends })),
    };
  }

  static fromJSON(json: unknown): Workflow {
    const { minLength, threshold, backSteps, loop_keys: loopKeys, states } = json as WorkflowOptions & { loop_keys: number[]; states: { bag: [number, number][]; children: [number, number][]; taken: [number, number][]; visits: number; ends: number }[] };
    return new Workflow(states.map((s) => ({ ...s, children: new Map(s.children), taken: new Map(s.taken) })), new Set(loopKeys), { minLength, threshold, backSteps });
  }
}
