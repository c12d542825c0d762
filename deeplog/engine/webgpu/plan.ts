import { sizeOf, type GraphNode } from '../graph/index.js';
import { addressOf, renderAddress, shifted, variable, type Coordinate } from './coordinates.js';
import { Emitter } from './emitter.js';
import { isLeaf, type StoredNodes } from './stored.js';

/** A value written by a kernel, to its own memory or to a place inside a concatenation. */
export interface Unit {
  readonly value: GraphNode;
  readonly target: GraphNode;
  /** Coordinates in the target of a value's coordinates. */
  readonly into: (coordinates: readonly Coordinate[]) => readonly Coordinate[];
  /** The value is a reduction over the kernel's columns. */
  readonly reduces: boolean;
}

export type KernelKind = 'map' | 'rows' | 'fold' | 'columns' | 'matmul' | 'sum' | 'segmentSum' | 'argmax';
type Reads = Map<GraphNode, Set<string>>;

/** One kernel: a domain, the values computed over it, and what must have run before. */
export interface Kernel {
  readonly id: number;
  readonly kind: KernelKind;
  /** Values of the domain. */
  readonly size: number;
  /** rows: the leading shape, its size, and the number of columns. */
  readonly lead: readonly number[];
  readonly rows: number;
  readonly columns: number;
  /** The operation that the kernel is about, where it is one. */
  readonly core: GraphNode | undefined;
  readonly units: Unit[];
  readonly local: Set<GraphNode>;
  readonly dependencies: Set<Kernel>;
  readonly reads: Reads[];
  /** matmul, columns: parts that the sum is computed in, added up by a `sum` kernel of its own; 1 is whole. */
  readonly split: number;
  readonly of: Kernel | undefined;
}

/** Largest row that a workgroup keeps in registers. */
const MAX_ROW = 4096;
/** A product with fewer tiles than this leaves the GPU idle, and is split along its inner dimension if that is long. */
const MIN_TILES = 96;
const MIN_SPLIT_INNER = 1024;

/** Coordinates of `node` at this thread's place in the kernel's domain. */
export function startOf(kernel: Kernel, node: GraphNode, emitter: Emitter, column = 'c'): readonly Coordinate[] {
  const size = sizeOf(node.shape);
  if (kernel.kind === 'matmul' && kernel.core !== undefined) {
    const { shape } = kernel.core;
    const batch = shape.slice(0, -2);
    const at = [...emitter.split(variable('b', sizeOf(batch)), batch), variable('m', shape.at(-2) ?? 1), variable('n', shape.at(-1) ?? 1)];
    return emitter.reshape(at, shape, node.shape);
  }
  if (kernel.kind === 'rows') {
    const row = variable('row', kernel.rows);
    if (size !== kernel.rows * kernel.columns) return emitter.split(row, node.shape);
    return emitter.reshape([...emitter.split(row, kernel.lead), variable(column, kernel.columns)], [...kernel.lead, kernel.columns], node.shape);
  }
  return emitter.split(variable('i', size), node.shape);
}

/** Coordinates in what a `columns` kernel reduces: r runs over the leading axes, c over the others. */
export function columnStart(kernel: Kernel, x: GraphNode, emitter: Emitter): readonly Coordinate[] {
  const axes = kernel.core?.op.kind === 'reduce' ? kernel.core.op.axes : [];
  const end = Math.max(...axes) + 1;
  return [...emitter.split(variable('r', kernel.rows), x.shape.slice(0, end)), ...emitter.split(variable('c', kernel.columns), x.shape.slice(end))];
}

/** Coordinates in what a `fold` kernel reduces: `row` the kept axes, `c` the trailing ones. */
export function foldStart(kernel: Kernel, x: GraphNode, emitter: Emitter): readonly Coordinate[] {
  const kept = kernel.lead.length;
  return [...emitter.split(variable('row', kernel.rows), kernel.lead), ...emitter.split(variable('c', kernel.columns), x.shape.slice(kept))];
}

/** Groups stored values into kernels, producers before users; greedy, several outputs per kernel. */
export function planKernels(storedNodes: StoredNodes): Kernel[] {
  const planner = new Planner(storedNodes);
  for (const node of storedNodes.nodes) if (storedNodes.stored.has(node) && sizeOf(node.shape) > 0) planner.add(node);
  return planner.ordered();
}

class Planner {
  private readonly kernels: Kernel[] = [];
  private readonly producers = new Map<GraphNode, Set<Kernel>>();

  constructor(private readonly chosen: StoredNodes) {}

