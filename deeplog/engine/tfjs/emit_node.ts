import { sizeOf, splatOf, type BinaryOp, type GraphNode, type Op, type UnaryOp } from '../graph/index.js';
import { TENSORFLOW_TYPES, type AttrValue, type GraphDefBuilder } from './graph_def.js';

export interface EmitContext {
  readonly builder: GraphDefBuilder;
  readonly axes: ReadonlyMap<GraphNode, number> | undefined;
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

type OpOf<K extends Op['kind']> = Extract<Op, { kind: K }>;

const BINARY: Readonly<Record<BinaryOp, string>> = {
  Add: 'AddV2', Sub: 'Sub', Mul: 'Mul', Div: 'RealDiv', Max: 'Maximum', Min: 'Minimum', Pow: 'Pow',
  Greater: 'Greater', GreaterOrEqual: 'GreaterEqual', Less: 'Less', LessOrEqual: 'LessEqual', Equal: 'Equal', And: 'LogicalAnd', Or: 'LogicalOr',
};
const UNARY: Readonly<Record<UnaryOp, string>> = {
  Neg: 'Neg', Exp: 'Exp', Log: 'Log', Sqrt: 'Sqrt', Sigmoid: 'Sigmoid', Tanh: 'Tanh', Relu: 'Relu', Erf: 'Erf', Abs: 'Abs', Sign: 'Sign',
  Reciprocal: 'Reciprocal', Floor: 'Floor', Softplus: 'Softplus', Not: 'LogicalNot',
};

/** Adds the TensorFlow operations that compute one graph node. @throws RangeError for what only a backward pass has */
export function emitNode(context: EmitContext, node: GraphNode): void {
  const { builder } = context;
  const { op } = node;
  const name = builder.nameOf(node);
  const inputs = node.inputs.map((input) => builder.nameOf(input));
  const type: AttrValue = { type: TENSORFLOW_TYPES[node.inputs[0]?.dtype ?? node.dtype] };
  const emit = (operation: string, input: readonly string[], attr: Readonly<Record<string, AttrValue>> = {}): void => { builder.add(operation, input, { T: type, ...attr }, name); };
  switch (op.kind) {
    case 'input': return emitInput(context, node, op);
    case 'constant': return void builder.constant({ name, shape: node.shape, dtype: node.dtype, data: filled(node) });
    case 'data': return void builder.constant({ name, shape: node.shape, dtype: node.dtype, data: op.data });
    case 'binary': return emit(BINARY[op.f], inputs);
    case 'unary': return emit(UNARY[op.f], inputs);
    case 'cast': return emit('Cast', inputs, { SrcT: type, DstT: { type: TENSORFLOW_TYPES[node.dtype] } });
    case 'select': return emit('SelectV2', inputs, { T: { type: TENSORFLOW_TYPES[node.dtype] } });
    case 'reshape': return emit('Reshape', [...inputs, builder.ints(sizes(context, node, node.shape, -1))]);
    case 'expand': return emitRepeat(context, node);
    case 'tile': return emitRepeat(context, node);
    case 'transpose': return emit('Transpose', [...inputs, builder.ints(op.perm)]);
    case 'concat': return emit('ConcatV2', [...inputs, builder.scalar(op.axis, 'int32')], { N: { i: String(inputs.length) } });
    case 'slice': return emit('Slice', [...inputs, builder.ints(op.begin), builder.ints(sizes(context, node, node.shape, -1))]);
    case 'pad': {
      const pairs = op.before.flatMap((before, i) => [before, node.shape[i] - before - node.inputs[0].shape[i]]);
      const paddings = builder.constant({ name: `paddings_${pairs.join('_')}`, shape: [op.before.length, 2], dtype: 'int32', data: Int32Array.from(pairs) });
      return emit('PadV2', [...inputs, paddings, builder.scalar(op.value, node.dtype)]);
    }
    case 'reduce': return emit(op.f, [...inputs, builder.ints(op.axes)], { keep_dims: { b: false } });
    case 'argmax': return emit('ArgMax', [...inputs, builder.scalar(op.axis, 'int32')]);
    case 'softmax':
      if (op.axis !== node.shape.length - 1) throw new RangeError(`A softmax over axis ${op.axis} of [${node.shape}] has no TensorFlow operation: make it the last axis.`);
      return emit(op.log ? 'LogSoftmax' : 'Softmax', inputs);
    case 'matmul': return node.inputs.every(({ shape }) => shape.length === 2)
      ? emit('MatMul', inputs, { transpose_a: { b: op.transposeA }, transpose_b: { b: op.transposeB } })
      : emit('BatchMatMulV2', inputs, { adj_x: { b: op.transposeA }, adj_y: { b: op.transposeB } });
    case 'gather': return emit('GatherV2', [...inputs, builder.scalar(op.axis, 'int32')], { batch_dims: { i: '0' } });
    case 'oneHot': return emit('OneHot', [...inputs, builder.scalar(node.shape.at(-1) ?? 0, 'int32'), builder.scalar(op.on, 'float32'), builder.scalar(op.off, 'float32')], { axis: { i: '-1' } });
    case 'segmentSum': throw new RangeError('A sum by ids has no operation in TensorFlow.js graph models: it belongs to backward passes.');
    case 'loop':
    case 'part': throw new RangeError('A loop has no operation in TensorFlow.js graph models: trace without loops.');
    default: return op satisfies never;
  }
}

/** Sizes with `free` on the batch axis. */
function sizes({ axes }: EmitContext, node: GraphNode, shape: readonly number[], free: number): number[] {
  const axis = axes?.get(node);
  return shape.map((d, i) => (i === axis ? free : d));
}

function emitInput(context: EmitContext, node: GraphNode, { name, role }: OpOf<'input'>): void {
  const { builder, parameters } = context;
  if (role === 'parameter') {
    builder.constant({ name, shape: node.shape, dtype: 'float32', data: parameters[name] });
    return;
  }
  builder.add('Placeholder', [], { dtype: { type: TENSORFLOW_TYPES[node.dtype] }, shape: { shape: { dim: sizes(context, node, node.shape, -1).map((size) => ({ size: String(size) })) } } }, name);
}

/** Repeats along axes, the batch's once: broadcasting to a size would need to know the batch's. */
function emitRepeat(context: EmitContext, node: GraphNode): void {
  const { builder, axes } = context;
  const [input] = node.inputs;
  const missing = node.shape.length - input.shape.length;
  const from = [...new Array<number>(missing).fill(1), ...input.shape];
  const own = axes?.get(input);
  const padded = missing === 0
    ? builder.nameOf(input)
    : builder.add('Reshape', [builder.nameOf(input), builder.ints(from.map((d, i) => (own !== undefined && i === own + missing ? -1 : d)))], { T: { type: TENSORFLOW_TYPES[input.dtype] } });
  builder.add('Tile', [padded, builder.ints(node.shape.map((d, i) => d / from[i]))], { T: { type: TENSORFLOW_TYPES[node.dtype] } }, builder.nameOf(node));
}

function filled(node: GraphNode): Float32Array | Int32Array | Uint8Array {
  const size = sizeOf(node.shape);
  const value = splatOf(node) ?? 0;
  switch (node.dtype) {
    case 'float32': return new Float32Array(size).fill(value);
    case 'int32': return new Int32Array(size).fill(value);
    case 'bool': return new Uint8Array(size).fill(value);
    default: return node.dtype satisfies never;
  }
}
