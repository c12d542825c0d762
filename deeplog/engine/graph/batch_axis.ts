import { liveNodes, type Graph } from './graph.js';
import type { GraphNode } from './node.js';
import { NotShardableError, Shard } from './shard.js';

/**
 * The axis of each value that grows with the batch: where it is known for all that the roots need, the graph works for any
 * number of rows. Undefined where some operation ties it to the traced batch size.
 */
export function batchAxes(g: Graph, roots: readonly GraphNode[], batchRows: number): Map<GraphNode, number> | undefined {
  if (batchRows < 2) return undefined;
  const analysis = new Shard(g, batchRows, 0, batchRows, true);
  const axes = new Map<GraphNode, number>();
  try {
    for (const node of liveNodes(roots)) {
      const { part } = analysis.held(node);
      if (part.kind === 'addend') return undefined;
      if (part.kind === 'block') axes.set(node, part.axis);
    }
  } catch (error) {
    if (error instanceof NotShardableError) return undefined;
    throw error;
  }
  return axes;
}