  add(node: GraphNode): void {
    switch (node.op.kind) {
      case 'matmul': return this.addMatmul(node);
      case 'reduce': return this.addReduce(node, node.op.axes);
      case 'segmentSum': return this.addAlone('segmentSum', node, {});
      case 'argmax': {
        const [x] = node.inputs;
        return this.addAlone('argmax', node, { lead: x.shape.slice(0, -1), rows: sizeOf(node.shape), columns: x.shape.at(-1) ?? 1 });
      }
      case 'concat': return this.addConcat(node, node.op.axis);
      default: return this.addUnit({ value: node, target: node, into: (c) => c, reduces: false });
    }
  }

  private addMatmul(node: GraphNode): void {
    const [a] = node.inputs;
    const transposed = node.op.kind === 'matmul' && node.op.transposeA;
    const inner = a.shape.at(transposed ? -2 : -1) ?? 1;
    const [rows, columns] = node.shape.slice(-2);
    const tiles = Math.ceil(rows / 32) * Math.ceil(columns / 32) * sizeOf(node.shape.slice(0, -2));
    const split = tiles < MIN_TILES && inner >= MIN_SPLIT_INNER ? Math.min(64, Math.floor(inner / 128), Math.ceil(256 / tiles)) : 1;
    this.addAlone('matmul', node, { split });
  }

  private addReduce(node: GraphNode, axes: readonly number[]): void {
    const [x] = node.inputs;
    const reduced = sizeOf(axes.map((axis) => x.shape[axis]));
    const outputs = sizeOf(x.shape) / reduced;
    const lead = x.shape.slice(0, axes[0]);
    if (sizeOf(x.shape.slice(axes[0])) !== reduced) {
      const split = node.op.kind === 'reduce' && node.op.f === 'Sum' && Math.ceil(outputs / 32) < 64 && reduced >= 512 ? Math.min(16, reduced >> 7) : 1;
      this.addAlone('columns', node, { rows: reduced, columns: outputs, split });
      return;
    }
    if (reduced > MAX_ROW) return this.addAlone('fold', node, { lead, rows: outputs, columns: reduced });
    const shape = { lead, rows: outputs, columns: reduced };
    const unit: Unit = { value: node, target: node, into: (c) => c, reduces: true };
    const draft = this.kernel('rows', outputs * reduced, shape);
    const reads = this.reads(draft, x, true);
    const near = this.producersOf(reads).filter((k) => k.kind === 'rows' && k.rows === outputs && k.columns === reduced).sort((p, q) => q.id - p.id);
    for (const kernel of near) {
      const joined = this.joinable(kernel, x, true);
      if (joined !== undefined) return this.put(kernel, unit, joined);
    }
    this.kernels.push(draft);
    this.put(draft, unit, reads);
  }

  /** A kernel for one core; where it is split, a second one adds up the parts. */
  private addAlone(kind: KernelKind, node: GraphNode, shape: { lead?: readonly number[]; rows?: number; columns?: number; split?: number }): void {
    const size = sizeOf(node.shape);
    const kernel = this.kernel(kind, size, { ...shape, core: node });
    this.kernels.push(kernel);
    kernel.local.add(node);
    const reads: Reads = new Map();
    for (const input of node.inputs) this.collect(input, reads);
    this.dependOn(kernel, reads);
    if (kernel.split === 1) {
      this.produces(node, kernel);
      return;
    }
    const sum = this.kernel('sum', size, { core: node, of: kernel });
    this.kernels.push(sum);
    sum.local.add(node);
    sum.dependencies.add(kernel);
    this.produces(node, sum);
  }

  /** Parts that are not computed in place are copied in. */
  private addConcat(node: GraphNode, axis: number): void {
    let offset = 0;
    for (const part of node.inputs) {
      let base = part;
      while (base.op.kind === 'reshape' && !this.chosen.stored.has(base)) base = base.inputs[0];
      const alias = this.chosen.aliases.get(base);
      const inPlace = alias?.host === node && alias.offset === offset * sizeOf(node.shape.slice(axis + 1));
      const at = offset;
      if (!inPlace) this.addUnit({ value: part, target: node, into: (c) => c.map((q, i) => (i === axis ? shifted(q, at) : q)), reduces: false });
      offset += part.shape[axis];
    }
  }

