import type { Outline, OutlineNode } from './outline.js';

interface Edge {
  readonly from: number;
  readonly to: number;
  visits: number;
}

/** Shares of sessions below this are not worth an end mark in a drawing. */
const LEAST_END_SHARE = 0.001;

/** Fewer boxes that say the same: boxes with the same keys and the same continuation become one, and chains become one box. */
export function simplify(outline: Outline): Outline {
  const quiet = outline.nodes.map((n) => (n.ends < LEAST_END_SHARE * outline.sessions ? { ...n, ends: 0 } : n));
  const merged = mergeEqualTails(quiet, outline.edges);
  const chained = mergeChains(merged.nodes, merged.edges);
  return { ...outline, ...chained };
}

/** As in minimising an acyclic automaton (Revuz 1992): from the last boxes backwards, equal keys and equal children are equal. */
function mergeEqualTails(nodes: readonly OutlineNode[], edges: readonly Edge[]): { nodes: OutlineNode[]; edges: Edge[] } {
  const standsFor = new Int32Array(nodes.length).fill(-1);
  const bySignature = new Map<string, number>();
  const sums = new Map<number, { visits: number; ends: number }>();
  const represent = (id: number): number => {
    if (standsFor[id] >= 0) return standsFor[id];
    const node = nodes[id];
    const children = edges.filter((e) => e.from === id).map((e) => represent(e.to)).sort((a, b) => a - b);
    const signature = JSON.stringify([node.keys, node.loops, node.anyOrder, node.start, node.ends > 0, children]);
    const same = bySignature.get(signature) ?? id;
    bySignature.set(signature, same);
    const sum = sums.get(same) ?? { visits: 0, ends: 0 };
    sums.set(same, { visits: sum.visits + node.visits, ends: sum.ends + node.ends });
    return (standsFor[id] = same);
  };
  nodes.forEach((_, id) => represent(id));
  const combined = new Map<string, Edge>();
  for (const { from, to, visits } of edges) {
    const edge = { from: standsFor[from], to: standsFor[to], visits };
    const known = combined.get(`${edge.from}>${edge.to}`);
    if (known) known.visits += visits;
    else combined.set(`${edge.from}>${edge.to}`, edge);
  }
  const kept = nodes.filter((_, id) => standsFor[id] === id).map((n) => ({ ...n, ...(sums.get(n.id) ?? {}) }));
  return { nodes: kept, edges: [...combined.values()] };
}

function mergeChains(nodes: readonly OutlineNode[], edges: readonly Edge[]): { nodes: OutlineNode[]; edges: Edge[] } {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  let rest = [...edges];
  for (const { id } of nodes) {
    for (let node = byId.get(id); node !== undefined; node = byId.get(id)) {
      const current = node;
      const out = rest.filter((e) => e.from === id);
      const follower = out.length === 1 ? byId.get(out[0].to) : undefined;
      if (follower === undefined || rest.filter((e) => e.to === follower.id).length > 1 || current.ends > 0 || current.anyOrder || follower.anyOrder) break;
      byId.set(id, { ...current, keys: runs([...current.keys, ...follower.keys]), loops: [...new Set([...current.loops, ...follower.loops])], ends: follower.ends });
      byId.delete(follower.id);
      rest = rest.filter((e) => e !== out[0]).map((e) => (e.from === follower.id ? { ...e, from: id } : e));
    }
  }
  const kept = [...byId.values()];
  const place = new Map(kept.map((n, i) => [n.id, i]));
  return {
    nodes: kept.map((n, i) => ({ ...n, id: i })),
    edges: rest.map((e) => ({ ...e, from: place.get(e.from) ?? 0, to: place.get(e.to) ?? 0 })),
  };
}

/** Neighbours with the same key become one with the sum of their counts. */
function runs(keys: readonly { key: number; count: number }[]): { key: number; count: number }[] {
  const out: { key: number; count: number }[] = [];
  for (const { key, count } of keys) {
    const last = out.at(-1);
    if (last?.key === key) last.count += count;
    else out.push({ key, count });
  }
  return out;
}
