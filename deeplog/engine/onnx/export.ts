import type { GraphNode } from '../graph/index.js';
import { checkParameters } from '../parameters.js';
import { traceScoring } from '../trace/scoring_graph.js';
import type { Model, State } from '../types.js';
import { lowerToOnnx, type DynamicShapes } from './lower.js';

/** What the run-time dimension is called in exported files. */
export const BATCH_DIMENSION = 'batch';

/**
 * The forward pass as an ONNX file (opset 18, standard operators only), parameters embedded as initialisers. Inputs are the
 * model's `forwardInputs`, outputs those of `forward`. The first dimension of the inputs is free (`batch`) where every
 * operation allows it, which is checked operation by operation; else it is the model's batch size.
 * @throws ShapeError when parameters are missing or do not fit; UnknownKernelError.
 */
export async function exportOnnx(model: Model, parameters: State['parameters']): Promise<Uint8Array> {
  checkParameters(model, parameters, 'The parameters');
  const graph = await traceScoring(model);
  const { axes, rows } = graph;
  const lowered = lowerToOnnx(graph, { embedded: parameters, contrib: false, ...(axes === undefined ? {} : { dynamic: freeBatch(axes, rows) }) });
  return lowered.bytes;
}

function freeBatch(axes: ReadonlyMap<GraphNode, number>, rows: number): DynamicShapes {
  return {
    describe: (node) => node.shape.map((d, i) => (i !== axes.get(node) ? d : d === rows ? BATCH_DIMENSION : `${BATCH_DIMENSION}*${d / rows}`)),
    target: (node) => {
      const axis = axes.get(node);
      return axis === undefined ? undefined : node.shape.map((d, i) => (i !== axis ? d : node.op.kind === 'reshape' ? -1 : 1));
    },
  };
}
