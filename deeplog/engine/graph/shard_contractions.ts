import { gather, matmul, segmentSum } from './contractions.js';
import type { Graph } from './graph.js';
import type { GraphNode, Op } from './node.js';
import { ADDEND, block, refuse, type Held, type Shard } from './shard.js';

type OpOf<K extends Op['kind']> = Extract<Op, { kind: K }>;

/** Factors split along the inner axis give addends; along an outer one, blocks. */
export function shardMatmul(shard: Shard, g: Graph, node: GraphNode, op: OpOf<'matmul'>, [a, b]: readonly Held[]): Held {
  const make = (x: GraphNode, y: GraphNode) => matmul(g, x, y, op.transposeA, op.transposeB);
  const [rankA, rankB, rank] = [a.node.shape.length, b.node.shape.length, node.shape.length];
  if (a.part.kind === 'addend' || b.part.kind === 'addend') {
    if (a.part.kind !== 'all' && b.part.kind !== 'all') throw refuse(node, 'it multiplies sums over the batch');
    return { node: make(a.node, b.node), part: ADDEND };
  }
  const [innerA, outerA] = op.transposeA ? [rankA - 2, rankA - 1] : [rankA - 1, rankA - 2];
  const [innerB, outerB] = op.transposeB ? [rankB - 1, rankB - 2] : [rankB - 2, rankB - 1];
  const axisA = a.part.kind === 'block' ? a.part.axis : undefined;
  const axisB = b.part.kind === 'block' ? b.part.axis : undefined;
  const runs = shard.runsOf(node, [a, b]);
  if (axisA === innerA || axisB === innerB) {
    const left = axisA === innerA ? a.node : axisA === undefined ? shard.cut(a.node, innerA, runs) : undefined;
    const right = axisB === innerB ? b.node : axisB === undefined ? shard.cut(b.node, innerB, runs) : undefined;
    if (left === undefined || right === undefined) throw refuse(node, 'its factors are split along different axes');
    return { node: make(left, right), part: ADDEND };
  }
  if (axisA === outerA && axisB === undefined) return { node: make(a.node, b.node), part: block(rank - 2, runs) };
  if (axisB === outerB && axisA === undefined) return { node: make(a.node, b.node), part: block(rank - 1, runs) };
  const axis = axisA !== undefined ? axisA + rank - rankA : (axisB ?? 0) + rank - rankB;
  if (axis >= rank - 2 || (axisA !== undefined && axisB !== undefined && axisB + rank - rankB !== axis)) throw refuse(node, 'its factors are split along different axes');
  const local = [a, b].map(({ node: input, part }) => {
    const own = axis - rank + input.shape.length;
    return part.kind === 'block' || own < 0 || input.shape[own] === 1 ? input : shard.cut(input, own, runs);
  });
  return { node: make(local[0], local[1]), part: block(axis, runs) };
}

export function shardGather(g: Graph, node: GraphNode, op: OpOf<'gather'>, [x, indices]: readonly Held[]): Held {
  const make = () => gather(g, x.node, indices.node, op.axis);
  if (indices.part.kind === 'block' && x.part.kind === 'all') return { node: make(), part: block(op.axis + indices.part.axis, indices.part.runs) };
  if (indices.part.kind === 'all' && x.part.kind === 'addend') return { node: make(), part: ADDEND };
  if (indices.part.kind === 'all' && x.part.kind === 'block' && x.part.axis !== op.axis) {
    return { node: make(), part: block(x.part.axis < op.axis ? x.part.axis : x.part.axis + indices.node.shape.length - 1, x.part.runs) };
  }
  throw refuse(node, 'it looks up across the batch');
}

export function shardSegmentSum(shard: Shard, g: Graph, node: GraphNode, [x, ids]: readonly Held[]): Held {
  const make = (values: GraphNode, segments: GraphNode) => segmentSum(g, values, segments, node.shape[0]);
  const runs = shard.runsOf(node, [x, ids]);
  const rows = (h: Held) => (h.part.kind === 'block' && h.part.axis === 0 ? h.node : h.part.kind === 'all' ? shard.cut(h.node, 0, runs) : undefined);
  if (ids.part.kind === 'all' && x.part.kind === 'block' && x.part.axis > 0) return { node: make(x.node, ids.node), part: x.part };
  const [values, segments] = [rows(x), rows(ids)];
  if (values === undefined || segments === undefined) throw refuse(node, 'it sums across the batch');
  return { node: make(values, segments), part: ADDEND };
}
