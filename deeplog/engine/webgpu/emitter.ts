import { EngineRuntimeError } from '../errors.js';
import { sizeOf, type GraphNode, type Shape } from '../graph/index.js';
import { addressOf, broadcastTo, constantDigits, render, renderAddress, shifted, variable, ZERO, type Coordinate } from './coordinates.js';
import { expression, literal, WGSL_TYPES } from './wgsl.js';

/**
 * Where a node's value comes from at these coordinates: an expression when it is stored or is a local of the kernel,
 * undefined when it has to be computed in place.
 */
export type Load = (node: GraphNode, address: string, emitter: Emitter, coordinates: readonly Coordinate[]) => string | undefined;

/** Writes WGSL statements that compute graph nodes at given coordinates; equal expressions once per lexical scope. */
export class Emitter {
  readonly lines: string[] = [];
  private readonly known = new Map<string, string>();

  constructor(
    private readonly load: Load,
    readonly indent = '  ',
    private readonly counter = { next: 0 },
    private readonly parent?: Emitter,
  ) {}

  private find(key: string): string | undefined {
    return this.known.get(key) ?? this.parent?.find(key);
  }

  fresh(prefix: string): string {
    return `${prefix}${this.counter.next++}`;
  }

  /** Binds an expression to a name, or finds the name it has. */
  let(text: string, prefix = 'v'): string {
    const existing = this.find(`= ${text}`);
    if (existing !== undefined) return existing;
    const name = this.fresh(prefix);
    this.lines.push(`${this.indent}let ${name} = ${text};`);
    this.known.set(`= ${text}`, name);
    return name;
  }

  private child(): Emitter {
    return new Emitter(this.load, `${this.indent}  `, this.counter, this);
  }

  /** One coordinate as the digits of a shape. */
  split(c: Coordinate, shape: Shape): Coordinate[] {
    const size = sizeOf(shape);
    if (size <= 1) return shape.map(() => ZERO);
    if (c.source === null) return constantDigits(c.add, shape);
    const plain = c.add === 0 && c.modulo === size ? c : variable(this.let(render(c), 'f'), size);
    let divide = plain.divide;
    return [...shape].reverse().map((d) => {
      const digit = d === 1 ? ZERO : { ...plain, divide, modulo: d };
      divide *= d;
      return digit;
    }).reverse();
  }

  private join(coordinates: readonly Coordinate[], shape: Shape): Coordinate {
    const address = addressOf(coordinates, shape);
    const [first] = address.terms;
    if (first === undefined) return { ...ZERO, add: address.offset };
    if (address.terms.length === 1 && first.stride === 1) return { ...first.coordinate, add: address.offset };
    return variable(this.let(renderAddress(address), 'f'), sizeOf(shape));
  }

  /** Coordinates under another shape of the same values; groups of dimensions that agree are left alone. */
  reshape(coordinates: readonly Coordinate[], from: Shape, to: Shape): Coordinate[] {
    const out: Coordinate[] = [];
    let [i, j] = [0, 0];
    while (i < from.length || j < to.length) {
      const [startI, startJ] = [i, j];
      let left = i < from.length ? from[i++] : 1;
      let right = j < to.length ? to[j++] : 1;
      while (left !== right) {
        if (left < right) left *= from[i++];
        else right *= to[j++];
      }
      if (j === startJ) continue;
      if (i === startI) out.push(...to.slice(startJ, j).map(() => ZERO));
      else if (i - startI === 1 && j - startJ === 1) out.push(coordinates[startI]);
      else out.push(...this.split(this.join(coordinates.slice(startI, i), from.slice(startI, i)), to.slice(startJ, j)));
    }
    return out;
  }

  /** The name or literal that holds `node` at these coordinates. */
  value(node: GraphNode, coordinates: readonly Coordinate[]): string {
    if (node.op.kind === 'constant') return literal(node.op.splat, node.dtype);
    const key = `${node.id} @ ${coordinates.map(render).join()}`;
    const existing = this.find(key);
    if (existing !== undefined) return existing;
    const loaded = this.load(node, renderAddress(addressOf(coordinates, node.shape)), this, coordinates);
    const name = loaded !== undefined ? this.let(loaded) : this.compute(node, coordinates);
    this.known.set(key, name);
    return name;
  }

