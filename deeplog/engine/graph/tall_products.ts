import { liveNodes } from './graph.js';
import type { GraphNode } from './node.js';

/** Aᵀ·B over joined rows, or rows of B summed by id, which is oneHot(ids)ᵀ·B. */
export interface TallProduct {
  readonly node: GraphNode;
  /** The parts that B is joined from. */
  readonly right: readonly GraphNode[];
  /** Rows of the result. */
  readonly width: number;
}

export interface TallMember {
  readonly product: TallProduct;
  /** Where its parts of B begin among the group's. */
  readonly offset: number;
}

/** Products that share B, or a run of its parts: their left factors can stand side by side in one product. */
export interface TallGroup {
  readonly right: readonly GraphNode[];
  readonly members: readonly TallMember[];
}

/** Up to this many ids a product with the one-hot matrix is faster than adding row by row. */
export const MAX_IDS_AS_PRODUCT = 64;

export function isTall(node: GraphNode): boolean {
  return node.op.kind === 'concat' && node.op.axis === 0;
}

/** The product's parts when both factors are joined alike, or undefined. */
export function tallProduct(node: GraphNode): TallProduct | undefined {
  const { op, inputs, shape } = node;
  if (op.kind === 'matmul' && op.transposeA && !op.transposeB && shape.length === 2) {
    const [a, b] = inputs;
    const alike = isTall(a) && isTall(b) && a.inputs.length === b.inputs.length && a.inputs.every((part, i) => part.shape[0] === b.inputs[i].shape[0]);
    return alike ? { node, right: b.inputs, width: shape[0] } : undefined;
  }
  const summed = op.kind === 'segmentSum' && shape.length === 2 && node.dtype === 'float32' && shape[0] <= MAX_IDS_AS_PRODUCT && isTall(inputs[0]);
  return summed ? { node, right: inputs[0].inputs, width: shape[0] } : undefined;
}

/** Groups of two or more; none where one product's factors depend on another's result. */
export function groupTallProducts(live: readonly GraphNode[]): TallGroup[] {
  const products = live.flatMap((node) => tallProduct(node) ?? []).sort((p, q) => q.right.length - p.right.length);
  const groups: Array<{ right: readonly GraphNode[]; members: TallMember[] }> = [];
  for (const product of products) {
    const group = groups.find(({ right }) => runOf(product.right, right) >= 0);
    if (group === undefined) groups.push({ right: product.right, members: [{ product, offset: 0 }] });
    else group.members.push({ product, offset: runOf(product.right, group.right) });
  }
  return groups.filter(({ members }) => members.length > 1 && !members.some(({ product }) => dependsOnAnother(product, members)));
}

/** Where `parts` begin inside `all`, or −1. */
function runOf(parts: readonly GraphNode[], all: readonly GraphNode[]): number {
  const at = all.indexOf(parts[0]);
  return at >= 0 && parts.every((part, i) => all[at + i] === part) ? at : -1;
}

function dependsOnAnother(product: TallProduct, members: readonly TallMember[]): boolean {
  const needed = new Set(liveNodes(product.node.inputs));
  return members.some(({ product: { node } }) => needed.has(node));
}
