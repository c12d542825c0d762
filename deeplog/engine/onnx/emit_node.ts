import { MAX_IDS_AS_PRODUCT, type GraphNode, type Op } from '../graph/index.js';
import type { Emitter } from './emitter.js';
import type { Accumulation, SplitGroup } from './fusions.js';
import type { DynamicShapes } from './lower.js';
import { ELEMENT_TYPES, MICROSOFT_DOMAIN } from './protobuf.js';

export interface LoweringContext {
  readonly emitter: Emitter;
  readonly contrib: boolean;
  readonly users: ReadonlyMap<GraphNode, readonly GraphNode[]>;
  readonly splits: ReadonlyMap<GraphNode, SplitGroup>;
  readonly accumulations: { readonly bySum: ReadonlyMap<GraphNode, Accumulation>; readonly absorbed: ReadonlySet<GraphNode> };
  readonly dynamic?: DynamicShapes;
}

type OpOf<K extends Op['kind']> = Extract<Op, { kind: K }>;

/** Emits the ONNX nodes that compute one graph node. */
export function emitNode(context: LoweringContext, node: GraphNode): void {
  const { emitter, accumulations } = context;
  if (accumulations.absorbed.has(node)) return;
  const { op } = node;
  const out = () => emitter.name(node);
  const inputs = () => node.inputs.map((input) => emitter.name(input));
  switch (op.kind) {
    case 'input':
    case 'constant':
    case 'data':
      return;
    case 'binary': {
      const accumulation = accumulations.bySum.get(node);
      if (accumulation !== undefined) emitGemm(context, accumulation.product, out(), accumulation.addend);
      else emitter.emit(op.f, inputs(), {}, out());
      return;
    }
    case 'unary':
      emitter.emit(op.f, inputs(), {}, out());
      return;
    case 'cast':
      emitter.emit('Cast', inputs(), { to: ELEMENT_TYPES[node.dtype] }, out());
      return;
    case 'select':
      emitter.emit('Where', inputs(), {}, out());
      return;
    case 'reshape':
      emitter.emit('Reshape', [...inputs(), emitter.int64(context.dynamic?.target(node) ?? node.shape)], {}, out());
      return;
    case 'expand':
      emitter.emit('Expand', [...inputs(), emitter.int64(context.dynamic?.target(node) ?? node.shape)], {}, out());
      return;
    case 'transpose':
      emitter.emit('Transpose', inputs(), { perm: op.perm }, out());
      return;
    case 'tile':
      emitter.emit('Tile', [...inputs(), emitter.int64(node.shape.map((d, i) => d / node.inputs[0].shape[i]))], {}, out());
      return;
    case 'concat':
      emitter.emit('Concat', inputs(), { axis: op.axis }, out());
      return;
    case 'slice':
      emitSlice(context, node, op);
      return;
    case 'pad': {
      const after = node.shape.map((d, i) => d - op.before[i] - node.inputs[0].shape[i]);
      const fill = emitter.scalar(op.value, node.dtype);
      emitter.emit('Pad', [...inputs(), emitter.int64([...op.before, ...after]), fill], {}, out());
      return;
    }
    case 'reduce':
      emitter.emit(`Reduce${op.f}`, [...inputs(), emitter.int64(op.axes)], { keepdims: 0 }, out());
      return;
    case 'argmax': {
      const wide = emitter.emit('ArgMax', inputs(), { axis: op.axis, keepdims: 0 });
      emitter.emit('Cast', [wide], { to: ELEMENT_TYPES.int32 }, out());
      return;
    }
    case 'softmax':
      emitter.emit(op.log ? 'LogSoftmax' : 'Softmax', inputs(), { axis: op.axis }, out());
      return;
    case 'matmul':
      emitMatmul(context, node, op);
      return;
    case 'gather':
      emitter.emit('Gather', inputs(), { axis: op.axis }, out());
      return;
    case 'segmentSum':
      emitSegmentSum(context, node);
      return;
    case 'oneHot':
      emitOneHot(context, node.inputs[0], node.shape.at(-1) ?? 0, op.on, op.off, out());
      return;
    case 'loop':
    case 'part':
      return; // emit_graph.ts
    default:
      return op satisfies never;
  }
}

