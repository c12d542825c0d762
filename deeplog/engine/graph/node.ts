import type { Graph } from './graph.js';

/** Element types inside a graph; bool only ever lives between two nodes. */
export type DType = 'float32' | 'int32' | 'bool';
export type Shape = readonly number[];
export type ConstantData = Float32Array | Int32Array | Uint8Array;

export type BinaryOp =
  | 'Add' | 'Sub' | 'Mul' | 'Div' | 'Max' | 'Min' | 'Pow'
  | 'Greater' | 'GreaterOrEqual' | 'Less' | 'LessOrEqual' | 'Equal' | 'And' | 'Or';
export type UnaryOp =
  | 'Neg' | 'Exp' | 'Log' | 'Sqrt' | 'Sigmoid' | 'Tanh' | 'Relu' | 'Erf' | 'Abs' | 'Sign' | 'Reciprocal' | 'Floor' | 'Softplus' | 'Not';
export type ReduceOp = 'Sum' | 'Max' | 'Min' | 'Prod';

/** `body`: what one step of a loop reads. */
export type InputRole = 'parameter' | 'batch' | 'noise' | 'body';

/** What a node computes. Names of element-wise operations are ONNX's. */
export type Op =
  | { readonly kind: 'input'; readonly name: string; readonly role: InputRole }
  /** One value everywhere (`splat`, no data) or row-major `data`. */
  | { readonly kind: 'constant'; readonly splat: number }
  | { readonly kind: 'data'; readonly data: ConstantData }
  | { readonly kind: 'binary'; readonly f: BinaryOp }
  | { readonly kind: 'unary'; readonly f: UnaryOp }
  | { readonly kind: 'cast' }
  /** inputs: condition, then, else; all of the result's shape */
  | { readonly kind: 'select' }
  | { readonly kind: 'reshape' }
  | { readonly kind: 'transpose'; readonly perm: readonly number[] }
  | { readonly kind: 'expand' }
  | { readonly kind: 'slice'; readonly begin: readonly number[] }
  | { readonly kind: 'concat'; readonly axis: number }
  | { readonly kind: 'pad'; readonly before: readonly number[]; readonly value: number }
  | { readonly kind: 'tile' }
  /** the reduced axes are gone from the shape */
  | { readonly kind: 'reduce'; readonly f: ReduceOp; readonly axes: readonly number[] }
  | { readonly kind: 'argmax'; readonly axis: number }
  | { readonly kind: 'softmax'; readonly axis: number; readonly log: boolean }
  /** [.., m, k] × [.., k, n]; leading dimensions broadcast; a flag says that the last two come swapped */
  | { readonly kind: 'matmul'; readonly transposeA: boolean; readonly transposeB: boolean }
  /** inputs: x, indices (int32); indices' shape replaces the axis */
  | { readonly kind: 'gather'; readonly axis: number }
  /** inputs: x [L, …], ids [L]; result [n, …] */
  | { readonly kind: 'segmentSum' }
  | { readonly kind: 'oneHot'; readonly on: number; readonly off: number }
  /** inputs: first values of what is carried, sequences [T, …], fixed values, as in `body`. Its values are read through `part`. */
  | { readonly kind: 'loop'; readonly body: LoopBody; readonly reverse: boolean }
  /** input: a loop; the output of this index of all its steps, [T, …] in the sequences' order */
  | { readonly kind: 'part'; readonly index: number };

/** One step of a loop, a graph of its own. */
export interface LoopBody {
  readonly graph: Graph;
  /** What it reads: the values that the step before carried over, its own element of each sequence, what is the same at every step. */
  readonly carried: readonly GraphNode[];
  readonly sequences: readonly GraphNode[];
  readonly fixed: readonly GraphNode[];
  /** What it gives: the values for the next step, and those to keep. */
  readonly next: readonly GraphNode[];
  readonly outputs: readonly GraphNode[];
}

export interface GraphNode {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly GraphNode[];
  readonly shape: Shape;
  readonly dtype: DType;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}

/** NumPy's broadcasting rule. */
export function broadcastShape(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`Shapes [${a}] and [${b}] do not broadcast.`);
    return x === 1 ? y : x;
  });
}

/** The value of a node that is the same number everywhere, else undefined. */
export function splatOf(node: GraphNode): number | undefined {
  return node.op.kind === 'constant' ? node.op.splat : undefined;
}
