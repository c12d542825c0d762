import * as tf from '@tensorflow/tfjs';
import {
  argmax, binary, cast, concat, expand, gather, matmul, mean, oneHot, pad, reduce, reshape, select, segmentSum, sizeOf, slice, softmax, splatOf, tile, transpose, unary,
  type BinaryOp, type DType, type Graph, type GraphNode, type ReduceOp, type UnaryOp,
} from '../graph/index.js';

/** Inputs by the kernel's names, attributes as tfjs passes them. */
export type Inputs = Readonly<Record<string, GraphNode>>;
export type Attributes = Readonly<Record<string, unknown>>;
export type KernelRule = (g: Graph, inputs: Inputs, attributes: Attributes) => GraphNode | GraphNode[];

type Axis = number | number[];

function arithmetic(f: BinaryOp): KernelRule {
  return (g, { a, b }) => binary(g, f, a, b, tf.upcastType(a.dtype, b.dtype) as DType);
}

function comparison(f: BinaryOp): KernelRule {
  return (g, { a, b }) => binary(g, f, a, b, 'bool');
}

function pointwise(f: UnaryOp): KernelRule {
  return (g, { x }) => unary(g, f, x);
}

function axesOf(axis: Axis | undefined, x: GraphNode): number[] {
  return tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), [...x.shape]);
}

function reduction(f: ReduceOp): KernelRule {
  return (g, { x }, attributes) => {
    const { axis, reductionIndices, keepDims } = attributes as { axis?: Axis; reductionIndices?: Axis; keepDims?: boolean };
    return reduce(g, f, x.dtype === 'bool' ? cast(g, x, 'int32') : x, axesOf(axis ?? reductionIndices, x), keepDims ?? false);
  };
}

const float = (g: Graph, value: number) => g.splat(value, [], 'float32');
const add = (g: Graph, a: GraphNode, b: GraphNode) => binary(g, 'Add', a, b, 'float32');
const sub = (g: Graph, a: GraphNode, b: GraphNode) => binary(g, 'Sub', a, b, 'float32');
const mul = (g: Graph, a: GraphNode, b: GraphNode) => binary(g, 'Mul', a, b, 'float32');
const max = (g: Graph, a: GraphNode, b: GraphNode) => binary(g, 'Max', a, b, 'float32');
const min = (g: Graph, a: GraphNode, b: GraphNode) => binary(g, 'Min', a, b, 'float32');
const negative = (g: Graph, x: GraphNode) => binary(g, 'Less', x, float(g, 0), 'bool');

function activated(g: Graph, x: GraphNode, name: string): GraphNode {
  switch (name) {
    case 'linear': return x;
    case 'relu': return unary(g, 'Relu', x);
    case 'sigmoid': return unary(g, 'Sigmoid', x);
    default: throw new RangeError(`Activation ${name} of a fused product is not known: add it in deeplog/engine/trace/kernels.ts.`);
  }
}

function split(g: Graph, x: GraphNode, sizes: readonly number[], axis: number): GraphNode[] {
  let offset = 0;
  return sizes.map((size) => {
    const begin = x.shape.map((_, i) => (i === axis ? offset : 0));
    offset += size;
    return slice(g, x, begin, x.shape.map((d, i) => (i === axis ? size : d)));
  });
}

