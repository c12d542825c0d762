import { argmax, oneHot, reduce, softmax } from './contractions.js';
import { binary } from './elementwise.js';
import type { Graph } from './graph.js';
import { sizeOf, splatOf, type GraphNode, type Op, type Shape } from './node.js';
import { rebuild } from './rebuild.js';
import { part } from './loop.js';
import { shardLoop } from './shard_loop.js';
import { shardGather, shardMatmul, shardSegmentSum } from './shard_contractions.js';
import { pad, reshape, slice } from './views.js';

/** The graph cannot be split over the batch; the message says at which operation. */
export class NotShardableError extends Error {
  override name = 'NotShardableError';
}

/**
 * What a worker holds of a value: `all` of it, its block along the axis that runs over the batch, or an addend:
 * the value is the sum over workers. The axis may run over the batch several times, `runs`, as time steps one after the other do.
 */
export type Part = { readonly kind: 'all' } | { readonly kind: 'block'; readonly axis: number; readonly runs: number } | { readonly kind: 'addend' };
export interface Held {
  readonly node: GraphNode;
  readonly part: Part;
}

export const ALL: Part = { kind: 'all' };
export const ADDEND: Part = { kind: 'addend' };
export const block = (axis: number, runs = 1): Part => ({ kind: 'block', axis, runs });
type OpOf<K extends Op['kind']> = Extract<Op, { kind: K }>;

/**
 * Splits one step over workers: each computes its block of the batch, and every root (loss and gradients) becomes an
 * addend of the true one. Inputs stay whole and are cut inside, so that what depends on inputs only, the sum
 * of weights say, can still be computed whole. Nothing is assumed of the model but that rows of its batch are independent,
 * and that is checked operation by operation.
 * @throws NotShardableError
 */
export function shardOverBatch(g: Graph, roots: readonly GraphNode[], batchRows: number, index: number, count: number): GraphNode[] {
  if (batchRows % count !== 0) throw new NotShardableError(`${batchRows} rows do not divide into ${count} parts.`);
  const shard = new Shard(g, batchRows, index, count);
  return roots.map((root) => shard.addend(shard.held(root), root));
}

/** How the workers' results make up the whole: one after the other, added up, or each has it all. */
export type Join = 'concatenate' | 'add' | 'first';

/** As {@link shardOverBatch} for a forward pass, whose results may have a row for each of the batch. @throws NotShardableError */
export function shardOutputs(g: Graph, roots: readonly GraphNode[], batchRows: number, index: number, count: number): Array<{ node: GraphNode; join: Join }> {
  if (batchRows % count !== 0) throw new NotShardableError(`${batchRows} rows do not divide into ${count} parts.`);
  const shard = new Shard(g, batchRows, index, count);
  return roots.map((root) => {
    const { node, part } = shard.held(root);
    if (part.kind === 'block' && (part.axis !== 0 || part.runs !== 1)) throw refuse(root, 'its rows are not outermost');
    return { node, join: part.kind === 'block' ? 'concatenate' : part.kind === 'addend' ? 'add' : 'first' };
  });
}

/** The analysis behind {@link shardOverBatch}, node by node. */
export class Shard {
  private readonly done = new Map<GraphNode, Held>();
  private readonly fromInputs = new Map<GraphNode, boolean>();
  /** What a worker holds of each output of a loop. */
  private readonly outputs = new Map<GraphNode, readonly Part[]>();

  /** `onlyInputs`: refuse where a computed or constant value would have to be cut into blocks. */
  constructor(
    private readonly g: Graph,
    readonly batchRows: number,
    private readonly index: number,
    readonly count: number,
    private readonly onlyInputs = false,
  ) {}

  held(node: GraphNode): Held {
    const known = this.done.get(node);
    if (known !== undefined) return known;
    const made = this.make(node);
    this.done.set(node, made);
    return made;
  }

  /** Says what the workers hold of a graph's input. */
  assume(node: GraphNode, held: Held): void {
    this.done.set(node, held);
  }

