import type { Graph } from './graph.js';
import { sameShape, sizeOf, splatOf, type GraphNode, type Shape } from './node.js';

/** The same values in row-major order under another shape. */
export function reshape(g: Graph, x: GraphNode, shape: Shape): GraphNode {
  if (sameShape(x.shape, shape)) return x;
  const value = splatOf(x);
  if (value !== undefined) return g.splat(value, shape, x.dtype);
  if (x.op.kind === 'reshape') return reshape(g, x.inputs[0], shape);
  if (x.op.kind === 'expand' && sizeOf(x.inputs[0].shape) === 1) return expand(g, reshape(g, x.inputs[0], []), shape);
  return g.make({ kind: 'reshape' }, [x], shape, x.dtype);
}

export function transpose(g: Graph, x: GraphNode, perm: readonly number[]): GraphNode {
  if (perm.every((p, i) => p === i)) return x;
  const shape = perm.map((p) => x.shape[p]);
  const value = splatOf(x);
  if (value !== undefined) return g.splat(value, shape, x.dtype);
  if (x.op.kind === 'transpose') {
    const { perm: inner } = x.op;
    return transpose(g, x.inputs[0], perm.map((p) => inner[p]));
  }
  const moved = perm.filter((p) => x.shape[p] !== 1);
  const inOrder = moved.every((p, i) => i === 0 || moved[i - 1] < p);
  return inOrder ? reshape(g, x, shape) : g.make({ kind: 'transpose', perm }, [x], shape, x.dtype);
}

/** Repeats along dimensions of size 1 or missing in front. */
export function expand(g: Graph, x: GraphNode, shape: Shape): GraphNode {
  if (sameShape(x.shape, shape)) return x;
  const value = splatOf(x);
  if (value !== undefined) return g.splat(value, shape, x.dtype);
  if (x.op.kind === 'expand') return expand(g, x.inputs[0], shape);
  return g.make({ kind: 'expand' }, [x], shape, x.dtype);
}

export function slice(g: Graph, x: GraphNode, begin: readonly number[], shape: Shape): GraphNode {
  if (sameShape(x.shape, shape)) return x;
  const value = splatOf(x);
  if (value !== undefined) return g.splat(value, shape, x.dtype);
  if (x.op.kind === 'slice') {
    const { begin: outer } = x.op;
    return slice(g, x.inputs[0], begin.map((b, i) => b + outer[i]), shape);
  }
  if (x.op.kind === 'concat') return sliceOfConcat(g, x, x.op.axis, begin, shape);
  if (x.op.kind === 'pad') {
    const { before, value: fill } = x.op;
    const [source] = x.inputs;
    const shifted = begin.map((b, i) => b - before[i]);
    if (shifted.every((b, i) => b >= 0 && b + shape[i] <= source.shape[i])) return slice(g, source, shifted, shape);
    if (shifted.some((b, i) => b + shape[i] <= 0 || b >= source.shape[i])) return g.splat(fill, shape, x.dtype);
  }
  if (x.op.kind === 'reshape') {
    const inner = sliceOfReshape(g, x, begin, shape);
    if (inner !== undefined) return inner;
  }
  return g.make({ kind: 'slice', begin }, [x], shape, x.dtype);
}

/** Takes the slice from the parts that it touches, without the concatenation where one part suffices. */
function sliceOfConcat(g: Graph, x: GraphNode, axis: number, begin: readonly number[], shape: Shape): GraphNode {
  const touched: GraphNode[] = [];
  let offset = 0;
  for (const part of x.inputs) {
    const from = Math.max(begin[axis], offset);
    const to = Math.min(begin[axis] + shape[axis], offset + part.shape[axis]);
    if (to > from) {
      const at = begin.map((b, i) => (i === axis ? from - offset : b));
      touched.push(slice(g, part, at, shape.map((d, i) => (i === axis ? to - from : d))));
    }
    offset += part.shape[axis];
  }
  return touched.length === 0 ? g.make({ kind: 'slice', begin }, [x], shape, x.dtype) : concat(g, touched, axis);
}

/** A contiguous block of whole leading rows of a reshaped tensor is a block of the original, when it falls on its rows. */
function sliceOfReshape(g: Graph, x: GraphNode, begin: readonly number[], shape: Shape): GraphNode | undefined {
  let axis = 0;
  while (axis < shape.length - 1 && shape[axis] === 1) axis++;
  if (!sameShape(shape.slice(axis + 1), x.shape.slice(axis + 1))) return undefined;
  let offset = 0;
  for (let i = 0; i <= axis; i++) offset += begin[i] * sizeOf(x.shape.slice(i + 1));
  const [source] = x.inputs;
  const row = sizeOf(source.shape.slice(1));
  const count = sizeOf(shape);
  if (row === 0 || offset % row !== 0 || count % row !== 0 || source.shape.length === 0) return undefined;
  const rest = source.shape.slice(1);
  return reshape(g, slice(g, source, [offset / row, ...rest.map(() => 0)], [count / row, ...rest]), shape);
}

/** Joins along `axis`; nested concatenations along the same axis become one, empty parts none. */
export function concat(g: Graph, given: readonly GraphNode[], axis: number): GraphNode {
  const parts = given.flatMap((part) => (part.op.kind === 'concat' && part.op.axis === axis ? part.inputs : [part])).filter((part) => !part.shape.includes(0));
  if (parts.length === 0) return g.splat(0, given[0].shape.map((d, i) => (i === axis ? given.reduce((sum, p) => sum + p.shape[axis], 0) : d)), given[0].dtype);
  if (parts.length === 1) return parts[0];
  const shape = parts[0].shape.map((d, i) => (i === axis ? parts.reduce((sum, part) => sum + part.shape[axis], 0) : d));
  const value = splatOf(parts[0]);
  if (value !== undefined && parts.every((part) => splatOf(part) === value)) return g.splat(value, shape, parts[0].dtype);
  return g.make({ kind: 'concat', axis }, parts, shape, parts[0].dtype);
}

export function pad(g: Graph, x: GraphNode, before: readonly number[], after: readonly number[], value: number): GraphNode {
  const shape = x.shape.map((d, i) => d + before[i] + after[i]);
  if (sameShape(shape, x.shape)) return x;
  if (splatOf(x) === value || sizeOf(x.shape) === 0) return g.splat(value, shape, x.dtype);
  return g.make({ kind: 'pad', before, value }, [x], shape, x.dtype);
}

export function tile(g: Graph, x: GraphNode, repeats: readonly number[]): GraphNode {
  const shape = x.shape.map((d, i) => d * repeats[i]);
  if (x.shape.every((d, i) => d === 1 || repeats[i] === 1)) return expand(g, x, shape);
  const value = splatOf(x);
  return value !== undefined ? g.splat(value, shape, x.dtype) : g.make({ kind: 'tile' }, [x], shape, x.dtype);
}
