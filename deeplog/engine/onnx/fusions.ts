import { sameShape, type GraphNode } from '../graph/index.js';

/** Slices of one tensor that together cover one axis, in order: one Split. */
export interface SplitGroup {
  readonly axis: number;
  /** The slice at each place, or its size where nobody reads that part. */
  readonly parts: ReadonlyArray<GraphNode | number>;
  /** The group is emitted when its first slice is reached. */
  emitted: boolean;
}

const MIN_SLICES = 2;

export function findSplits(live: readonly GraphNode[], users: ReadonlyMap<GraphNode, readonly GraphNode[]>): Map<GraphNode, SplitGroup> {
  const groups = new Map<GraphNode, SplitGroup>();
  for (const source of live) {
    const slices = [...new Set(users.get(source) ?? [])].filter((user) => user.op.kind === 'slice');
    if (slices.length < MIN_SLICES) continue;
    for (let axis = 0; axis < source.shape.length; axis++) {
      const along = slices.filter((node) => source.shape.every((d, i) => i === axis || node.shape[i] === d)).sort((a, b) => begin(a, axis) - begin(b, axis));
      const parts = tiling(along, axis, source.shape[axis]);
      if (parts === undefined) continue;
      const group: SplitGroup = { axis, parts, emitted: false };
      for (const node of along) groups.set(node, group);
      break;
    }
  }
  return groups;
}

function begin(node: GraphNode, axis: number): number {
  return node.op.kind === 'slice' ? node.op.begin[axis] : 0;
}

/** The slices with the gaps between them, or undefined when they overlap or leave more than they take. */
function tiling(slices: readonly GraphNode[], axis: number, length: number): Array<GraphNode | number> | undefined {
  if (slices.length < MIN_SLICES) return undefined;
  const parts: Array<GraphNode | number> = [];
  let at = 0;
  let unread = 0;
  for (const node of slices) {
    const from = begin(node, axis);
    if (from < at) return undefined;
    if (from > at) parts.push(from - at);
    unread += from - at;
    parts.push(node);
    at = from + node.shape[axis];
  }
  if (at < length) parts.push(length - at);
  return unread + length - at > length / 2 ? undefined : parts;
}

/** Add(A·B, C) that can be one Gemm with C as its third input: which product, and C. */
export interface Accumulation {
  readonly product: GraphNode;
  readonly addend: GraphNode;
}

/** Finds sums that a Gemm can absorb: the product is 2-D and used only here, the addend broadcasts to it. */
export function findAccumulations(
  live: readonly GraphNode[],
  users: ReadonlyMap<GraphNode, readonly GraphNode[]>,
  roots: ReadonlySet<GraphNode>,
): { bySum: Map<GraphNode, Accumulation>; absorbed: Set<GraphNode> } {
  const bySum = new Map<GraphNode, Accumulation>();
  const absorbed = new Set<GraphNode>();
  for (const sum of live) {
    if (sum.op.kind !== 'binary' || sum.op.f !== 'Add' || sum.shape.length !== 2) continue;
    const [a, b] = sum.inputs;
    for (const [product, addend] of [[b, a], [a, b]]) {
      const fits = product.op.kind === 'matmul' && product.inputs.every((x) => x.shape.length === 2) && sameShape(product.shape, sum.shape);
      if (!fits || product === addend || absorbed.has(product) || roots.has(product) || users.get(product)?.length !== 1) continue;
      absorbed.add(product);
      bySum.set(sum, { product, addend });
      break;
    }
  }
  return { bySum, absorbed };
}