  /** The same split of another graph: of a loop's step. */
  within(graph: Graph): Shard {
    return new Shard(graph, this.batchRows, this.index, this.count, this.onlyInputs);
  }

  /** A value that every worker has, as an addend: each contributes an equal part. */
  addend({ node, part }: Held, original: GraphNode): GraphNode {
    if (part.kind === 'addend' || splatOf(node) === 0) return node;
    if (part.kind === 'all') return binary(this.g, 'Mul', node, this.g.splat(1 / this.count, [], 'float32'), 'float32');
    throw refuse(original, 'a result has one value per row of the batch');
  }

  private make(node: GraphNode): Held {
    const { op, inputs } = node;
    if (op.kind === 'input') return this.input(node, op);
    const held = inputs.map((input) => this.held(input));
    if (held.every(({ part }) => part.kind === 'all')) return { node, part: ALL };
    switch (op.kind) {
      case 'binary':
      case 'unary':
      case 'cast':
      case 'select': return this.elementwise(node, held);
      case 'reshape': return this.reshape(node, held[0]);
      case 'concat': return this.concat(node, op, held);
      case 'reduce': return this.reduce(node, op, held[0]);
      case 'matmul': return shardMatmul(this, this.g, node, op, held);
      case 'gather': return shardGather(this.g, node, op, held);
      case 'segmentSum': return shardSegmentSum(this, this.g, node, held);
      case 'loop': return this.loop(node, op, held);
      case 'part': return this.part(op, held[0], inputs[0]);
      default: return this.along(node, op, held[0]);
    }
  }

  private input(node: GraphNode, op: OpOf<'input'>): Held {
    if (op.role === 'parameter' || node.shape[0] !== this.batchRows) return { node, part: ALL };
    return { node: this.cut(node, 0), part: block(0) };
  }

  /** This worker's block of a value that it has whole, of each run over the batch. */
  cut(node: GraphNode, axis: number, runs = 1): GraphNode {
    if (this.onlyInputs && node.op.kind !== 'input') throw refuse(node, 'its shape holds the batch size');
    const length = node.shape[axis] / runs / this.count;
    if (!Number.isInteger(length)) throw refuse(node, `axis ${axis} does not divide into ${this.count}`);
    const apart = reshape(this.g, node, node.shape.flatMap((d, i) => (i === axis && runs > 1 ? [runs, d / runs] : [d])));
    const along = runs > 1 ? axis + 1 : axis;
    const own = slice(this.g, apart, apart.shape.map((_, i) => (i === along ? this.index * length : 0)), this.narrowed(apart.shape, along));
    return reshape(this.g, own, this.narrowed(node.shape, axis));
  }

  private narrowed(shape: Shape, axis: number): number[] {
    return shape.map((d, i) => (i === axis ? d / this.count : d));
  }

  private elementwise(node: GraphNode, held: readonly Held[]): Held {
    const rank = node.shape.length;
    const axes = held.flatMap(({ node: { shape }, part }) => (part.kind === 'block' ? [part.axis + rank - shape.length] : []));
    const runs = this.runsOf(node, held);
    if (held.some(({ part }) => part.kind === 'addend')) return { node: this.linear(node, held, axes), part: ADDEND };
    const [axis] = axes;
    if (axes.some((other) => other !== axis)) throw refuse(node, 'its inputs are split along different axes');
    const local = held.map(({ node: input, part }) => {
      const own = axis - rank + input.shape.length;
      return part.kind === 'block' || own < 0 || input.shape[own] === 1 ? input : this.cut(input, own, runs);
    });
    return { node: rebuild(this.g, node, local, this.narrowed(node.shape, axis)), part: block(axis, runs) };
  }

  /** How often the batch runs along the axis of those that are split. */
  runsOf(node: GraphNode, held: readonly Held[]): number {
    const [runs = 1, ...others] = held.flatMap(({ part }) => (part.kind === 'block' ? [part.runs] : []));
    if (others.some((other) => other !== runs)) throw refuse(node, 'its inputs run over the batch differently often');
    return runs;
  }

