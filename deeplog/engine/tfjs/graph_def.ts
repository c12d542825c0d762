import type { DType, GraphNode } from '../graph/index.js';

/** TensorFlow's GraphDef in the JSON form that TensorFlow.js' graph models have (tensorflow/core/framework/node_def.proto, attr_value.proto). */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

export type AttrValue =
  | { readonly type: string }
  | { readonly b: boolean }
  | { readonly i: string }
  | { readonly shape: TensorShape }
  | { readonly tensor: { readonly dtype: string; readonly tensorShape: TensorShape } };

interface TensorShape {
  readonly dim: ReadonlyArray<{ readonly size: string }>;
}

/** A named array of the weights file. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Float32Array | Int32Array | Uint8Array;
}

export const TENSORFLOW_TYPES: Readonly<Record<DType, string>> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };

/** Sizes as TensorFlow writes them; −1 where the dimension is free. */
export function shapeOf(sizes: readonly number[]): TensorShape {
  return { dim: sizes.map((size) => ({ size: String(size) })) };
}

/** Collects nodes and weights; equal small constants once. */
export class GraphDefBuilder {
  readonly nodes: NodeDef[] = [];
  readonly weights: Weight[] = [];
  private readonly names = new Map<GraphNode, string>();
  private temporaries = 0;

  nameOf(node: GraphNode): string {
    return this.names.get(node) ?? `value_${node.id}`;
  }

  rename(node: GraphNode, name: string): void {
    this.names.set(node, name);
  }

  /** Adds an operation under this name, or a new one; returns the name. */
  add(op: string, input: readonly string[], attr: Readonly<Record<string, AttrValue>>, name = `step_${this.temporaries++}`): string {
    this.nodes.push({ name, op, input, attr });
    return name;
  }

  constant(weight: Weight): string {
    if (!this.weights.some(({ name }) => name === weight.name)) {
      this.weights.push(weight);
      const dtype = TENSORFLOW_TYPES[weight.dtype];
      this.nodes.push({ name: weight.name, op: 'Const', attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: shapeOf(weight.shape) } } } });
    }
    return weight.name;
  }

  /** A vector of whole numbers: shapes, axes, sizes. */
  ints(values: readonly number[]): string {
    return this.constant({ name: `ints_${values.join('_').replaceAll('-', 'm')}`, shape: [values.length], dtype: 'int32', data: Int32Array.from(values) });
  }

  scalar(value: number, dtype: DType): string {
    const data = dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value);
    return this.constant({ name: `${dtype}_${String(value).replace('-', 'm').replace('+', '')}`, shape: [], dtype, data });
  }
}
