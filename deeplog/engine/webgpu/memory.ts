import { sizeOf, type GraphNode } from '../graph/index.js';
import type { Place } from './kernels/context.js';
import type { Kernel } from './plan.js';
import { isLeaf, type StoredNodes } from './stored.js';

/** Values are aligned to this many floats, so that neighbours do not share a cache line. */
const ALIGNMENT = 64;

interface Item {
  readonly size: number;
  first: number;
  last: number;
  readonly done: (offset: number) => void;
}

export interface MemoryPlan {
  /** Floats of the arena. */
  readonly arena: number;
  readonly partials: Map<Kernel, number>;
}

/** Nodes that somebody outside their own kernel reads, or that share memory with such: the others are never written. */
export function neededNodes(kernels: readonly Kernel[], chosen: StoredNodes): Set<GraphNode> {
  const needed = new Set<GraphNode>(chosen.roots.map(({ node }) => node));
  for (const kernel of kernels) for (const reads of kernel.reads) for (const node of reads.keys()) if (!kernel.local.has(node)) needed.add(node);
  for (let grown = -1; grown !== needed.size;) {
    grown = needed.size;
    for (const [part, { host }] of chosen.aliases) {
      if (needed.has(part)) needed.add(host);
      if (needed.has(host)) needed.add(part);
    }
  }
  return needed;
}

/**
 * Gives every stored value a place in one arena: values that are never alive in the same dispatch share memory.
 * Adds to `places`; what has a place already keeps it.
 */
export function planMemory(dispatches: ReadonlyArray<readonly Kernel[]>, chosen: StoredNodes, needed: ReadonlySet<GraphNode>, places: Map<GraphNode, Place>, parts: (kernel: Kernel) => number): MemoryPlan {
  const items = new Map<GraphNode | Kernel, Item>();
  const partials = new Map<Kernel, number>();
  const touch = (key: GraphNode | Kernel, size: number, at: number, done: (offset: number) => void): void => {
    const item = items.get(key) ?? { size: Math.ceil(size / ALIGNMENT) * ALIGNMENT, first: at, last: at, done };
    item.first = Math.min(item.first, at);
    item.last = Math.max(item.last, at);
    items.set(key, item);
  };
  const touchNode = (node: GraphNode, at: number): void => {
    if (isLeaf(node) || !needed.has(node)) return;
    let host = node;
    for (let alias = chosen.aliases.get(host); alias !== undefined; alias = chosen.aliases.get(host)) host = alias.host;
    if (!places.has(host)) touch(host, sizeOf(host.shape), at, (offset) => places.set(host, { buffer: 'A', offset }));
  };
  dispatches.forEach((kernels, at) => {
    for (const kernel of kernels) {
      for (const reads of kernel.reads) for (const node of reads.keys()) touchNode(node, at);
      for (const unit of kernel.units) touchNode(unit.target, at);
      if (kernel.core !== undefined) touchNode(kernel.core, at);
      const owner = kernel.kind === 'sum' ? kernel.of : kernel.split > 1 ? kernel : undefined;
      if (owner !== undefined) touch(owner, parts(owner) * owner.size, at, (offset) => partials.set(owner, offset));
    }
  });
  const placed: Array<{ item: Item; offset: number }> = [];
  let arena = ALIGNMENT;
  for (const item of [...items.values()].sort((a, b) => b.size - a.size)) {
    let offset = 0;
    const rivals = placed.filter(({ item: other }) => other.first <= item.last && other.last >= item.first).sort((a, b) => a.offset - b.offset);
    for (const rival of rivals) {
      if (offset + item.size <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.item.size);
    }
    placed.push({ item, offset });
    item.done(offset);
    arena = Math.max(arena, offset + item.size);
  }
  return { arena, partials };
}
