import { matmul, oneHot, reduce, segmentSum } from './contractions.js';
import { binary } from './elementwise.js';
import { liveNodes, usersOf, type Graph } from './graph.js';
import type { GraphNode } from './node.js';
import { rebuild } from './rebuild.js';
import { groupTallProducts, isTall, tallProduct, type TallGroup, type TallProduct } from './tall_products.js';
import { concat, slice } from './views.js';

/**
 * Undoes concatenations over time steps where nothing gains from them on a CPU. A recurrent layer's inputs and gradients
 * are joined to one tall matrix, multiplied, and cut again into steps; that is two copies of everything. Here
 * - rows of a product, sum or lookup become the product, sum or lookup of rows, when only rows of it are read;
 * - Aᵀ·B and column sums over joined rows become sums over the parts, which a Gemm accumulates for free;
 * - products that are added up, or that share a factor, become one larger product: what is packed for one is used for all.
 */
export function computeByRows(g: Graph, roots: readonly GraphNode[]): GraphNode[] {
  const live = liveNodes(roots);
  const pass = new ByRows(g, readByRowsOnly(live, roots), usersOf(live), groupTallProducts(live));
  for (const node of live) if (!pass.byRowsOnly.has(node)) pass.get(node);
  return roots.map((root) => pass.get(root));
}

/** A slice that takes some of the rows, and perhaps a part of each. */
function isRowSlice(node: GraphNode): boolean {
  return node.op.kind === 'slice' && node.shape[0] !== node.inputs[0].shape[0];
}

/** Whether a row of `node` is that row of this input put through the same operation. */
function followsRowsOf(node: GraphNode, input: GraphNode): boolean {
  if (node.shape.length === 0 || input.shape[0] !== node.shape[0]) return false;
  switch (node.op.kind) {
    case 'unary':
    case 'cast':
    case 'select': return true;
    case 'binary': return input.shape.length === node.shape.length;
    case 'matmul': return node.shape.length === 2 && !node.op.transposeA && node.inputs[0] === input && node.inputs[1] !== input;
    case 'gather': return node.op.axis === 0 && input.shape.length === 1 && node.inputs[1] === input && node.inputs[0] !== input;
    case 'oneHot': return true;
    default: return false;
  }
}

/** Nodes of which nothing but rows is ever read, directly or through others like them. */
function readByRowsOnly(live: readonly GraphNode[], roots: readonly GraphNode[]): ReadonlySet<GraphNode> {
  const users = usersOf(live);
  const only = new Set<GraphNode>();
  for (const node of [...live].reverse()) {
    const read = users.get(node) ?? [];
    if (read.length === 0 || roots.includes(node) || !node.inputs.some((input) => followsRowsOf(node, input))) continue;
    if (read.every((user) => isRowSlice(user) || (only.has(user) && followsRowsOf(user, node)))) only.add(node);
  }
  return only;
}

class ByRows {
  private readonly done = new Map<GraphNode, GraphNode>();

  private readonly groups = new Map<GraphNode, TallGroup>();

  constructor(
    private readonly g: Graph,
    readonly byRowsOnly: ReadonlySet<GraphNode>,
    private readonly users: ReadonlyMap<GraphNode, readonly GraphNode[]>,
    groups: readonly TallGroup[],
  ) {
    for (const group of groups) for (const { product } of group.members) this.groups.set(product.node, group);
  }

  get(node: GraphNode): GraphNode {
    const known = this.done.get(node);
    if (known !== undefined) return known;
    const made = this.make(node);
    this.done.set(node, made);
    return made;
  }

  private make(node: GraphNode): GraphNode {
    const { op, inputs } = node;
    if (op.kind === 'slice' && isRowSlice(node)) {
      const rows = this.rows(inputs[0], op.begin[0], node.shape[0]);
      return slice(this.g, rows, [0, ...op.begin.slice(1)], node.shape);
    }
    const group = this.groups.get(node);
    if (group !== undefined) return this.sideBySide(group, node);
    const product = tallProduct(node);
    if (product !== undefined && op.kind === 'matmul') {
      return this.sum(product.right.map((part, i) => matmul(this.g, this.left(product, i), this.get(part), true, false)));
    }
    if (op.kind === 'binary' && op.f === 'Add') return this.addition(node);
    if (op.kind === 'reduce' && op.f === 'Sum' && op.axes.length === 1 && op.axes[0] === 0 && isTall(inputs[0])) {
      return this.sum(inputs[0].inputs.map((part) => reduce(this.g, 'Sum', this.get(part), [0], false)));
    }
    if (op.kind === 'segmentSum' && isTall(inputs[0])) {
      let offset = 0;
      return this.sum(inputs[0].inputs.map((part) => {
        const ids = this.rows(inputs[1], offset, part.shape[0]);
        offset += part.shape[0];
        return segmentSum(this.g, this.get(part), ids, node.shape[0]);
      }));
    }
    return rebuild(this.g, node, inputs.map((input) => this.get(input)), node.shape);
  }

