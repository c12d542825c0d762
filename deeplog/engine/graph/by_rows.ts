import { matmul, reduce, segmentSum } from './contractions.js';
import { binary } from './elementwise.js';
import { liveNodes, usersOf, type Graph } from './graph.js';
import type { GraphNode } from './node.js';
import { rebuild } from './rebuild.js';
import { slice } from './views.js';

/**
 * Undoes concatenations over time steps where nothing gains from them on a CPU. A recurrent layer's inputs and gradients
 * are joined to one tall matrix, multiplied, and cut again into steps; that is two copies of everything. Here
 * - rows of a product, sum or lookup become the product, sum or lookup of rows, when only rows of it are read;
 * - Aᵀ·B and column sums over joined rows become sums over the parts, which a Gemm accumulates for free.
 */
export function computeByRows(g: Graph, roots: readonly GraphNode[]): GraphNode[] {
  const live = liveNodes(roots);
  const pass = new ByRows(g, readByRowsOnly(live, roots));
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

  constructor(private readonly g: Graph, readonly byRowsOnly: ReadonlySet<GraphNode>) {}

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
    if (op.kind === 'matmul' && op.transposeA && !op.transposeB && node.shape.length === 2) {
      const parts = alignedParts(inputs[0], inputs[1]);
      if (parts !== undefined) return this.sum(parts.map(([a, b]) => matmul(this.g, this.get(a), this.get(b), true, false)));
    }
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

function isTall(node: GraphNode): boolean {
  return node.op.kind === 'concat' && node.op.axis === 0;
}

function alignedParts(a: GraphNode, b: GraphNode): Array<[GraphNode, GraphNode]> | undefined {
  if (!isTall(a) || !isTall(b) || a.inputs.length !== b.inputs.length) return undefined;
  return a.inputs.every((part, i) => part.shape[0] === b.inputs[i].shape[0]) ? a.inputs.map((part, i) => [part, b.inputs[i]]) : undefined;
}
