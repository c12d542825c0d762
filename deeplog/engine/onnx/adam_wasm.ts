/**
 * Adam over flat memory as a small SIMD WebAssembly module, assembled here: one pass reads and writes each value once,
 * where a chain of graph operators makes a dozen passes. State lives in the module's memory and onnxruntime reads and
 * writes it in place, so nothing is copied between steps. All addresses and lengths are in bytes, multiples of 16.
 */
export interface AdamKernels {
  /** value, first, second ← Adam(gradient · scale) */
  update(
    value: number, first: number, second: number, gradient: number, bytes: number,
    beta1: number, oneMinusBeta1: number, beta2: number, oneMinusBeta2: number,
    stepSize: number, rootCorrection: number, epsilon: number, scale: number,
  ): void;
  /** into ← into + from */
  add(into: number, from: number, bytes: number): void;
  /** Σ x², accumulated in double precision */
  squaredNorm(at: number, bytes: number): number;
}

const I32 = 0x7f;
const F32 = 0x7d;
const F64 = 0x7c;
const V128 = 0x7b;

const unsigned = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
const section = (id: number, body: number[]): number[] => [id, ...unsigned(body.length), ...body];
const list = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const name = (text: string): number[] => [...unsigned(text.length), ...Buffer.from(text, 'ascii')];

const get = (local: number): number[] => [0x20, ...unsigned(local)];
const set = (local: number): number[] => [0x21, ...unsigned(local)];
const simd = (code: number): number[] => [0xfd, ...unsigned(code)];
const load = (base: number, i: number): number[] => [...get(base), ...get(i), 0x6a, ...simd(0x00), 4, 0];
const store = (base: number, i: number, value: number[]): number[] => [...get(base), ...get(i), 0x6a, ...value, ...simd(0x0b), 4, 0];
const splat = (local: number): number[] => [...get(local), ...simd(0x13)];
const op = (code: number) => (a: number[], b: number[]): number[] => [...a, ...b, ...simd(code)];
const [add, sub, mul, div] = [0xe4, 0xe5, 0xe6, 0xe7].map(op);
const sqrt = (a: number[]): number[] => [...a, ...simd(0xe3)];

/** for (i = 0; i < bytes; i += 16) body */
function loop(i: number, bytes: number, body: number[]): number[] {
  const test = [...get(i), ...get(bytes), 0x4f, 0x0d, 1]; // i >= bytes (unsigned): leave
  const next = [...get(i), 0x41, 16, 0x6a, ...set(i), 0x0c, 0];
  return [0x02, 0x40, 0x03, 0x40, ...test, ...body, ...next, 0x0b, 0x0b];
}

function functionBody(locals: Array<[number, number]>, code: number[]): number[] {
  const body = [...list(locals.map(([count, type]) => [...unsigned(count), type])), ...code, 0x0b];
  return [...unsigned(body.length), ...body];
}

function updateBody(): number[] {
  const [value, first, second, gradient, bytes] = [0, 1, 2, 3, 4];
  const scalars = [5, 6, 7, 8, 9, 10, 11, 12];
  const i = 13;
  const vector = (scalar: number): number => 14 + scalars.indexOf(scalar); // splatted once, before the loop
  const [beta1, oneMinusBeta1, beta2, oneMinusBeta2, stepSize, rootCorrection, epsilon, scale] = scalars.map((s) => get(vector(s)));
  const [g, m, v] = [22, 23, 24];
  const code = [
    ...scalars.flatMap((s) => [...splat(s), ...set(vector(s))]),
    ...loop(i, bytes, [
      ...mul(load(gradient, i), scale), ...set(g),
      ...add(mul(load(first, i), beta1), mul(get(g), oneMinusBeta1)), ...set(m),
      ...add(mul(load(second, i), beta2), mul(mul(get(g), get(g)), oneMinusBeta2)), ...set(v),
      ...store(first, i, get(m)),
      ...store(second, i, get(v)),
      ...store(value, i, sub(load(value, i), mul(div(get(m), add(mul(sqrt(get(v)), rootCorrection), epsilon)), stepSize))),
    ]),
  ];
  return functionBody([[1, I32], [11, V128]], code);
}

function addBody(): number[] {
  const [into, from, bytes, i] = [0, 1, 2, 3];
  return functionBody([[1, I32]], loop(i, bytes, store(into, i, add(load(into, i), load(from, i)))));
}

function squaredNormBody(): number[] {
  const [at, bytes, i, x, sum] = [0, 1, 2, 3, 4];
  const promote = (half: number[]): number[] => [...half, ...simd(0x5f)];
  const high = [...get(x), ...get(x), ...simd(0x0d), 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
  const square = (wide: number[]): number[] => op(0xf2)(wide, wide);
  const addWide = op(0xf0);
  const code = [
    ...loop(i, bytes, [...load(at, i), ...set(x), ...addWide(get(sum), addWide(square(promote(get(x))), square(promote(high)))), ...set(sum)]),
    ...get(sum), ...simd(0x21), 0, ...get(sum), ...simd(0x21), 1, 0xa0,
  ];
  return functionBody([[1, I32], [2, V128]], code);
}

/** Instantiates the kernels on `memory`. */
export function adamKernels(memory: WebAssembly.Memory): AdamKernels {
  const types = [
    [0x60, ...list([...new Array<number[]>(5).fill([I32]), ...new Array<number[]>(8).fill([F32])]), 0],
    [0x60, ...list([[I32], [I32], [I32]]), 0],
    [0x60, ...list([[I32], [I32]]), 1, F64],
  ];
  const module = [
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, list(types)),
    ...section(2, list([[...name('env'), ...name('memory'), 2, 0, 1]])),
    ...section(3, list([[0], [1], [2]])),
    ...section(7, list([[...name('update'), 0, 0], [...name('add'), 0, 1], [...name('squaredNorm'), 0, 2]])),
    ...section(10, list([updateBody(), addBody(), squaredNormBody()])),
  ];
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module)), { env: { memory } });
  return instance.exports as unknown as AdamKernels;
}
