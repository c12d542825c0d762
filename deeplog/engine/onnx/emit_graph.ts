import { liveNodes, usersOf, type GraphNode, type Op } from '../graph/index.js';
import { emitNode } from './emit_node.js';
import { Emitter } from './emitter.js';
import { findAccumulations, findSplits } from './fusions.js';
import type { DynamicShapes } from './lower.js';
import type { OnnxValue } from './protobuf.js';

export interface Output {
  readonly name: string;
  readonly node: GraphNode;
}

/** Emits everything that the outputs need; returns it, inputs before users. */
export function emitGraph(emitter: Emitter, outputs: readonly Output[], contrib: boolean, dynamic?: DynamicShapes): GraphNode[] {
  const live = liveNodes(outputs.map(({ node }) => node));
  const users = usersOf(live);
  const accumulations = findAccumulations(live, users, new Set(outputs.map(({ node }) => node)));
  const context = { emitter, contrib, users, splits: findSplits(live, users), accumulations, ...(dynamic === undefined ? {} : { dynamic }) };
  for (const { name, node } of outputs) {
    if (!['input', 'constant', 'data'].includes(node.op.kind) && !emitter.hasName(node)) emitter.rename(node, name);
  }
  for (const node of live) {
    if (node.op.kind === 'loop') emitLoop(emitter, node, node.op, users.get(node) ?? [], contrib);
    else emitNode(context, node);
  }
  for (const { name, node } of outputs) if (emitter.name(node) !== name) emitter.emit('Identity', [emitter.name(node)], {}, name);
  return live;
}

/**
 * A loop is ONNX' Scan: onnxruntime hands each step its rows of the sequences and has what is kept written where it belongs, copying neither.
 * Fixed values are read from the graph around; of what is kept, only what somebody reads is computed.
 */
function emitLoop(emitter: Emitter, node: GraphNode, { body, reverse }: Extract<Op, { kind: 'loop' }>, users: readonly GraphNode[], contrib: boolean): void {
  const prefix = `loop_${node.id}_`;
  const inner = new Emitter({}, prefix);
  const handed = [...body.carried, ...body.sequences];
  handed.forEach((input, i) => { inner.rename(input, `${prefix}in_${i}`); });
  body.fixed.forEach((input, i) => { inner.rename(input, emitter.name(node.inputs[handed.length + i])); });
  const kept = users.flatMap((user) => (user.op.kind === 'part' ? [{ user, output: body.outputs[user.op.index] }] : []));
  const results = [...body.next, ...kept.map(({ output }) => output)].map((result, i) => ({ name: `${prefix}out_${i}`, node: result }));
  emitGraph(inner, results, contrib);
  const described = (name: string, { dtype, shape }: GraphNode): OnnxValue => ({ name, type: dtype, shape });
  const direction = Number(reverse);
  const outputs = [...body.next.map(() => emitter.temporary()), ...kept.map(({ user }) => emitter.name(user))];
  emitter.emitTo(outputs, 'Scan', node.inputs.slice(0, handed.length).map((input) => emitter.name(input)), {
    body: { graph: { nodes: inner.nodes, initialisers: inner.initialisers, inputs: handed.map((input) => described(inner.name(input), input)), outputs: results.map((result) => described(result.name, result.node)) } },
    num_scan_inputs: body.sequences.length,
    scan_input_directions: body.sequences.map(() => direction),
    scan_output_directions: kept.map(() => direction),
  });
}