  /** Sums of addends, and addends times what all workers have, are addends. */
  private linear(node: GraphNode, held: readonly Held[], axes: readonly number[]): GraphNode {
    const { op } = node;
    const [a, b] = held;
    if (axes.length === 0 && op.kind === 'unary' && op.f === 'Neg') return rebuild(this.g, node, [a.node]);
    if (axes.length === 0 && op.kind === 'binary') {
      if (op.f === 'Add' || op.f === 'Sub') return rebuild(this.g, node, [this.addend(a, node), this.addend(b, node)]);
      const scaled = (op.f === 'Mul' && (a.part.kind === 'all' || b.part.kind === 'all')) || (op.f === 'Div' && b.part.kind === 'all');
      if (scaled) return rebuild(this.g, node, [a.node, b.node]);
    }
    throw refuse(node, 'it needs a sum over the whole batch');
  }

  /**
   * The block stays a block when one axis still runs over the batch. Values stay where they are in memory, so that axis is the one
   * which steps through what lies between one row and the next.
   */
  private reshape(node: GraphNode, { node: input, part }: Held): Held {
    const original = node.inputs[0].shape;
    if (part.kind !== 'block') return { node: reshape(this.g, input, node.shape), part };
    const before = sizeOf(original.slice(0, part.axis)) * part.runs;
    const until = before * this.batchRows;
    const outside = node.shape.map((_, i) => sizeOf(node.shape.slice(0, i)));
    const axis = node.shape.findIndex((d, i) => before % outside[i] === 0 && outside[i] * d >= until && (outside[i] * d) % until === 0);
    const runs = before / outside[axis];
    if (axis < 0) throw refuse(node, 'it mixes the batch with another axis');
    return { node: reshape(this.g, input, this.narrowed(node.shape, axis)), part: block(axis, runs) };
  }

  private concat(node: GraphNode, op: OpOf<'concat'>, held: readonly Held[]): Held {
    if (held.some(({ part }) => part.kind === 'addend')) return { node: rebuild(this.g, node, held.map((h) => this.addend(h, node))), part: ADDEND };
    const [axis] = held.flatMap(({ part }) => (part.kind === 'block' ? [part.axis] : []));
    const together = axis === op.axis ? this.together(held, axis) : undefined;
    if (together !== undefined) return { node: rebuild(this.g, node, held.map((h) => h.node), this.narrowed(node.shape, axis)), part: block(axis, together) };
    if (axis === op.axis || held.some(({ part }) => part.kind === 'block' && part.axis !== axis)) throw refuse(node, 'it joins along the batch');
    const runs = this.runsOf(node, held);
    const local = held.map(({ node: input, part }) => (part.kind === 'all' ? this.cut(input, axis, runs) : input));
    return { node: rebuild(this.g, node, local, this.narrowed(node.shape, axis)), part: block(axis, runs) };
  }

  /** How often the batch runs along an axis that joins values end to end, each of whole runs of rows of the same size; undefined where they are not. */
  private together(held: readonly Held[], axis: number): number | undefined {
    let runs = 0;
    const sizes = new Set<number>();
    for (const { node, part } of held) {
      if (part.kind !== 'block' || part.axis !== axis) return undefined;
      runs += part.runs;
      sizes.add(node.shape[axis] / part.runs);
    }
    return sizes.size === 1 ? runs : undefined;
  }

  private reduce(node: GraphNode, op: OpOf<'reduce'>, { node: input, part }: Held): Held {
    const over = part.kind === 'block' && op.axes.includes(part.axis);
    if (over && this.dependsOnInputsOnly(node)) return { node, part: ALL };
    if ((over || part.kind === 'addend') && op.f !== 'Sum') throw refuse(node, 'it takes a maximum over the batch');
    const reduced = reduce(this.g, op.f, input, op.axes, false);
    if (part.kind !== 'block' || over) return { node: reduced, part: ADDEND };
    return { node: reduced, part: block(part.axis - op.axes.filter((axis) => axis < part.axis).length, part.runs) };
  }