function emitSlice({ emitter, splits }: LoweringContext, node: GraphNode, op: OpOf<'slice'>): void {
  const [source] = node.inputs;
  const group = splits.get(node);
  if (group !== undefined) {
    if (group.emitted) return;
    group.emitted = true;
    const sizes = group.parts.map((part) => (typeof part === 'number' ? part : part.shape[group.axis]));
    emitter.emitSplit(emitter.name(source), sizes, group.axis, group.parts.map((part) => (typeof part === 'number' ? emitter.temporary() : emitter.name(part))));
    return;
  }
  const axes = node.shape.map((_, i) => i).filter((i) => node.shape[i] !== source.shape[i]);
  const from = axes.map((i) => op.begin[i]);
  const to = axes.map((i) => op.begin[i] + node.shape[i]);
  emitter.emit('Slice', [emitter.name(source), emitter.int64(from), emitter.int64(to), emitter.int64(axes)], {}, emitter.name(node));
}

function emitGemm({ emitter }: LoweringContext, product: GraphNode, output: string, addend?: GraphNode): void {
  const op = product.op as OpOf<'matmul'>;
  const inputs = [...product.inputs, ...(addend === undefined ? [] : [addend])].map((input) => emitter.name(input));
  emitter.emit('Gemm', inputs, { transA: Number(op.transposeA), transB: Number(op.transposeB) }, output);
}

function emitMatmul(context: LoweringContext, node: GraphNode, op: OpOf<'matmul'>): void {
  const { emitter, contrib } = context;
  if (node.inputs.every((input) => input.shape.length === 2)) {
    emitGemm(context, node, emitter.name(node));
    return;
  }
  const transposed = op.transposeA || op.transposeB;
  const names = node.inputs.map((input) => emitter.name(input));
  if (contrib && transposed) {
    emitter.emit('FusedMatMul', names, { transA: Number(op.transposeA), transB: Number(op.transposeB) }, emitter.name(node), MICROSOFT_DOMAIN);
    return;
  }
  const [a, b] = node.inputs;
  const left = op.transposeA ? swapLastTwo(emitter, names[0], a.shape.length) : names[0];
  const right = op.transposeB ? swapLastTwo(emitter, names[1], b.shape.length) : names[1];
  emitter.emit('MatMul', [left, right], {}, emitter.name(node));
}

function swapLastTwo(emitter: Emitter, name: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, i) => i);
  return emitter.emit('Transpose', [name], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
}

/** As a comparison with 0, 1, … : many times faster on a CPU than the OneHot operator, and the same for ids out of range. */
function emitOneHot({ emitter }: LoweringContext, ids: GraphNode, depth: number, on: number, off: number, output?: string): string {
  const column = emitter.emit('Unsqueeze', [emitter.name(ids), emitter.int64([-1])]);
  const hit = emitter.emit('Equal', [column, emitter.vector(Array.from({ length: depth }, (_, i) => i), 'int32')]);
  if (on === 1 && off === 0) return emitter.emit('Cast', [hit], { to: ELEMENT_TYPES.float32 }, output);
  return emitter.emit('Where', [hit, emitter.scalar(on, 'float32'), emitter.scalar(off, 'float32')], {}, output);
}

/** Rows summed by id: as oneHot(ids)ᵀ · x when there are few ids, else by scattering. */
function emitSegmentSum(context: LoweringContext, node: GraphNode): void {
  const { emitter } = context;
  const [x, ids] = node.inputs;
  const [rows] = ids.shape;
  const [count] = node.shape;
  if (x.shape.length === 2 && x.dtype === 'float32' && count <= MAX_IDS_AS_PRODUCT) {
    const hot = emitOneHot(context, ids, count, 1, 0);
    emitter.emit('Gemm', [hot, emitter.name(x)], { transA: 1 }, emitter.name(node));
    return;
  }
  const column = emitter.emit('Reshape', [emitter.name(ids), emitter.int64([rows, 1])]);
  const wide = emitter.emit('Cast', [column], { to: ELEMENT_TYPES.int64 });
  const zeros = emitter.emit('Expand', [emitter.scalar(0, node.dtype as 'float32' | 'int32'), emitter.int64(node.shape)]);
  emitter.emit('ScatterND', [zeros, wide, emitter.name(x)], { reduction: 'add' }, emitter.name(node));
}