  private addUnit(unit: Unit): void {
    const node = unit.value;
    const size = sizeOf(node.shape);
    const draft = this.kernel('map', size, {});
    const reads = this.reads(draft, node, false);
    const producers = this.producersOf(reads);
    const epilogues = producers
      .filter((k) => (k.kind === 'matmul' && k.size === size && k.split === 1) || (k.kind === 'rows' && (size === k.rows * k.columns || size === k.rows)))
      .sort((p, q) => q.id - p.id);
    const last = Math.max(-1, ...producers.map(({ id }) => id));
    const maps = this.kernels.filter((k) => k.kind === 'map' && k.size === size && (k.id >= last || producers.includes(k))).reverse();
    for (const kernel of [...epilogues, ...maps]) {
      const joined = this.joinable(kernel, node, false);
      if (joined !== undefined) return this.put(kernel, unit, joined);
    }
    this.kernels.push(draft);
    this.put(draft, unit, reads);
  }

  private kernel(kind: KernelKind, size: number, given: Partial<Pick<Kernel, 'lead' | 'rows' | 'columns' | 'core' | 'split' | 'of'>>): Kernel {
    return {
      id: this.kernels.length, kind, size, lead: [], rows: 0, columns: 0, core: undefined, split: 1, of: undefined,
      units: [], local: new Set(), dependencies: new Set(), reads: [], ...given,
    };
  }

  private put(kernel: Kernel, unit: Unit, reads: Reads): void {
    kernel.units.push(unit);
    kernel.local.add(unit.value);
    this.dependOn(kernel, reads);
    this.produces(unit.target, kernel);
    if (unit.target !== unit.value && this.chosen.stored.has(unit.value)) this.produces(unit.value, kernel);
  }

  private produces(node: GraphNode, kernel: Kernel): void {
    for (let at: GraphNode | undefined = node; at !== undefined; at = this.chosen.aliases.get(at)?.host) {
      const known = this.producers.get(at) ?? new Set<Kernel>();
      this.producers.set(at, known.add(kernel));
    }
  }

  private dependOn(kernel: Kernel, reads: Reads): void {
    for (const producer of this.producersOf(reads)) if (producer !== kernel) kernel.dependencies.add(producer);
    kernel.reads.push(reads);
  }

  private producersOf(reads: Reads): Kernel[] {
    return [...new Set([...reads.keys()].flatMap((node) => [...(this.producers.get(node) ?? [])]))];
  }

  /** What evaluating `node` at this kernel's place reads, and at which addresses. `inside`: `node` may itself be stored. */
  private reads(kernel: Kernel, node: GraphNode, inside: boolean): Reads {
    const found: Reads = new Map();
    const emitter = new Emitter((read, address) => {
      if (!isLeaf(read) && !(this.chosen.stored.has(read) && (inside || read !== node))) return undefined;
      found.set(read, (found.get(read) ?? new Set()).add(address));
      return `read_${read.id}[${address}]`;
    });
    emitter.value(node, startOf(kernel, node, emitter));
    return found;
  }

  /** What joining would read, or undefined when a value of this very kernel would be read elsewhere, or in a circle. */
  private joinable(kernel: Kernel, node: GraphNode, inside: boolean): Reads | undefined {
    const reads = this.reads(kernel, node, inside);
    for (const [read, addresses] of reads) {
      for (const producer of this.producers.get(read) ?? []) {
        if (producer !== kernel) {
          if (reaches(producer, kernel)) return undefined;
          continue;
        }
        if (!kernel.local.has(read)) return undefined;
        const emitter = new Emitter(() => undefined);
        const own = renderAddress(addressOf(startOf(kernel, read, emitter), read.shape));
        if ([...addresses].some((address) => address !== own)) return undefined;
      }
    }
    return reads;
  }

  private collect(node: GraphNode, into: Reads): void {
    if (isLeaf(node) || this.chosen.stored.has(node)) into.set(node, new Set(['?']));
    else for (const input of node.inputs) this.collect(input, into);
  }

  ordered(): Kernel[] {
    const placed = new Set<Kernel>();
    const order: Kernel[] = [];
    const visit = (kernel: Kernel): void => {
      if (placed.has(kernel)) return;
      placed.add(kernel);
      [...kernel.dependencies].sort((p, q) => p.id - q.id).forEach(visit);
      order.push(kernel);
    };
    this.kernels.forEach(visit);
    return order;
  }
}

/** Whether `from` has to run after `to`. */
function reaches(from: Kernel, to: Kernel): boolean {
  const seen = new Set<Kernel>();
  const stack = [from];
  for (let kernel = stack.pop(); kernel !== undefined; kernel = stack.pop()) {
    if (kernel === to) return true;
    if (seen.has(kernel)) continue;
    seen.add(kernel);
    stack.push(...kernel.dependencies);
  }
  return false;
}
