import type { WorkflowOptions } from './workflow.js';

/** A training sequence and how many sessions have it. */
export interface CountedSequence {
  readonly events: ArrayLike<number>;
  readonly count: number;
}

/**
 * Keys that loop: they come back within `backSteps` other keys, and sessions do not agree on how often. Three replicas that are
 * registered one after another are three steps; a block that is read one to forty times is a loop.
 */
export function findLoopKeys(sequences: readonly CountedSequence[], options: Pick<WorkflowOptions, 'threshold' | 'backSteps'>): Set<number> {
  const returns = new Set<number>();
  const repeats = new Map<number, Map<number, number>>(); // key → occurrences in a session → sessions
  for (const { events, count } of sequences) {
    const lastAt = new Map<number, number>();
    const occurrences = new Map<number, number>();
    for (let i = 0; i < events.length; i++) {
      const key = events[i];
      const before = lastAt.get(key);
      if (before !== undefined && i - before <= options.backSteps + 1) returns.add(key);
      lastAt.set(key, i);
      occurrences.set(key, (occurrences.get(key) ?? 0) + 1);
    }
    for (const [key, n] of occurrences) {
      let sessions = repeats.get(key);
      if (sessions === undefined) repeats.set(key, (sessions = new Map()));
      sessions.set(n, (sessions.get(n) ?? 0) + count);
    }
  }
  const loops = new Set<number>();
  for (const key of returns) {
    const sessions = [...(repeats.get(key) ?? new Map<number, number>()).values()];
    const all = sessions.reduce((a, b) => a + b, 0);
    if (Math.max(...sessions) < options.threshold * all) loops.add(key);
  }
  return loops;
}