  private dependsOnInputsOnly(node: GraphNode): boolean {
    const known = this.fromInputs.get(node);
    if (known !== undefined) return known;
    const only = node.op.kind === 'input' ? node.op.role !== 'parameter' : node.inputs.every((input) => this.dependsOnInputsOnly(input));
    this.fromInputs.set(node, only);
    return only;
  }

  /** Takes away or adds whole runs over the batch: steps. */
  private wholeRuns(node: GraphNode, op: OpOf<'slice' | 'pad'>, { node: input, part }: Held): Held {
    const axis = part.kind === 'block' ? part.axis : 0;
    const length = node.inputs[0].shape[axis] / (part.kind === 'block' ? part.runs : 1);
    const at = op.kind === 'slice' ? op.begin : op.before;
    if (this.onlyInputs || at[axis] % length !== 0 || node.shape[axis] % length !== 0) throw refuse(node, 'it works along the batch');
    const own = at.map((x, i) => (i === axis ? x / this.count : x));
    const shape = this.narrowed(node.shape, axis);
    const made = op.kind === 'slice' ? slice(this.g, input, own, shape) : pad(this.g, input, own, shape.map((d, i) => d - own[i] - input.shape[i]), op.value);
    return { node: made, part: block(axis, node.shape[axis] / length) };
  }

  private loop(node: GraphNode, op: OpOf<'loop'>, held: readonly Held[]): Held {
    const { node: local, outputs } = shardLoop(this, this.g, node, op, held);
    this.outputs.set(node, outputs);
    return { node: local, part: block(0) };
  }

  private part({ index }: OpOf<'part'>, { node: loop }: Held, original: GraphNode): Held {
    return { node: part(this.g, loop, index), part: this.outputs.get(original)?.[index] ?? ALL };
  }

  /** Operations with one input that work along other axes than the batch's. */
  private along(node: GraphNode, op: Op, { node: input, part }: Held): Held {
    if (part.kind === 'all') return { node, part };
    if (part.kind === 'addend') {
      const linear = op.kind === 'transpose' || op.kind === 'expand' || op.kind === 'slice' || op.kind === 'tile' || (op.kind === 'pad' && op.value === 0);
      if (!linear) throw refuse(node, 'it needs a sum over the whole batch');
      return { node: rebuild(this.g, node, [input]), part };
    }
    const { axis, runs } = part;
    const same = node.shape[axis] === node.inputs[0].shape[axis];
    switch (op.kind) {
      case 'transpose': return { node: rebuild(this.g, node, [input]), part: block(op.perm.indexOf(axis), runs) };
      case 'expand': {
        const moved = axis + node.shape.length - input.shape.length;
        return { node: rebuild(this.g, node, [input], this.narrowed(node.shape, moved)), part: block(moved, runs) };
      }
      case 'slice':
      case 'pad':
      case 'tile':
        if (!same && op.kind !== 'tile') return this.wholeRuns(node, op, { node: input, part });
        if (!same) break;
        return { node: rebuild(this.g, node, [input], this.narrowed(node.shape, axis)), part };
      case 'softmax':
        if (op.axis === axis) break;
        return { node: softmax(this.g, input, op.axis, op.log), part };
      case 'argmax':
        if (op.axis === axis) break;
        return { node: argmax(this.g, input, op.axis), part: block(axis > op.axis ? axis - 1 : axis, runs) };
      case 'oneHot':
        return { node: oneHot(this.g, input, node.shape.at(-1) ?? 0, op.on, op.off), part };
      default:
    }
    throw refuse(node, 'it works along the batch');
  }
}

export function refuse(node: GraphNode, why: string): NotShardableError {
  return new NotShardableError(`${node.op.kind} of shape [${node.shape}]: ${why}.`);
}
