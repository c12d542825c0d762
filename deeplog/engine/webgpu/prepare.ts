import {
  argmax, binary, liveNodes, rebuild, reduce, reshape, slice, transpose, unary,
  type Graph, type GraphNode,
} from '../graph/index.js';

/**
 * Rewrites a traced graph for the GPU: softmax as its parts, so that they fuse with their neighbours; reductions over
 * trailing or leading axes only; a concatenation whose parts are part of another is a slice of that one, so that values are
 * stored once.
 */
export function prepare(g: Graph, roots: readonly GraphNode[]): GraphNode[] {
  const live = liveNodes(roots);
  const larger = containingConcats(live);
  const done = new Map<GraphNode, GraphNode>();
  const get = (node: GraphNode): GraphNode => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const host = larger.get(node);
    const made = host !== undefined ? slice(g, get(host.node), host.begin, node.shape) : rewrite(g, node, node.inputs.map(get));
    done.set(node, made);
    return made;
  };
  // Iterative where it can be: graphs are thousands of nodes deep.
  for (const node of live) if (!larger.has(node)) get(node);
  return roots.map(get);
}

function rewrite(g: Graph, node: GraphNode, inputs: readonly GraphNode[]): GraphNode {
  const { op } = node;
  const [x] = inputs;
  if (op.kind === 'softmax') {
    const axis = [op.axis];
    const shifted = binary(g, 'Sub', x, reduce(g, 'Max', x, axis, true), 'float32');
    const exponentials = unary(g, 'Exp', shifted);
    const total = reduce(g, 'Sum', exponentials, axis, true);
    return op.log ? binary(g, 'Sub', shifted, unary(g, 'Log', total), 'float32') : binary(g, 'Div', exponentials, total, 'float32');
  }
  if (op.kind === 'reduce' && op.axes.some((axis) => x.shape[axis] === 1)) {
    const live = op.axes.filter((axis) => x.shape[axis] !== 1);
    const dropped = op.axes.filter((axis) => x.shape[axis] === 1);
    const narrow = reshape(g, x, x.shape.filter((_, i) => !dropped.includes(i)));
    const moved = live.map((axis) => axis - dropped.filter((d) => d < axis).length);
    return rewrite(g, reduceNode(g, node, narrow, moved), [narrow]);
  }
  if (op.kind === 'reduce' && !isEdge(x, op.axes)) {
    const kept = x.shape.map((_, i) => i).filter((i) => !op.axes.includes(i));
    const turned = transpose(g, x, [...kept, ...op.axes]);
    return reshape(g, reduce(g, op.f, turned, op.axes.map((_, i) => kept.length + i), false), node.shape);
  }
  if (op.kind === 'argmax' && op.axis !== x.shape.length - 1) {
    const kept = x.shape.map((_, i) => i).filter((i) => i !== op.axis);
    return argmax(g, transpose(g, x, [...kept, op.axis]), kept.length);
  }
  return rebuild(g, node, inputs, node.shape);
}

function reduceNode(g: Graph, node: GraphNode, x: GraphNode, axes: readonly number[]): GraphNode {
  return node.op.kind === 'reduce' ? reduce(g, node.op.f, x, axes, false) : node;
}

/** Whether the axes that matter are the last ones or the first ones. */
function isEdge(x: GraphNode, axes: readonly number[]): boolean {
  const wide = x.shape.map((_, i) => i).filter((i) => x.shape[i] !== 1);
  const reduced = wide.filter((i) => axes.includes(i));
  return reduced.every((axis, k) => axis === wide[wide.length - reduced.length + k]) || reduced.every((axis, k) => axis === wide[k]);
}

/** For each concatenation that is a run of a longer one's parts: the longer one, and where the run begins. */
function containingConcats(live: readonly GraphNode[]): Map<GraphNode, { node: GraphNode; begin: number[] }> {
  const concats = live.filter(({ op }) => op.kind === 'concat').sort((a, b) => b.inputs.length - a.inputs.length);
  const found = new Map<GraphNode, { node: GraphNode; begin: number[] }>();
  for (const node of concats) {
    for (const host of concats) {
      if (host.inputs.length <= node.inputs.length || host.op.kind !== 'concat' || node.op.kind !== 'concat' || host.op.axis !== node.op.axis || found.has(host)) continue;
      const { axis } = host.op;
      const at = host.inputs.indexOf(node.inputs[0]);
      if (at < 0 || !node.inputs.every((part, i) => host.inputs[at + i] === part) || dependsOn(host, node)) continue;
      const offset = host.inputs.slice(0, at).reduce((sum, part) => sum + part.shape[axis], 0);
      found.set(node, { node: host, begin: node.shape.map((_, i) => (i === axis ? offset : 0)) });
      break;
    }
  }
  return found;
}

function dependsOn(node: GraphNode, other: GraphNode): boolean {
  return liveNodes([node]).includes(other);
}
