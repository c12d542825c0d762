import { batchAxes, computeByRows, type GraphNode } from '../graph/index.js';
import type { Model } from '../types.js';
import { traceForward, type TracedGraph } from './trace.js';

/** A forward pass ready to be written to a file. */
export interface ScoringGraph extends TracedGraph {
  /** The axis of each value that grows with the batch; undefined where an operation ties the graph to the batch size it was traced with. */
  readonly axes: ReadonlyMap<GraphNode, number> | undefined;
  /** Rows that it was traced with. */
  readonly rows: number;
}

/** Traces and simplifies the forward pass and finds where its batch dimension goes. @throws UnknownKernelError */
export async function traceScoring(model: Model): Promise<ScoringGraph> {
  const traced = await traceForward(model);
  const nodes = computeByRows(traced.graph, traced.outputs.map(({ node }) => node));
  const rows = model.forwardInputs[0]?.shape[0] ?? 0;
  return { ...traced, outputs: traced.outputs.map(({ name }, i) => ({ name, node: nodes[i] })), axes: batchAxes(traced.graph, nodes, rows), rows };
}
