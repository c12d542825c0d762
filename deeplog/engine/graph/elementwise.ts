import type { Graph } from './graph.js';
import { broadcastShape, sameShape, splatOf, type BinaryOp, type DType, type GraphNode, type Shape, type UnaryOp } from './node.js';
import { expand } from './views.js';

const FOLDED: Partial<Record<BinaryOp, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** Element-wise with broadcasting. Operands that are one value, or were expanded, are used small, and the result expanded instead. */
export function binary(g: Graph, f: BinaryOp, a: GraphNode, b: GraphNode, dtype: DType): GraphNode {
  const shape = broadcastShape(a.shape, b.shape);
  const [x, y] = [splatOf(a), splatOf(b)];
  const fold = FOLDED[f];
  if (fold && x !== undefined && y !== undefined && a.dtype === 'float32') return g.splat(Math.fround(fold(x, y)), shape, dtype);
  if (shape.includes(0)) return g.splat(0, shape, dtype);
  const neutral = dtype === 'float32' ? withoutNeutral(g, f, a, b, shape) : undefined;
  if (neutral !== undefined) return neutral;
  const [left, right] = [unexpanded(g, a), unexpanded(g, b)];
  const inner = broadcastShape(left.shape, right.shape);
  return expand(g, g.make({ kind: 'binary', f }, [left, right], inner, dtype), shape);
}

/** x + 0, x − 0, x · 1, x / 1, and x · 0 = 0: gradients written by autodiff are full of them. */
function withoutNeutral(g: Graph, f: BinaryOp, a: GraphNode, b: GraphNode, shape: Shape): GraphNode | undefined {
  const [x, y] = [splatOf(a), splatOf(b)];
  switch (f) {
    case 'Add': return x === 0 ? expand(g, b, shape) : y === 0 ? expand(g, a, shape) : undefined;
    case 'Sub': return y === 0 ? expand(g, a, shape) : undefined;
    case 'Mul':
      if (x === 0 || y === 0) return g.splat(0, shape, 'float32');
      return x === 1 ? expand(g, b, shape) : y === 1 ? expand(g, a, shape) : undefined;
    case 'Div': return y === 1 ? expand(g, a, shape) : undefined;
    default: return undefined;
  }
}

function unexpanded(g: Graph, node: GraphNode): GraphNode {
  const value = splatOf(node);
  if (value !== undefined) return g.splat(value, [], node.dtype);
  return node.op.kind === 'expand' ? node.inputs[0] : node;
}

export function unary(g: Graph, f: UnaryOp, x: GraphNode): GraphNode {
  if (x.op.kind === 'expand') return expand(g, unary(g, f, x.inputs[0]), x.shape);
  return g.make({ kind: 'unary', f }, [x], x.shape, x.dtype);
}

export function cast(g: Graph, x: GraphNode, to: DType): GraphNode {
  if (x.dtype === to) return x;
  const value = splatOf(x);
  if (value !== undefined) return g.splat(to === 'int32' ? Math.trunc(value) : to === 'bool' ? Number(value !== 0) : value, x.shape, to);
  if (x.op.kind === 'expand') return expand(g, cast(g, x.inputs[0], to), x.shape);
  return g.make({ kind: 'cast' }, [x], x.shape, to);
}

/** condition ? a : b, all of one shape after broadcasting. */
export function select(g: Graph, condition: GraphNode, a: GraphNode, b: GraphNode): GraphNode {
  const shape = broadcastShape(broadcastShape(condition.shape, a.shape), b.shape);
  const full = [condition, a, b].map((node) => (sameShape(node.shape, shape) ? node : expand(g, node, shape)));
  return g.make({ kind: 'select' }, full, shape, a.dtype);
}
