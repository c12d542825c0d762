import { liveNodes, sizeOf, usersOf, type Graph, type GraphNode } from '../graph/index.js';
import { priceOf } from './wgsl.js';

/** Computing a shared float this dear again in each user costs more than storing it. */
const MAX_RECOMPUTED_PRICE = 12;

const VIEWS: ReadonlySet<string> = new Set(['reshape', 'transpose', 'slice', 'expand']);
const CORES: ReadonlySet<string> = new Set(['matmul', 'reduce', 'segmentSum', 'argmax']);

export function isLeaf(node: GraphNode): boolean {
  return node.op.kind === 'input' || node.op.kind === 'data';
}

/** Operations with a kernel of their own; everything else is computed inside other kernels. */
export function isCore(node: GraphNode): boolean {
  return CORES.has(node.op.kind);
}

export interface Root {
  readonly name: string;
  /** What is stored: the output itself or a copy of it. */
  readonly node: GraphNode;
}

export interface Alias {
  readonly host: GraphNode;
  readonly offset: number;
}

export interface StoredNodes {
  readonly roots: readonly Root[];
  readonly nodes: readonly GraphNode[];
  readonly stored: ReadonlySet<GraphNode>;
  /** Parts that live inside the concatenation which they belong to. */
  readonly aliases: ReadonlyMap<GraphNode, Alias>;
}

/** Decides which values get memory: outputs, cores, what cores read, and what is dear and read more than once. */
export function chooseStored(g: Graph, outputs: ReadonlyArray<{ readonly name: string; readonly node: GraphNode }>): StoredNodes {
  const stored = new Set<GraphNode>();
  const roots = outputs.map(({ name, node }) => {
    let base = node;
    while (base.op.kind === 'reshape') base = base.inputs[0];
    const own = !isLeaf(base) && base.op.kind !== 'constant' && !stored.has(base);
    const target = own ? base : copyOf(g, node, stored);
    stored.add(target);
    return { name, node: target };
  });
  const nodes = liveNodes(roots.map(({ node }) => node));
  const users = usersOf(nodes);
  const store = (node: GraphNode) => {
    let base = node;
    while (VIEWS.has(base.op.kind) && !stored.has(base)) base = base.inputs[0];
    if (!isLeaf(base) && base.op.kind !== 'constant') stored.add(base);
  };
  for (const node of nodes) {
    if (isCore(node)) stored.add(node);
    if (node.op.kind === 'matmul') node.inputs.forEach(store);
    if (node.op.kind === 'segmentSum') store(node.inputs[0]);
  }
  const price = new Map<GraphNode, number>();
  for (const node of nodes) {
    if (isLeaf(node) || isCore(node) || node.op.kind === 'constant') {
      price.set(node, 0);
      continue;
    }
    const total = Math.min(1e6, node.inputs.reduce((sum, input) => sum + (price.get(input) ?? 0), priceOf(node)));
    const shared = new Set(users.get(node)).size > 1;
    if (shared && total > MAX_RECOMPUTED_PRICE && node.dtype === 'float32' && !VIEWS.has(node.op.kind)) stored.add(node);
    price.set(node, stored.has(node) ? 0 : total);
  }
  return { roots, nodes, stored, aliases: findAliases(nodes, stored, new Set(roots.map(({ node }) => node))) };
}

/** A node that only copies: a reshape to the same shape, which the building functions would not make. */
function copyOf(g: Graph, node: GraphNode, taken: ReadonlySet<GraphNode>): GraphNode {
  const copy = g.make({ kind: 'reshape' }, [node], node.shape, node.dtype);
  return taken.has(copy) ? copyOf(g, copy, taken) : copy;
}

/** Parts of a concatenation along its outermost axis are contiguous: they are computed right where they belong. */
function findAliases(nodes: readonly GraphNode[], stored: Set<GraphNode>, roots: ReadonlySet<GraphNode>): Map<GraphNode, Alias> {
  const aliases = new Map<GraphNode, Alias>();
  for (const node of nodes) {
    if (node.op.kind !== 'concat' || !stored.has(node) || sizeOf(node.shape.slice(0, node.op.axis)) !== 1) continue;
    let offset = 0;
    for (const part of node.inputs) {
      let base = part;
      while (base.op.kind === 'reshape' && !stored.has(base)) base = base.inputs[0];
      const computed = isCore(base) || ['binary', 'unary', 'concat', 'select', 'cast'].includes(base.op.kind);
      if (computed && !aliases.has(base) && !roots.has(base)) {
        stored.add(base);
        aliases.set(base, { host: node, offset });
      }
      offset += sizeOf(part.shape);
    }
  }
  return aliases;
}
