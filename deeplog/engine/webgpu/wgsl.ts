import type { DType, GraphNode } from '../graph/index.js';
import { splatOf } from '../graph/index.js';
import { EngineRuntimeError } from '../errors.js';

export const WGSL_TYPES: Readonly<Record<DType, string>> = { float32: 'f32', int32: 'i32', bool: 'bool' };

const LARGEST = '0x1.fffffep+127f';

export function literal(value: number, dtype: DType): string {
  switch (dtype) {
    case 'int32': return `i32(${value})`;
    case 'bool': return value !== 0 ? 'true' : 'false';
    case 'float32': {
      if (!Number.isFinite(value)) return value > 0 ? LARGEST : `-${LARGEST}`;
      if (value !== 0 && Math.abs(value) < 1.2e-38) return '0.0f';
      const text = String(Math.fround(value));
      return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
    }
    default: return dtype satisfies never;
  }
}

/** An element-wise node as an expression of its operands. */
export function expression(node: GraphNode, operands: readonly string[]): string {
  const [a, b, c] = operands;
  const { op } = node;
  if (op.kind === 'cast') return castExpression(node.inputs[0].dtype, node.dtype, a);
  if (op.kind === 'select') return `select(${c}, ${b}, ${a})`;
  if (op.kind === 'binary') {
    switch (op.f) {
      case 'Add': return `${a} + ${b}`;
      case 'Sub': return `${a} - ${b}`;
      case 'Mul': return `${a} * ${b}`;
      case 'Div': return `${a} / ${b}`;
      case 'Max': return `max(${a}, ${b})`;
      case 'Min': return `min(${a}, ${b})`;
      case 'Pow': return power(a, b, splatOf(node.inputs[1]));
      case 'Greater': return `${a} > ${b}`;
      case 'GreaterOrEqual': return `${a} >= ${b}`;
      case 'Less': return `${a} < ${b}`;
      case 'LessOrEqual': return `${a} <= ${b}`;
      case 'Equal': return `${a} == ${b}`;
      case 'And': return `${a} && ${b}`;
      case 'Or': return `${a} || ${b}`;
      default: return op satisfies never;
    }
  }
  if (op.kind === 'unary') {
    switch (op.f) {
      case 'Neg': return `-(${a})`;
      case 'Exp': return `exp(${a})`;
      case 'Log': return `log(${a})`;
      case 'Sqrt': return `sqrt(${a})`;
      case 'Sigmoid': return `1.0f / (1.0f + exp(-(${a})))`;
      case 'Tanh': return `tanh(clamp(${a}, -15.0f, 15.0f))`; // beyond, some drivers compute ∞/∞
      case 'Relu': return `max(${a}, 0.0f)`;
      case 'Erf': return `erf_(${a})`;
      case 'Abs': return `abs(${a})`;
      case 'Sign': return `sign(${a})`;
      case 'Reciprocal': return `1.0f / ${a}`;
      case 'Floor': return `floor(${a})`;
      case 'Softplus': return `max(${a}, 0.0f) + log(1.0f + exp(-abs(${a})))`;
      case 'Not': return `!${a}`;
      default: return op satisfies never;
    }
  }
  throw new EngineRuntimeError(`${op.kind} is not an element-wise operation (deeplog/engine/webgpu/wgsl.ts).`);
}

function castExpression(from: DType, to: DType, a: string): string {
  return from === to ? a : `${WGSL_TYPES[to]}(${a})`;
}

/** WGSL's pow is undefined for negative bases; common exponents need none. */
function power(a: string, b: string, exponent: number | undefined): string {
  if (exponent === 2) return `${a} * ${a}`;
  if (exponent === 0.5) return `sqrt(${a})`;
  if (exponent === 1.5) return `${a} * sqrt(${a})`;
  return `pow(${a}, ${b})`;
}

/** Abramowitz & Stegun 7.1.26 is tfjs' erf too: |error| < 1.5e-7. */
export const ERF = `fn erf_(x: f32) -> f32 {
  let t = 1.0f / (1.0f + 0.3275911f * abs(x));
  let y = 1.0f - (((((1.061405429f * t - 1.453152027f) * t) + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t * exp(-x * x);
  return select(y, -y, x < 0.0f);
}
`;

/** deeplog/engine/noise.ts in WGSL: the same numbers from the same counters. */
export const NOISE = `fn mix32(x: u32) -> u32 {
  var h = x;
  h ^= h >> 16u; h *= 0x21f0aaadu; h ^= h >> 15u; h *= 0x735a2d97u; h ^= h >> 15u;
  return h;
}
fn noise_(i: u32, first: u32, second: u32) -> f32 { return f32(mix32(mix32(i ^ first) + second) >> 8u) / 16777216.0f; }
`;

/** Rough price of an operation in multiply-adds: decides what is worth storing instead of computing twice. */
export function priceOf(node: GraphNode): number {
  const { op } = node;
  if (op.kind === 'gather' || op.kind === 'oneHot') return 2;
  if (op.kind === 'binary') return op.f === 'Div' ? 2 : op.f === 'Pow' ? 4 : 1;
  if (op.kind !== 'unary') return op.kind === 'select' || op.kind === 'cast' ? 1 : 0;
  switch (op.f) {
    case 'Exp':
    case 'Log': return 4;
    case 'Sigmoid':
    case 'Tanh': return 5;
    case 'Erf':
    case 'Softplus': return 8;
    case 'Sqrt':
    case 'Reciprocal': return 2;
    default: return 1;
  }
}
