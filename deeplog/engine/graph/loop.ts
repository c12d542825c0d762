import type { Graph } from './graph.js';
import type { GraphNode, LoopBody } from './node.js';

/** A loop over the leading axis of its sequences, and what it keeps of every step, one node per output of `body`. */
export function loop(g: Graph, body: LoopBody, inputs: readonly GraphNode[], steps: number, reverse: boolean): GraphNode[] {
  const node = g.make({ kind: 'loop', body, reverse }, inputs, [steps], 'float32');
  return body.outputs.map((_, index) => part(g, node, index));
}

/** The output of this index of all steps, [T, …]. */
export function part(g: Graph, node: GraphNode, index: number): GraphNode {
  if (node.op.kind !== 'loop') throw new RangeError(`Only a loop has parts, not ${node.op.kind}.`);
  const output = node.op.body.outputs[index];
  return g.make({ kind: 'part', index }, [node], [...node.shape, ...output.shape], output.dtype);
}
