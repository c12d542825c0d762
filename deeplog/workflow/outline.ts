import type { Workflow } from './workflow.js';

/** A box of the drawing: a step, or several that happen in any order. */
export interface OutlineNode {
  readonly id: number;
  /** Keys and how often each occurs, in the order of the commonest path. */
  readonly keys: readonly { readonly key: number; readonly count: number }[];
  /** Keys that may come again any number of times once they are here. */
  readonly loops: readonly number[];
  readonly anyOrder: boolean;
  /** Training sessions that come here, and those that end here. */
  visits: number;
  readonly ends: number;
  readonly start: boolean;
}

/** The workflow as people draw it: chains and any-order blocks instead of one state per order. */
export interface Outline {
  readonly nodes: readonly OutlineNode[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly visits: number }[];
  /** Share of training sessions whose whole path is drawn. */
  readonly coverage: number;
  readonly sessions: number;
}

/**
 * Draws together what is concurrent: from a state with several children on, everything up to the first state that all of their
 * paths meet in again (its immediate post-dominator) is one block, since two paths between the same two bags hold the same keys.
 * Steps that less than `minShare` of the training sessions take are left out.
 */
export function outline(workflow: Workflow, minShare = 0.02): Outline {
  const { states, loopKeys, sessions } = workflow;
  const least = Math.max(1, minShare * sessions);
  // Loops lead back to their own state: what is left is a directed graph without cycles, since bags only grow.
  const next = states.map(({ children, taken }, from) => [...children].filter(([key, to]) => to !== from && (taken.get(key) ?? 0) >= least).map(([key, to]) => ({ key, to, visits: taken.get(key) ?? 0 })));
  // A loop counts a session as often as it comes back.
  const once = states.map(({ visits, children, taken }, from) => visits - [...children].reduce((n, [key, to]) => n + (to === from ? taken.get(key) ?? 0 : 0), 0));
  const shown = states.map(() => false);
  const reach = [0];
  while (reach.length > 0) {
    const state = reach.pop() ?? 0;
    if (shown[state]) continue;
    shown[state] = true;
    reach.push(...next[state].map((n) => n.to));
  }
  const meeting = postDominators(states.map((s) => s.bag.reduce((n, [, c]) => n + c, 0)), next, shown);

  const nodes: OutlineNode[] = [];
  const edges = new Map<string, { from: number; to: number; visits: number }>();
  const boxes = new Map<string, number>();
  const expanded = new Set<number>();
  const pending: { state: number; box: number | null }[] = [{ state: 0, box: null }];
  while (pending.length > 0) {
    const { state, box } = pending.pop() ?? { state: 0, box: null };
    const targets = next[state].length > 1 && meeting[state] >= 0
      ? [{ to: meeting[state], visits: next[state].reduce((n, e) => n + e.visits, 0) }]
      : next[state].map(({ to, visits }) => ({ to, visits }));
    for (const { to, visits } of targets) {
      const name = `${state}>${to}`;
      let target = boxes.get(name);
      if (target === undefined) {
        target = nodes.length;
        boxes.set(name, target);
        const keys = between(state, to, next, loopKeys);
        nodes.push({ id: target, keys: keys.keys, loops: keys.loops, anyOrder: next[state].length > 1 && meeting[state] >= 0, visits: 0, ends: states[to].ends, start: state === 0 });
        pending.push({ state: to, box: target });
      }
      nodes[target].visits += expanded.has(state) ? 0 : visits;
      // Several boxes may lead to one state: each passes on its share of what leaves it.
      if (box !== null) edges.set(`${box}>${target}`, { from: box, to: target, visits: (nodes[box].visits * visits) / once[state] });
    }
    expanded.add(state);
  }
  const drawnEnds = states.reduce((n, s, i) => n + (shown[i] ? s.ends : 0), 0);
  return { nodes, edges: [...edges.values()], coverage: drawnEnds / sessions, sessions };
}

type Next = readonly (readonly { readonly key: number; readonly to: number; readonly visits: number }[])[];

/** The first state that every shown path from a state comes through, or −1; states are worked off from the largest bag down. */
function postDominators(sizes: readonly number[], next: Next, shown: readonly boolean[]): Int32Array {
  const order = Array.from(sizes.keys()).filter((s) => shown[s]).sort((a, b) => sizes[b] - sizes[a]);
  const meeting = new Int32Array(sizes.length).fill(-1);
  for (const state of order) {
    let common = next[state][0]?.to ?? -1;
    for (const { to } of next[state].slice(1)) {
      let other = to;
      while (common >= 0 && other >= 0 && common !== other) {
        if (sizes[common] < sizes[other]) common = meeting[common];
        else if (sizes[other] < sizes[common]) other = meeting[other];
        else [common, other] = [meeting[common], meeting[other]];
      }
      if (common < 0 || other < 0) common = -1;
    }
    meeting[state] = common;
  }
  return meeting;
}

/** The keys of the commonest path from one state to another. */
function between(from: number, to: number, next: Next, loopKeys: ReadonlySet<number>): Pick<OutlineNode, 'keys' | 'loops'> {
  const counts = new Map<number, number>();
  for (let at = from; at !== to;) {
    const direct = next[at].find((n) => n.to === to);
    const step = direct ?? [...next[at]].sort((a, b) => b.visits - a.visits)[0];
    if (step === undefined) break;
    counts.set(step.key, (counts.get(step.key) ?? 0) + 1);
    at = step.to;
  }
  return { keys: Array.from(counts, ([key, count]) => ({ key, count })), loops: [...counts.keys()].filter((k) => loopKeys.has(k)) };
}