/** What each tfjs kernel means as graph nodes. A kernel that is missing here is an error that names this file. */
export const KERNEL_RULES: Readonly<Record<string, KernelRule>> = {
  Add: arithmetic('Add'),
  AddN: (g, inputs) => Object.values(inputs).reduce((sum, x) => binary(g, 'Add', sum, x, sum.dtype)),
  Sub: arithmetic('Sub'),
  Multiply: arithmetic('Mul'),
  RealDiv: (g, { a, b }) => binary(g, 'Div', cast(g, a, 'float32'), cast(g, b, 'float32'), 'float32'),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  Pow: arithmetic('Pow'),
  SquaredDifference: (g, { a, b }) => {
    const difference = sub(g, a, b);
    return mul(g, difference, difference);
  },
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Equal: comparison('Equal'),
  NotEqual: (g, { a, b }) => unary(g, 'Not', binary(g, 'Equal', a, b, 'bool')),
  LogicalAnd: comparison('And'),
  LogicalOr: comparison('Or'),
  LogicalNot: pointwise('Not'),

  Neg: pointwise('Neg'),
  Exp: pointwise('Exp'),
  Expm1: (g, { x }) => sub(g, unary(g, 'Exp', x), float(g, 1)),
  Log: pointwise('Log'),
  Log1p: (g, { x }) => unary(g, 'Log', add(g, x, float(g, 1))),
  Sqrt: pointwise('Sqrt'),
  Rsqrt: (g, { x }) => unary(g, 'Reciprocal', unary(g, 'Sqrt', x)),
  Reciprocal: pointwise('Reciprocal'),
  Square: (g, { x }) => binary(g, 'Mul', x, x, x.dtype),
  Sigmoid: pointwise('Sigmoid'),
  Tanh: pointwise('Tanh'),
  Softplus: pointwise('Softplus'),
  Erf: pointwise('Erf'),
  Abs: pointwise('Abs'),
  Sign: pointwise('Sign'),
  Floor: pointwise('Floor'),
  Relu: pointwise('Relu'),
  Relu6: (g, { x }) => min(g, unary(g, 'Relu', x), float(g, 6)),
  LeakyRelu: (g, { x }, attributes) => {
    const { alpha } = attributes as { alpha: number };
    return select(g, negative(g, x), mul(g, x, float(g, alpha)), x);
  },
  Elu: (g, { x }) => select(g, negative(g, x), sub(g, unary(g, 'Exp', x), float(g, 1)), x),
  EluGrad: (g, { dy, y }) => mul(g, dy, select(g, negative(g, y), add(g, y, float(g, 1)), g.splat(1, y.shape, 'float32'))),
  Step: (g, { x }, attributes) => {
    const { alpha } = attributes as { alpha?: number };
    return select(g, binary(g, 'Greater', x, float(g, 0), 'bool'), g.splat(1, x.shape, 'float32'), g.splat(alpha ?? 0, x.shape, 'float32'));
  },
  ClipByValue: (g, { x }, attributes) => {
    const { clipValueMin, clipValueMax } = attributes as { clipValueMin: number; clipValueMax: number };
    return min(g, max(g, x, float(g, clipValueMin)), float(g, clipValueMax));
  },
  Select: (g, { condition, t, e }) => {
    const rank = t.shape.length - condition.shape.length;
    return select(g, reshape(g, condition, [...condition.shape, ...new Array<number>(rank).fill(1)]), t, e);
  },

  Identity: (_, { x }) => x,
  Cast: (g, { x }, attributes) => cast(g, x, (attributes as { dtype: DType }).dtype),
  ZerosLike: (g, { x }) => g.splat(0, x.shape, x.dtype),
  OnesLike: (g, { x }) => g.splat(1, x.shape, x.dtype),
  Fill: (g, _, attributes) => {
    const { shape, value, dtype } = attributes as { shape: number[]; value: number; dtype?: DType };
    return g.splat(value, shape, dtype ?? 'float32');
  },
  Range: (g, _, attributes) => {
    const { start, stop, step, dtype } = attributes as { start: number; stop: number; step: number; dtype: DType };
    const count = Math.max(0, Math.ceil((stop - start) / step));
    return g.constant(Array.from({ length: count }, (_unused, i) => start + i * step), [count], dtype);
  },

  Reshape: (g, { x }, attributes) => reshape(g, x, tf.util.inferFromImplicitShape((attributes as { shape: number[] }).shape, sizeOf(x.shape))),
  ExpandDims: (g, { input }, attributes) => {
    const { dim } = attributes as { dim: number };
    const shape = [...input.shape];
    shape.splice(dim < 0 ? shape.length + dim + 1 : dim, 0, 1);
    return reshape(g, input, shape);
  },
  Transpose: (g, { x }, attributes) => transpose(g, x, (attributes as { perm: number[] }).perm),
  BroadcastTo: (g, { x }, attributes) => expand(g, x, (attributes as { shape: number[] }).shape),
  Tile: (g, { x }, attributes) => tile(g, x, (attributes as { reps: number[] }).reps),
  PadV2: (g, { x }, attributes) => {
    const { paddings, constantValue } = attributes as { paddings: Array<[number, number]>; constantValue: number };
    return pad(g, x, paddings.map(([before]) => before), paddings.map(([, after]) => after), constantValue);
  },
  Slice: (g, { x }, attributes) => {
    const { begin, size } = attributes as { begin: number | number[]; size: number | number[] };
    const ranked = { shape: [...x.shape], rank: x.shape.length } as unknown as tf.Tensor;
    const [from, shape] = tf.slice_util.parseSliceParams(ranked, begin, size);
    return slice(g, x, from, shape);
  },
  SplitV: (g, { x }, attributes) => {
    const { numOrSizeSplits, axis } = attributes as { numOrSizeSplits: number | number[]; axis: number };
    const [along] = axesOf(axis, x);
    return split(g, x, tf.backend_util.prepareSplitSize({ shape: [...x.shape] } as unknown as tf.Tensor, numOrSizeSplits, along), along);
  },
  Unpack: (g, { value }, attributes) => {
    const [along] = axesOf((attributes as { axis: number }).axis, value);
    const shape = value.shape.filter((_, i) => i !== along);
    return split(g, value, new Array<number>(value.shape[along]).fill(1), along).map((part) => reshape(g, part, shape));
  },
  Concat: (g, inputs, attributes) => {
    const parts = Object.values(inputs);
    return concat(g, parts, axesOf((attributes as { axis: number }).axis, parts[0])[0]);
  },
  Pack: (g, inputs, attributes) => {
    const parts = Object.values(inputs);
    const { axis } = attributes as { axis: number };
    const at = axis < 0 ? axis + parts[0].shape.length + 1 : axis;
    return concat(g, parts.map((part) => reshape(g, part, [...part.shape.slice(0, at), 1, ...part.shape.slice(at)])), at);
  },
  Reverse: (g, { x }, attributes) =>
    axesOf((attributes as { dims: Axis }).dims, x).reduce((reversed, axis) => {
      const last = x.shape[axis] - 1;
      return gather(g, reversed, g.constant(Array.from({ length: last + 1 }, (_, i) => last - i), [last + 1], 'int32'), axis);
    }, x),

  Sum: reduction('Sum'),
  Max: reduction('Max'),
  Min: reduction('Min'),
  Prod: reduction('Prod'),
  Mean: (g, { x }, attributes) => {
    const { axis, keepDims } = attributes as { axis?: Axis; keepDims?: boolean };
    return mean(g, cast(g, x, 'float32'), axesOf(axis, x), keepDims ?? false);
  },
  ArgMax: (g, { x }, attributes) => argmax(g, x, axesOf((attributes as { axis: number }).axis, x)[0]),
  Softmax: (g, { logits }, attributes) => softmax(g, logits, (attributes as { dim: number }).dim, false),
  LogSoftmax: (g, { logits }, attributes) => softmax(g, logits, (attributes as { axis: number }).axis, true),

  BatchMatMul: (g, { a, b }, attributes) => {
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    return matmul(g, a, b, transposeA, transposeB);
  },
  _FusedMatMul: (g, { a, b, bias }, attributes) => {
    const { transposeA, transposeB, activation } = attributes as { transposeA: boolean; transposeB: boolean; activation?: string };
    const product = matmul(g, a, b, transposeA, transposeB);
    return activated(g, bias === undefined ? product : add(g, product, bias), activation ?? 'linear');
  },
  GatherV2: (g, { x, indices }, attributes) => {
    const { axis, batchDims } = attributes as { axis: number; batchDims?: number };
    if (batchDims) throw new RangeError('tf.gather with batchDims is not known to the traced engines: flatten the batch, or add it in deeplog/engine/trace/kernels.ts.');
    return gather(g, x, indices, axesOf(axis, x)[0]);
  },
  UnsortedSegmentSum: (g, { x, segmentIds }, attributes) => segmentSum(g, x, segmentIds, (attributes as { numSegments: number }).numSegments),
  OneHot: (g, { indices }, attributes) => {
    const { depth, onValue, offValue } = attributes as { depth: number; onValue: number; offValue: number };
    const id = splatOf(indices);
    if (id !== undefined) return expand(g, g.constant(Array.from({ length: depth }, (_, i) => (i === id ? onValue : offValue)), [depth], 'float32'), [...indices.shape, depth]);
    return oneHot(g, indices, depth, onValue, offValue);
  },
};
