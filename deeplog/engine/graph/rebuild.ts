import { argmax, gather, matmul, oneHot, reduce, segmentSum, softmax } from './contractions.js';
import { binary, cast, select, unary } from './elementwise.js';
import type { Graph } from './graph.js';
import { part } from './loop.js';
import type { GraphNode, Shape } from './node.js';
import { concat, expand, pad, reshape, slice, tile, transpose } from './views.js';

/**
 * The same operation on other inputs, by way of the building functions, so that their simplifications apply again.
 * `shape` is the wanted result's shape, for operations whose shape does not follow from their inputs.
 */
export function rebuild(g: Graph, node: GraphNode, inputs: readonly GraphNode[], shape: Shape = node.shape): GraphNode {
  const { op } = node;
  const [a, b, c] = inputs;
  switch (op.kind) {
    case 'input':
    case 'constant':
    case 'data': return g.make(op, [], shape, node.dtype);
    case 'binary': return binary(g, op.f, a, b, node.dtype);
    case 'unary': return unary(g, op.f, a);
    case 'cast': return cast(g, a, node.dtype);
    case 'select': return select(g, a, b, c);
    case 'reshape': return reshape(g, a, shape);
    case 'transpose': return transpose(g, a, op.perm);
    case 'expand': return expand(g, a, shape);
    case 'slice': return slice(g, a, op.begin, shape);
    case 'concat': return concat(g, inputs, op.axis);
    case 'pad': return pad(g, a, op.before, shape.map((d, i) => d - a.shape[i] - op.before[i]), op.value);
    case 'tile': return tile(g, a, shape.map((d, i) => d / a.shape[i]));
    case 'reduce': return reduce(g, op.f, a, op.axes, false);
    case 'argmax': return argmax(g, a, op.axis);
    case 'softmax': return softmax(g, a, op.axis, op.log);
    case 'matmul': return matmul(g, a, b, op.transposeA, op.transposeB);
    case 'gather': return gather(g, a, b, op.axis);
    case 'segmentSum': return segmentSum(g, a, b, shape[0]);
    case 'oneHot': return oneHot(g, a, shape.at(-1) ?? 0, op.on, op.off);
    case 'loop': return g.make(op, inputs, shape, node.dtype);
    case 'part': return part(g, a, op.index);
    default: return op satisfies never;
  }
}