  /** One part of a tall product's left factor: [rows, width]. */
  private left({ node, right, width }: TallProduct, index: number): GraphNode {
    if (node.op.kind === 'matmul') return this.get(node.inputs[0].inputs[index]);
    const before = right.slice(0, index).reduce((sum, part) => sum + part.shape[0], 0);
    return oneHot(this.g, this.rows(node.inputs[1], before, right[index].shape[0]), width, 1, 0);
  }

  /** All products of a group at once: left factors side by side, and each product's rows cut from the result. */
  private sideBySide({ right, members }: TallGroup, wanted: GraphNode): GraphNode {
    const runs = new Map<string, { taking: typeof members; terms: GraphNode[] }>();
    right.forEach((part, t) => {
      const taking = members.filter(({ product, offset }) => t >= offset && t < offset + product.right.length);
      const key = taking.map(({ product }) => product.node.id).join();
      const run = runs.get(key) ?? { taking, terms: [] };
      const lefts = taking.map(({ product, offset }) => this.left(product, t - offset));
      run.terms.push(matmul(this.g, concat(this.g, lefts, 1), this.get(part), true, false));
      runs.set(key, run);
    });
    const shares = new Map<GraphNode, GraphNode[]>();
    for (const { taking, terms } of runs.values()) {
      const total = this.sum(terms);
      let row = 0;
      for (const { product: { node, width } } of taking) {
        shares.set(node, [...(shares.get(node) ?? []), slice(this.g, total, [row, 0], [width, total.shape[1]])]);
        row += width;
      }
    }
    for (const [node, parts] of shares) this.done.set(node, this.sum(parts));
    return this.get(wanted);
  }

  /** (a·A + c) + b·B as [a b]·[A; B] + c: one product instead of two, and no pass to add them. */
  private addition(node: GraphNode): GraphNode {
    const [x, y] = node.inputs.map((input) => this.get(input));
    const readOnce = node.inputs.every((input) => this.users.get(input)?.length === 1);
    for (const [sum, outer] of readOnce ? [[x, y], [y, x]] : []) {
      if (!isPlainProduct(outer) || sum.op.kind !== 'binary' || sum.op.f !== 'Add') continue;
      const inner = sum.inputs.find(isPlainProduct);
      const rest = sum.inputs.find((term) => term !== inner);
      if (inner === undefined || rest === undefined) continue;
      const depth = inner.inputs[0].shape[1] + outer.inputs[0].shape[1];
      if (depth > 2 * outer.shape[1]) continue; // joining the factors would copy more than it saves
      const product = matmul(this.g, concat(this.g, [inner.inputs[0], outer.inputs[0]], 1), concat(this.g, [inner.inputs[1], outer.inputs[1]], 0), false, false);
      return binary(this.g, 'Add', product, rest, node.dtype);
    }
    return binary(this.g, 'Add', x, y, node.dtype);
  }

  /** Rows begin … begin + count of what `node` becomes. */
  private rows(node: GraphNode, begin: number, count: number): GraphNode {
    const { op, inputs, shape } = node;
    if (begin === 0 && count === shape[0]) return this.get(node);
    if (op.kind === 'concat' && op.axis === 0) {
      let offset = 0;
      for (const part of inputs) {
        if (begin >= offset && begin + count <= offset + part.shape[0]) return this.rows(part, begin - offset, count);
        offset += part.shape[0];
      }
    }
    if (this.byRowsOnly.has(node)) {
      const narrowed = inputs.map((input) => (followsRowsOf(node, input) ? this.rows(input, begin, count) : this.get(input)));
      return rebuild(this.g, node, narrowed, [count, ...shape.slice(1)]);
    }
    return slice(this.g, this.get(node), [begin, ...shape.slice(1).map(() => 0)], [count, ...shape.slice(1)]);
  }

  /** Last first: back-propagation through time makes the last step's gradient first. */
  private sum(terms: readonly GraphNode[]): GraphNode {
    return terms.reduceRight((total, term) => binary(this.g, 'Add', term, total, term.dtype));
  }
}

function isPlainProduct(node: GraphNode): boolean {
  return node.op.kind === 'matmul' && node.shape.length === 2 && !node.op.transposeA && !node.op.transposeB;
}
