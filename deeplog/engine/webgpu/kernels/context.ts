import { isCore, isLeaf, type StoredNodes } from '../stored.js';
import type { DType, GraphNode } from '../../graph/index.js';
import { addressOf, renderAddress, type Coordinate } from '../coordinates.js';
import type { Emitter, Load } from '../emitter.js';
import type { Kernel } from '../plan.js';

export const WORKGROUP = 256;

export interface Place {
  readonly buffer: string;
  readonly offset: number;
}

/** A kernel's WGSL function and what it needs. */
export interface KernelCode {
  readonly code: string;
  readonly workgroups: number;
  /** Shared memory, as f32 and as vec4<f32>. */
  readonly shared: number;
  readonly sharedVectors: number;
}

/** Resolves graph nodes to buffers while one dispatch is written, and notes which buffers it touches. */
export class CodeContext {
  readonly used = new Set<string>();
  readonly written = new Set<string>();

  constructor(
    private readonly chosen: StoredNodes,
    private readonly places: ReadonlyMap<GraphNode, Place>,
    /** Where a noise input's two keys are in `XI`. */
    private readonly noiseKeys: ReadonlyMap<string, number>,
    private readonly needed: ReadonlySet<GraphNode>,
    private readonly partials: ReadonlyMap<Kernel, number>,
  ) {}

  /** Whether anybody outside the kernel reads it. */
  isNeeded(node: GraphNode): boolean {
    return this.needed.has(node);
  }

  load(node: GraphNode, address: string): string {
    if (node.op.kind === 'input' && node.op.role === 'noise') {
      const at = this.noiseKeys.get(node.op.name) ?? 0;
      this.used.add('XI');
      return `noise_(${address}, bitcast<u32>(XI[${at}u]), bitcast<u32>(XI[${at + 1}u]))`;
    }
    const { text, buffer } = this.element(node, address);
    return buffer === 'XI' ? text : fromFloat(text, node.dtype);
  }

  store(node: GraphNode, address: string, value: string): string {
    const { text, buffer } = this.element(node, address);
    this.written.add(buffer);
    return `${text} = ${toFloat(value, node.dtype)};`;
  }

  /** Element of the memory for a split sum's parts. */
  partial(kernel: Kernel, address: string, write: boolean): string {
    this.used.add('A');
    if (write) this.written.add('A');
    return `A[${this.partials.get(kernel) ?? 0}u + ${address}]`;
  }

  private element(node: GraphNode, address: string): { text: string; buffer: string } {
    let host = node;
    let inside = 0;
    for (let alias = this.chosen.aliases.get(host); alias !== undefined; alias = this.chosen.aliases.get(host)) {
      inside += alias.offset;
      host = alias.host;
    }
    const place = this.places.get(host);
    if (place === undefined) throw new RangeError(`Node ${node.id} (${node.op.kind}) has no memory.`);
    this.used.add(place.buffer);
    const offset = place.offset + inside;
    return { text: offset === 0 ? `${place.buffer}[${address}]` : `${place.buffer}[${offset}u+${address}]`, buffer: place.buffer };
  }

  /** How a kernel reads: its own values by `local`, stored ones from memory, all else computed in place. */
  loader(kernel: Kernel, local: (node: GraphNode) => string | undefined = () => undefined): Load {
    return (node, address) => {
      if (isLeaf(node)) return this.load(node, address);
      if (!this.chosen.stored.has(node)) return undefined;
      if (!kernel.local.has(node)) return this.load(node, address);
      return local(node) ?? (isCore(node) ? this.load(node, address) : undefined);
    };
  }

  /** Computes a kernel's element-wise units at one place and returns the statements that store them. */
  storeUnits(kernel: Kernel, emitter: Emitter, start: (node: GraphNode) => readonly Coordinate[]): string[] {
    const stores: string[] = [];
    for (const unit of kernel.units) {
      if (unit.reduces) continue;
      const at = start(unit.value);
      const value = emitter.value(unit.value, at);
      if (this.needed.has(unit.target)) stores.push(this.store(unit.target, renderAddress(addressOf(unit.into(at), unit.target.shape)), value));
    }
    return stores;
  }
}

/** Computed values are kept as f32 whatever their type: ids and flags are small whole numbers. */
function fromFloat(text: string, dtype: DType): string {
  return dtype === 'float32' ? text : dtype === 'int32' ? `i32(${text})` : `(${text} != 0.0f)`;
}

function toFloat(text: string, dtype: DType): string {
  return dtype === 'float32' ? text : dtype === 'int32' ? `f32(${text})` : `select(0.0f, 1.0f, ${text})`;
}
