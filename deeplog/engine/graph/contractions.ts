import { binary } from './elementwise.js';
import type { Graph } from './graph.js';
import { broadcastShape, sizeOf, splatOf, type GraphNode, type ReduceOp, type Shape } from './node.js';
import { reshape } from './views.js';

/** Reduces `axes` away; with `keepDims` they stay as size 1. */
export function reduce(g: Graph, f: ReduceOp, x: GraphNode, axes: readonly number[], keepDims: boolean): GraphNode {
  const without = x.shape.filter((_, i) => !axes.includes(i));
  const shape = keepDims ? x.shape.map((d, i) => (axes.includes(i) ? 1 : d)) : without;
  const count = sizeOf(axes.map((i) => x.shape[i]));
  const value = splatOf(x);
  if (f === 'Sum' && (value !== undefined || count === 0)) return g.splat(Math.fround((value ?? 0) * count), shape, x.dtype);
  const live = axes.filter((i) => x.shape[i] !== 1);
  if (live.length === 0) return reshape(g, x, shape);
  return reshape(g, g.make({ kind: 'reduce', f, axes: [...axes].sort((a, b) => a - b) }, [x], without, x.dtype), shape);
}

/** Sum · 1/count: linear, which splitting a batch over threads relies on. */
export function mean(g: Graph, x: GraphNode, axes: readonly number[], keepDims: boolean): GraphNode {
  const count = sizeOf(axes.map((i) => x.shape[i]));
  return binary(g, 'Mul', reduce(g, 'Sum', x, axes, keepDims), g.splat(1 / count, [], 'float32'), 'float32');
}

export function matmul(g: Graph, a: GraphNode, b: GraphNode, transposeA: boolean, transposeB: boolean): GraphNode {
  const rows = a.shape.at(transposeA ? -1 : -2) ?? 1;
  const inner = a.shape.at(transposeA ? -2 : -1) ?? 1;
  const columns = b.shape.at(transposeB ? -2 : -1) ?? 1;
  const shape = [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
  if (inner === 0 || splatOf(a) === 0 || splatOf(b) === 0) return g.splat(0, shape, 'float32');
  return g.make({ kind: 'matmul', transposeA, transposeB }, [a, b], shape, 'float32');
}

export function softmax(g: Graph, x: GraphNode, axis: number, log: boolean): GraphNode {
  return g.make({ kind: 'softmax', axis: axis < 0 ? axis + x.shape.length : axis, log }, [x], x.shape, 'float32');
}

export function gather(g: Graph, x: GraphNode, indices: GraphNode, axis: number): GraphNode {
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return g.make({ kind: 'gather', axis }, [x, indices], shape, x.dtype);
}

/** Rows of x summed by id: x [L, …inner], ids [L] → [count, …inner]. */
export function segmentSum(g: Graph, x: GraphNode, ids: GraphNode, count: number): GraphNode {
  const rows = sizeOf(ids.shape);
  const inner: Shape = x.shape.slice(ids.shape.length);
  const shape = [count, ...inner];
  if (splatOf(x) === 0 || sizeOf(x.shape) === 0) return g.splat(0, shape, x.dtype);
  return g.make({ kind: 'segmentSum' }, [reshape(g, x, [rows, ...inner]), reshape(g, ids, [rows])], shape, x.dtype);
}

export function oneHot(g: Graph, ids: GraphNode, depth: number, on: number, off: number): GraphNode {
  return g.make({ kind: 'oneHot', on, off }, [ids], [...ids.shape, depth], 'float32');
}

export function argmax(g: Graph, x: GraphNode, axis: number): GraphNode {
  return g.make({ kind: 'argmax', axis }, [x], x.shape.filter((_, i) => i !== axis), 'int32');
}
