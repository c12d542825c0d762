import type { ConstantData, DType, GraphNode, InputRole, Op, Shape } from './node.js';

/** Constants up to this many values are compared by content; larger ones are rare and told apart by identity. */
const MAX_COMPARED_VALUES = 64;

/**
 * Builds nodes, each distinct computation once: equal operation, inputs and shape give the same node, so that
 * common-subexpression removal is what building does. Nothing is ever removed; {@link liveNodes} leaves the dead behind.
 */
export class Graph {
  private readonly known = new Map<string, GraphNode>();
  private count = 0;

  make(op: Op, inputs: readonly GraphNode[], shape: Shape, dtype: DType): GraphNode {
    const key = `${describe(op, this.count)}|${inputs.map((input) => input.id).join()}|${shape.join()}|${dtype}`;
    const existing = this.known.get(key);
    if (existing !== undefined) return existing;
    const node: GraphNode = { id: this.count++, op, inputs, shape: [...shape], dtype };
    this.known.set(key, node);
    return node;
  }

  input(name: string, role: InputRole, shape: Shape, dtype: DType): GraphNode {
    return this.make({ kind: 'input', name, role }, [], shape, dtype);
  }

  splat(value: number, shape: Shape, dtype: DType): GraphNode {
    return this.make({ kind: 'constant', splat: dtype === 'float32' ? Math.fround(value) : value }, [], shape, dtype);
  }

  /** A constant from row-major values (copied); one repeated value needs no memory. */
  constant(values: ArrayLike<number>, shape: Shape, dtype: DType): GraphNode {
    const first = values[0];
    let uniform = values.length > 0 && !Number.isNaN(first);
    for (let i = 1; uniform && i < values.length; i++) uniform = values[i] === first;
    return uniform ? this.splat(Number(first), shape, dtype) : this.make({ kind: 'data', data: typed(values, dtype) }, [], shape, dtype);
  }
}

function typed(values: ArrayLike<number>, dtype: DType): ConstantData {
  switch (dtype) {
    case 'float32': return Float32Array.from(values);
    case 'int32': return Int32Array.from(values);
    case 'bool': return Uint8Array.from(values);
    default: return dtype satisfies never;
  }
}

function describe(op: Op, serial: number): string {
  if (op.kind === 'loop') return `loop #${serial}`;
  if (op.kind !== 'data') return op.kind === 'constant' ? `constant ${Object.is(op.splat, -0) ? '-0' : op.splat}` : JSON.stringify(op);
  return op.data.length <= MAX_COMPARED_VALUES ? `data ${op.data.join()}` : `data #${serial}`;
}

/** Every node that the roots need, inputs before users. */
export function liveNodes(roots: readonly GraphNode[]): GraphNode[] {
  const seen = new Set<GraphNode>();
  const order: GraphNode[] = [];
  const stack = [...roots].reverse().map((node) => ({ node, next: 0 }));
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.next === 0 && seen.has(top.node)) {
      stack.pop();
      continue;
    }
    seen.add(top.node);
    const child = top.node.inputs[top.next++];
    if (child === undefined) {
      order.push(top.node);
      stack.pop();
    } else if (!seen.has(child)) {
      stack.push({ node: child, next: 0 });
    }
  }
  return order;
}

/** The users of each node, once per use. */
export function usersOf(nodes: readonly GraphNode[]): Map<GraphNode, GraphNode[]> {
  const users = new Map<GraphNode, GraphNode[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) for (const input of node.inputs) users.get(input)?.push(node);
  return users;
}
