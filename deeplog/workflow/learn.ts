import { DataError } from '../common/index.js';
import { BagHash } from './bag_hash.js';
import { findLoopKeys, type CountedSequence } from './loops.js';
import { Workflow, type WorkflowOptions, type WorkflowState } from './workflow.js';

interface Draft {
  readonly bag: Map<number, number>;
  readonly children: Map<number, number>;
  readonly taken: Map<number, number>;
  visits: number;
  ends: number;
  /** The most frequent sequence that passes here: which task this is. */
  task: number;
  taskCount: number;
}

/**
 * Learns a workflow from the distinct sequences of normal sessions, in one pass over their events.
 *
 * A state is the bag of keys seen so far. Equal prefixes share their states; two branches that hold the same keys in another order
 * meet again in the state where both bags are complete, which is the paper's rule for concurrency; branches that differ go apart,
 * which is its rule for a new task; a loop key (see {@link findLoopKeys}) leads from a state back to itself. An order that no
 * session took is allowed where its two states are known and the sessions through them are alike by `threshold`.
 * Why not the published all-pairs comparison: docs/decisions/0005-workflow-from-bags.md.
 * @throws DataError when no sequence is long enough.
 */
export function learnWorkflow(sequences: Iterable<CountedSequence>, options: WorkflowOptions): Workflow {
  const kept = [...sequences].filter(({ events }) => events.length >= options.minLength);
  if (kept.length === 0) throw new DataError(`No training session has ${options.minLength} events or more: there is no workflow to learn. Lower --min_length or use more data.`);
  const loopKeys = findLoopKeys(kept, options);
  const states: Draft[] = [draft(new Map())];
  const byBag = new Map<number, number>();
  const hash = new BagHash();
  byBag.set(hash.value, 0);
  kept.forEach(({ events, count }, task) => {
    hash.reset();
    let at = 0;
    pass(states[0], task, count);
    for (let i = 0; i < events.length; i++) {
      const key = events[i];
      const from = states[at];
      const stays = loopKeys.has(key) && from.bag.has(key);
      if (!stays) hash.add(key);
      const next = from.children.get(key) ?? (stays ? at : byBag.get(hash.value)) ?? states.length;
      if (next === states.length) {
        states.push(draft(new Map(from.bag).set(key, (from.bag.get(key) ?? 0) + 1)));
        byBag.set(hash.value, next);
      }
      from.children.set(key, next);
      from.taken.set(key, (from.taken.get(key) ?? 0) + count);
      at = next;
      pass(states[at], task, count);
    }
    states[at].ends += count;
  });
  allowOtherOrders(states, byBag, kept, loopKeys, options.threshold);
  return new Workflow(states.map(finished), loopKeys, options);
}

function draft(bag: Map<number, number>): Draft {
  return { bag, children: new Map(), taken: new Map(), visits: 0, ends: 0, task: -1, taskCount: 0 };
}

function pass(state: Draft, task: number, count: number): void {
  state.visits += count;
  if (count <= state.taskCount) return;
  state.task = task;
  state.taskCount = count;
}

function finished({ bag, children, taken, visits, ends }: Draft): WorkflowState {
  return { bag: [...bag].sort(([a], [b]) => a - b), children, taken, visits, ends };
}

/** For every state and each of its keys: the state that lacks one of it may lead here by it. */
function allowOtherOrders(states: readonly Draft[], byBag: ReadonlyMap<number, number>, sequences: readonly CountedSequence[], loopKeys: ReadonlySet<number>, threshold: number): void {
  const bags = new Map<number, Map<number, number>>();
  const bagOf = (task: number): Map<number, number> => {
    let bag = bags.get(task);
    if (bag === undefined) bags.set(task, (bag = countKeys(sequences[task].events, loopKeys)));
    return bag;
  };
  const hash = new BagHash();
  for (const [to, state] of states.entries()) {
    hash.reset();
    for (const [key, count] of state.bag) for (let n = 0; n < count; n++) hash.add(key);
    for (const key of state.bag.keys()) {
      if (loopKeys.has(key)) state.children.set(key, to);
      const from = byBag.get(hash.remove(key).value);
      hash.add(key);
      if (from === undefined || states[from].children.has(key)) continue;
      if (similarity(bagOf(states[from].task), bagOf(state.task)) >= threshold) states[from].children.set(key, to);
    }
  }
}

function countKeys(events: ArrayLike<number>, loopKeys: ReadonlySet<number>): Map<number, number> {
  const bag = new Map<number, number>();
  for (let i = 0; i < events.length; i++) bag.set(events[i], loopKeys.has(events[i]) ? 1 : (bag.get(events[i]) ?? 0) + 1);
  return bag;
}

/** Intersection over union of two bags. */
function similarity(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  if (a === b) return 1;
  let common = 0;
  let all = 0;
  for (const [key, n] of a) {
    const m = b.get(key) ?? 0;
    common += Math.min(n, m);
    all += Math.max(n, m);
  }
  for (const [key, m] of b) if (!a.has(key)) all += m;
  return common / all;
}
