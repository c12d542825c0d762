import { sizeOf, type Shape } from '../graph/index.js';

/**
 * A coordinate inside a shader, as ((source / divide) % modulo) + add over an unsigned variable `source` < range; a constant
 * when there is no source. Views (reshape, slice, transpose) only rewrite these, so that they cost nothing and
 * divisions that cancel are never emitted.
 */
export interface Coordinate {
  readonly source: string | null;
  readonly range: number;
  readonly divide: number;
  readonly modulo: number;
  readonly add: number;
}

export const ZERO: Coordinate = { source: null, range: 1, divide: 1, modulo: 1, add: 0 };

export function constantCoordinate(value: number): Coordinate {
  return { ...ZERO, add: value };
}

/** The variable itself, which runs below `range`. */
export function variable(source: string, range: number): Coordinate {
  return range === 1 ? ZERO : { source, range, divide: 1, modulo: range, add: 0 };
}

export function shifted(c: Coordinate, by: number): Coordinate {
  return by === 0 ? c : { ...c, add: c.add + by };
}

export function render(c: Coordinate): string {
  if (c.source === null) return `${c.add}u`;
  let text = c.source;
  if (c.divide > 1) text = `(${text}/${c.divide}u)`;
  if (c.divide * c.modulo < c.range) text = `(${text}%${c.modulo}u)`;
  return c.add === 0 ? text : `(${text}+${c.add}u)`;
}

/** A row-major address: Σ coordinate · stride + offset. */
export interface Address {
  readonly terms: ReadonlyArray<{ readonly coordinate: Coordinate; readonly stride: number }>;
  readonly offset: number;
}

export function addressOf(coordinates: readonly Coordinate[], shape: Shape): Address {
  const terms: Array<{ coordinate: Coordinate; stride: number }> = [];
  let stride = 1;
  let offset = 0;
  for (let i = shape.length - 1; i >= 0; i--) {
    const c = coordinates[i];
    if (shape[i] !== 1) {
      offset += c.add * stride;
      if (c.source !== null) {
        const last = terms.at(-1);
        // Neighbouring digits of one variable are one longer digit.
        const joins = last !== undefined && last.coordinate.source === c.source && c.divide === last.coordinate.divide * last.coordinate.modulo && stride === last.stride * last.coordinate.modulo;
        if (joins) last.coordinate = { ...last.coordinate, modulo: last.coordinate.modulo * c.modulo };
        else terms.push({ coordinate: { ...c, add: 0 }, stride });
      }
    }
    stride *= shape[i];
  }
  return { terms, offset };
}

export function renderAddress({ terms, offset }: Address): string {
  const parts = terms.map(({ coordinate, stride }) => (stride === 1 ? render(coordinate) : `${render(coordinate)}*${stride}u`)).reverse();
  if (offset !== 0 || parts.length === 0) parts.push(`${offset}u`);
  return parts.join('+');
}

/** The digits of a constant position. */
export function constantDigits(position: number, shape: Shape): Coordinate[] {
  let rest = position;
  return [...shape].reverse().map((d) => {
    const digit = d === 0 ? 0 : rest % d;
    rest = Math.floor(rest / Math.max(1, d));
    return constantCoordinate(digit);
  }).reverse();
}

/** Coordinates of an operand that broadcasts to the result. */
export function broadcastTo(coordinates: readonly Coordinate[], operand: Shape): Coordinate[] {
  const skip = coordinates.length - operand.length;
  return operand.map((d, i) => (d === 1 ? ZERO : coordinates[i + skip]));
}

export { sizeOf };
