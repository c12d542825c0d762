import { liveNodes, usersOf, type GraphNode } from '../graph/index.js';
import type { TracedGraph } from '../trace/trace.js';
import { emitNode, type LoweringContext } from './emit_node.js';
import { Emitter } from './emitter.js';
import { findAccumulations, findSplits } from './fusions.js';
import { encodeModel, type OnnxValue } from './protobuf.js';

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
  const live = liveNodes(traced.outputs.map(({ node }) => node));
  const users = usersOf(live);
  const emitter = new Emitter(options.embedded);
  const roots = new Set(traced.outputs.map(({ node }) => node));
  const context: LoweringContext = {
    emitter,
    contrib: options.contrib,
    users,
    splits: findSplits(live, users),
    accumulations: findAccumulations(live, users, roots),
    ...(options.dynamic === undefined ? {} : { dynamic: options.dynamic }),
  };
  const outputs: OnnxValue[] = traced.outputs.map(({ name, node }) => {
    const computed = !['input', 'constant', 'data'].includes(node.op.kind);
    if (computed && !emitter.hasName(node)) emitter.rename(node, name);
    return { name, type: node.dtype, shape: options.dynamic?.describe(node) ?? node.shape };
  });
  for (const node of live) emitNode(context, node);
  for (const { name, node } of traced.outputs) if (emitter.name(node) !== name) emitter.emit('Identity', [emitter.name(node)], {}, name);
  const inputs = live.filter(({ op }) => op.kind === 'input' && !(op.role === 'parameter' && options.embedded?.[op.name]));
  const bytes = encodeModel({
    nodes: emitter.nodes,
    initialisers: emitter.initialisers,
    inputs: inputs.map((node) => ({ name: emitter.name(node), type: node.dtype, shape: options.dynamic?.describe(node) ?? node.shape })),
    outputs,
  });
  return { bytes, nodeCount: emitter.nodes.length, inputs };
}
