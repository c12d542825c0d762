import type { GraphNode } from '../graph/index.js';
import type { TracedGraph } from '../trace/trace.js';
import { emitGraph } from './emit_graph.js';
import { Emitter } from './emitter.js';
import { encodeModel } from './protobuf.js';

export interface LoweringOptions {
  /** Parameters that become initialisers; the others are inputs. */
  readonly embedded?: Readonly<Record<string, Float32Array>>;
  /** Whether operators of onnxruntime's own domain may be used: not in files that others will read. */
  readonly contrib: boolean;
  /** Marks run-time dimensions of inputs and outputs; `undefined` entries stay fixed. */
  readonly dynamic?: DynamicShapes;
}

export interface DynamicShapes {
  /** The shape as ONNX should see it: a name where the dimension is free. */
  describe(node: GraphNode): ReadonlyArray<number | string>;
  /** Target of a reshape or expand, with −1 (reshape) or 1 (expand) where the dimension is free; undefined: as traced. */
  target(node: GraphNode): readonly number[] | undefined;
}

export interface LoweredModel {
  readonly bytes: Uint8Array;
  readonly nodeCount: number;
  /** Inputs that the graph really reads, in order. */
  readonly inputs: readonly GraphNode[];
}

/** Graph → ONNX. Outputs keep their names; unused inputs disappear. */
export function lowerToOnnx(traced: TracedGraph, options: LoweringOptions): LoweredModel {
  const emitter = new Emitter(options.embedded);
  const live = emitGraph(emitter, traced.outputs, options.contrib, options.dynamic);
  const inputs = live.filter(({ op }) => op.kind === 'input' && !(op.role === 'parameter' && options.embedded?.[op.name]));
  const bytes = encodeModel({
    nodes: emitter.nodes,
    initialisers: emitter.initialisers,
    inputs: inputs.map((node) => ({ name: emitter.name(node), type: node.dtype, shape: options.dynamic?.describe(node) ?? node.shape })),
    outputs: traced.outputs.map(({ name, node }) => ({ name, type: node.dtype, shape: options.dynamic?.describe(node) ?? node.shape })),
  });
  return { bytes, nodeCount: emitter.nodes.length, inputs };
}