  private compute(node: GraphNode, coordinates: readonly Coordinate[]): string {
    const { op, inputs } = node;
    switch (op.kind) {
      case 'binary':
      case 'unary':
      case 'cast':
      case 'select':
        return this.let(expression(node, inputs.map((input) => this.value(input, broadcastTo(coordinates, input.shape)))));
      case 'reshape':
        return this.value(inputs[0], this.reshape(coordinates, node.shape, inputs[0].shape));
      case 'expand':
        return this.value(inputs[0], broadcastTo(coordinates, inputs[0].shape));
      case 'slice':
        return this.value(inputs[0], coordinates.map((c, i) => shifted(c, op.begin[i])));
      case 'transpose': {
        const original: Coordinate[] = new Array<Coordinate>(coordinates.length);
        op.perm.forEach((p, i) => { original[p] = coordinates[i]; });
        return this.value(inputs[0], original);
      }
      case 'tile':
        return this.value(inputs[0], coordinates.map((c, i) => this.wrapped(c, inputs[0].shape[i], node.shape[i])));
      case 'oneHot': {
        const id = this.value(inputs[0], coordinates.slice(0, -1));
        const last = coordinates.at(-1) ?? ZERO;
        return this.let(`select(${literal(op.off, node.dtype)}, ${literal(op.on, node.dtype)}, ${id} == i32(${render(last)}))`);
      }
      case 'gather': {
        const [x, indices] = inputs;
        const rank = indices.shape.length;
        const limit = Math.max(1, x.shape[op.axis]);
        // Ids come from data and bounds checks are off: one out of range reads the last row instead of foreign memory.
        const id = this.let(`min(u32(${this.value(indices, coordinates.slice(op.axis, op.axis + rank))}), ${limit - 1}u)`, 'f');
        return this.value(x, [...coordinates.slice(0, op.axis), limit === 1 ? ZERO : variable(id, limit), ...coordinates.slice(op.axis + rank)]);
      }
      case 'concat':
        return this.concat(node, op.axis, coordinates);
      case 'pad':
        return this.pad(node, op.before, op.value, coordinates);
      default:
        throw new EngineRuntimeError(`${op.kind} cannot be computed inside another kernel (deeplog/engine/webgpu/emitter.ts).`);
    }
  }

  private wrapped(c: Coordinate, period: number, length: number): Coordinate {
    if (period === length) return c;
    if (period === 1) return ZERO;
    return variable(this.let(`${render(c)} % ${period}u`, 'f'), period);
  }

  private concat(node: GraphNode, axis: number, coordinates: readonly Coordinate[]): string {
    const along = this.let(render(coordinates[axis]), 'f');
    const name = this.fresh('w');
    this.lines.push(`${this.indent}var ${name}: ${WGSL_TYPES[node.dtype]};`);
    let offset = 0;
    node.inputs.forEach((part, k) => {
      const inner = this.child();
      const length = part.shape[axis];
      const local = length === 1 ? ZERO : variable(offset === 0 ? along : inner.let(`${along} - ${offset}u`, 'f'), length);
      const value = inner.value(part, coordinates.map((c, i) => (i === axis ? local : c)));
      offset += length;
      const condition = k < node.inputs.length - 1 ? `if (${along} < ${offset}u) ` : '';
      this.lines.push(`${this.indent}${k > 0 ? 'else ' : ''}${condition}{`, ...inner.lines, `${inner.indent}${name} = ${value};`, `${this.indent}}`);
    });
    return name;
  }

  private pad(node: GraphNode, before: readonly number[], fill: number, coordinates: readonly Coordinate[]): string {
    const [x] = node.inputs;
    const name = this.fresh('w');
    const conditions: string[] = [];
    const local = coordinates.map((c, i) => {
      if (x.shape[i] === node.shape[i]) return c;
      const inside = this.let(`${render(c)} - ${before[i]}u`, 'f'); // wraps below zero: one comparison does for both ends
      conditions.push(`${inside} < ${x.shape[i]}u`);
      return variable(inside, x.shape[i]);
    });
    const inner = this.child();
    const value = inner.value(x, local);
    this.lines.push(`${this.indent}var ${name}: ${WGSL_TYPES[node.dtype]} = ${literal(fill, node.dtype)};`, `${this.indent}if (${conditions.join(' && ')}) {`, ...inner.lines, `${inner.indent}${name} = ${value};`, `${this.indent}}`);
    return name;
  }
}
