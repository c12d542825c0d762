import { splatOf, sizeOf, type GraphNode } from '../graph/index.js';
import type { Attribute, ElementType, OnnxNode, OnnxTensor } from './protobuf.js';

/** Collects ONNX nodes and initialisers, and names graph nodes. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initialisers: OnnxTensor[] = [];
  private readonly names = new Map<GraphNode, string>();
  private readonly known = new Set<string>();
  private temporaries = 0;

  /** `embedded`: values for parameters that become initialisers instead of inputs; `prefix`: of every name, for a graph inside another. */
  constructor(private readonly embedded: Readonly<Record<string, Float32Array>> = {}, private readonly prefix = '') {}

  /** Calls `node` by this name, a graph output's say, from now on. */
  rename(node: GraphNode, name: string): void {
    this.names.set(node, name);
  }

  hasName(node: GraphNode): boolean {
    return this.names.has(node);
  }

  name(node: GraphNode): string {
    const given = this.names.get(node);
    if (given !== undefined) return given;
    const name = this.makeName(node);
    this.names.set(node, name);
    return name;
  }

  private makeName(node: GraphNode): string {
    const { op } = node;
    switch (op.kind) {
      case 'input': {
        const values = op.role === 'parameter' ? this.embedded[op.name] : undefined;
        if (values !== undefined) this.initialise({ name: op.name, type: 'float32', shape: node.shape, data: values });
        return op.name;
      }
      case 'constant':
      case 'data': {
        const name = `${this.prefix}const_${node.id}`;
        this.initialise({ name, type: node.dtype, shape: node.shape, data: dataOf(node) });
        return name;
      }
      default:
        return `${this.prefix}value_${node.id}`;
    }
  }

  /** Adds a node with one output, which is `output` or a new temporary; returns the output's name. */
  emit(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, output?: string, domain?: string): string {
    const name = output ?? this.temporary();
    this.nodes.push({ op, inputs, outputs: [name], attributes, ...(domain === undefined ? {} : { domain }) });
    return name;
  }

  /** Adds a node with the outputs named. */
  emitTo(outputs: readonly string[], op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>): void {
    this.nodes.push({ op, inputs, outputs, attributes });
  }

  emitSplit(input: string, sizes: readonly number[], axis: number, outputs: readonly string[]): void {
    this.emitTo(outputs, 'Split', [input, this.int64(sizes)], { axis });
  }

  temporary(): string {
    return `${this.prefix}temporary_${this.temporaries++}`;
  }

  int64(values: readonly number[]): string {
    return this.initialise({ name: `${this.prefix}int64_${values.join('_')}`, type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
  }

  scalar(value: number, type: 'float32' | 'int32' | 'int64' | 'bool'): string {
    const data = { float32: () => Float32Array.of(value), int32: () => Int32Array.of(value), int64: () => BigInt64Array.of(BigInt(value)), bool: () => Uint8Array.of(value) }[type]();
    return this.initialise({ name: `${this.prefix}scalar_${type}_${value}`, type, shape: [], data });
  }

  vector(values: readonly number[], type: ElementType & ('float32' | 'int32')): string {
    const data = type === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    return this.initialise({ name: `${this.prefix}vector_${type}_${values.join('_')}`, type, shape: [values.length], data });
  }

  private initialise(tensor: OnnxTensor): string {
    if (!this.known.has(tensor.name)) {
      this.known.add(tensor.name);
      this.initialisers.push(tensor);
    }
    return tensor.name;
  }
}

function dataOf(node: GraphNode): OnnxTensor['data'] {
  if (node.op.kind === 'data') return node.op.data;
  const value = splatOf(node) ?? 0;
  const size = sizeOf(node.shape);
  return node.dtype === 'float32' ? new Float32Array(size).fill(value) : node.dtype === 'int32' ? new Int32Array(size).fill(value) : new Uint8Array(size).fill(value);
}
