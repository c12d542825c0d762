import type { Graph } from './graph.js';
import type { GraphNode, Op } from './node.js';
import { ALL, ADDEND, block, refuse, type Held, type Part, type Shard } from './shard.js';

/** A loop whose steps handle rows of the batch apart: each worker loops over its own; with it, what a worker holds of each output. */
export function shardLoop(shard: Shard, g: Graph, node: GraphNode, op: Extract<Op, { kind: 'loop' }>, held: readonly Held[]): { readonly node: GraphNode; readonly outputs: readonly Part[] } {
  const { body } = op;
  const inner = shard.within(body.graph);
  const [carriedEnd, sequencesEnd] = [body.carried.length, body.carried.length + body.sequences.length];
  const placeholders = [...body.carried, ...body.sequences, ...body.fixed];
  const inputs: GraphNode[] = [];
  const local = placeholders.map((placeholder, i) => {
    const steps = i >= carriedEnd && i < sequencesEnd ? 1 : 0; // leading axes that the step does not see
    const given = held[i];
    if (given.part.kind === 'addend') throw refuse(node, 'it needs a sum over the whole batch');
    const cut = given.part.kind === 'all' && i < sequencesEnd && given.node.shape[steps] === shard.batchRows;
    const part = cut ? block(steps) : given.part;
    inputs.push(cut ? shard.cut(given.node, steps) : given.node);
    if (part.kind === 'block' && (part.axis < steps || part.runs !== 1)) throw refuse(node, 'its steps are split');
    const own = body.graph.input(`body_${i}`, 'body', inputs[i].shape.slice(steps), placeholder.dtype);
    inner.assume(placeholder, { node: own, part: part.kind === 'block' ? block(part.axis - steps) : ALL });
    return own;
  });
  const next = body.next.map((result, i) => {
    const [before, after] = [inner.held(body.carried[i]), inner.held(result)];
    if (before.part.kind === 'block' && after.part.kind === 'all') return inner.cut(after.node, before.part.axis);
    if (before.part.kind !== after.part.kind) throw refuse(node, 'what it carries over mixes rows of the batch');
    return after.node;
  });
  const outputs = body.outputs.map((output) => inner.held(output));
  const split = { graph: body.graph, carried: local.slice(0, carriedEnd), sequences: local.slice(carriedEnd, sequencesEnd), fixed: local.slice(sequencesEnd), next, outputs: outputs.map((output) => output.node) };
  return {
    node: g.make({ ...op, body: split }, inputs, node.shape, node.dtype),
    outputs: outputs.map(({ part }) => (part.kind === 'block' ? block(part.axis + 1, part.runs) : part.kind === 'addend' ? ADDEND : ALL)),
  };
}
