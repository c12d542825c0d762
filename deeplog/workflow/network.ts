import type { Workflow } from './workflow.js';

/** A node of workflows.json: one key at one place of the workflow. Node "0" is the root and has no value. */
export interface NetworkNode {
  readonly value: number | null;
  /** Node by key. */
  readonly children: Record<string, number>;
  readonly parents: number[];
  readonly is_start: boolean;
  is_end: boolean;
  /** Training sessions that came here by this key, at least once. */
  readonly visits: number;
}

/**
 * The workflow as a network whose nodes hold one key each, as the DeepLog trainer writes it: `{node: {value, children, parents,
 * is_start, is_end}}`. A state that several keys lead to becomes several nodes with the same children.
 */
export function toNetwork(workflow: Workflow): Record<string, NetworkNode> {
  const { states } = workflow;
  const nodeOf = new Map<string, number>();
  const visits = new Map<string, number>();
  states.forEach((state) => {
    for (const [key, to] of state.children) {
      const name = `${to}/${key}`;
      if (!nodeOf.has(name)) nodeOf.set(name, nodeOf.size + 1);
      visits.set(name, (visits.get(name) ?? 0) + (state.taken.get(key) ?? 0));
    }
  });
  const network: Record<string, NetworkNode> = {};
  const childrenOf = (state: number): Record<string, number> => Object.fromEntries(Array.from(states[state].children, ([key, to]) => [key, nodeOf.get(`${to}/${key}`) ?? 0]));
  const starts = new Set(Object.values(childrenOf(0)));
  network[0] = { value: null, children: childrenOf(0), parents: [], is_start: false, is_end: states[0].ends > 0, visits: states[0].visits };
  for (const [name, node] of nodeOf) {
    const [state, key] = name.split('/').map(Number);
    network[node] = { value: key, children: childrenOf(state), parents: [], is_start: starts.has(node), is_end: states[state].ends > 0, visits: visits.get(name) ?? 0 };
  }
  for (const [node, { children }] of Object.entries(network)) for (const child of Object.values(children)) network[child].parents.push(Number(node));
  return network;
}
