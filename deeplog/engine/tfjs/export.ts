import { liveNodes } from '../graph/index.js';
import { checkParameters } from '../parameters.js';
import { traceScoring } from '../trace/scoring_graph.js';
import type { Model, State } from '../types.js';
import { emitNode } from './emit_node.js';
import { GraphDefBuilder, shapeOf, TENSORFLOW_TYPES, type NodeDef, type Weight } from './graph_def.js';

/** What a TensorFlow.js graph model's model.json and weight files hold. */
export interface GraphModel {
  readonly topology: { readonly node: readonly NodeDef[]; readonly versions: { readonly producer: number } };
  readonly signature: Readonly<Record<'inputs' | 'outputs', Readonly<Record<string, { readonly name: string; readonly dtype: string; readonly tensorShape: ReturnType<typeof shapeOf> }>>>>;
  readonly weights: readonly Weight[];
}

/** GraphDef version of TensorFlow 1.15 and later. */
const PRODUCER = 134;

/**
 * The forward pass as a TensorFlow.js graph model (`tf.loadGraphModel`): any network, parameters inside, inputs and outputs as in
 * `model`, the batch free as in {@link exportOnnx}.
 * @throws ShapeError when parameters are missing or do not fit; UnknownKernelError; RangeError
 */
export async function exportGraphModel(model: Model, parameters: State['parameters']): Promise<GraphModel> {
  checkParameters(model, parameters, 'The parameters');
  const { outputs, axes } = await traceScoring(model);
  const builder = new GraphDefBuilder();
  const live = liveNodes(outputs.map(({ node }) => node));
  for (const node of live) if (node.op.kind === 'input') builder.rename(node, node.op.name);
  for (const node of live) emitNode({ builder, axes, parameters }, node);
  const described = (name: string, node: (typeof live)[number]) => [name, {
    name: `${name}:0`, dtype: TENSORFLOW_TYPES[node.dtype], tensorShape: shapeOf(node.shape.map((d, i) => (i === axes?.get(node) ? -1 : d))),
  }] as const;
  for (const { name, node } of outputs) builder.add('Identity', [builder.nameOf(node)], { T: { type: TENSORFLOW_TYPES[node.dtype] } }, name);
  return {
    topology: { node: builder.nodes, versions: { producer: PRODUCER } },
    signature: {
      inputs: Object.fromEntries(live.flatMap((node) => (node.op.kind === 'input' && node.op.role === 'batch' ? [described(node.op.name, node)] : []))),
      outputs: Object.fromEntries(outputs.map(({ name, node }) => described(name, node))),
    },
    weights: builder.weights,
  };
}
