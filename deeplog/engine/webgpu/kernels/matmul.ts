import { sizeOf, type GraphNode } from '../../graph/index.js';
import { addressOf, broadcastTo, renderAddress, variable, type Coordinate } from '../coordinates.js';
import { Emitter } from '../emitter.js';
import { startOf, type Kernel } from '../plan.js';
import { WORKGROUP, type CodeContext, type KernelCode } from './context.js';

/** Tile of the result, what one thread holds of it, and the depth of one round through shared memory. */
interface Tiling {
  readonly tileRows: number;
  readonly tileColumns: number;
  readonly threadRows: number;
  readonly threadColumns: number;
  readonly depth: number;
}

/** Largest first: the first one that still gives the GPU enough workgroups is taken. */
const TILINGS: readonly Tiling[] = [
  { tileRows: 128, tileColumns: 128, threadRows: 8, threadColumns: 8, depth: 16 },
  { tileRows: 128, tileColumns: 64, threadRows: 8, threadColumns: 4, depth: 16 },
  { tileRows: 64, tileColumns: 64, threadRows: 4, threadColumns: 4, depth: 16 },
  { tileRows: 32, tileColumns: 32, threadRows: 4, threadColumns: 4, depth: 32 },
  { tileRows: 16, tileColumns: 16, threadRows: 4, threadColumns: 4, depth: 64 },
];
const ENOUGH_WORKGROUPS = 120;
/** Multiply-adds up to which tiles are not worth it. */
const MAX_SIMPLE_WORK = 2 ** 18;

export interface Product {
  readonly node: GraphNode;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export function productOf(node: GraphNode): Product {
  if (node.op.kind !== 'matmul') throw new RangeError('A matmul kernel needs a product.');
  const { transposeA, transposeB } = node.op;
  const [m, n] = node.shape.slice(-2);
  return { node, transposeA, transposeB, batch: node.shape.slice(0, -2), m, n, k: node.inputs[0].shape.at(transposeA ? -2 : -1) ?? 1 };
}

function tilingOf({ m, n, batch }: Product, split: number): Tiling {
  const fits = (t: Tiling) => t.tileRows <= 64 || (m >= t.tileRows && n >= t.tileColumns);
  const groups = (t: Tiling) => Math.ceil(m / t.tileRows) * Math.ceil(n / t.tileColumns) * sizeOf(batch) * split;
  return TILINGS.find((t) => fits(t) && groups(t) >= ENOUGH_WORKGROUPS) ?? TILINGS[TILINGS.length - 1];
}

/** How a split product divides its inner dimension: values per part, and how many parts that makes. */
export function partsOf(product: Product, split: number): { length: number; count: number } {
  const { depth } = tilingOf(product, split);
  const length = Math.ceil(Math.ceil(product.k / split) / depth) * depth;
  return { length, count: Math.ceil(product.k / length) };
}

/**
 * Tiled product. Operands are read through the emitter, so that transposed, sliced or reshaped ones cost no copy; element-wise
 * users of the result run on it in registers. Small tiles leave threads over: groups of them share the inner dimension.
 */
export function matmulKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  if (kernel.core === undefined) throw new RangeError('A matmul kernel needs its node.');
  const product = productOf(kernel.core);
  const { m, n, k, batch } = product;
  if (kernel.split === 1 && m * n * k * sizeOf(batch) <= MAX_SIMPLE_WORK) return simpleKernel(context, kernel, product, name);
  const t = tilingOf(product, kernel.split);
  const [acrossColumns, acrossRows] = [t.tileColumns / t.threadColumns, t.tileRows / t.threadRows];
  const perGroup = acrossColumns * acrossRows;
  const groups = WORKGROUP / perGroup;
  const [strideA, strideB] = [t.tileRows / 4 + 1, t.tileColumns / 4 + 1]; // + 1 against bank conflicts
  const parts = partsOf(product, kernel.split);
  const [tilesDown, tilesAcross, batches] = [Math.ceil(m / t.tileRows), Math.ceil(n / t.tileColumns), sizeOf(batch)];
  const a = loader(context, kernel, product, t, name, 'a', parts.length, 0, strideA);
  const b = loader(context, kernel, product, t, name, 'b', parts.length, t.depth * strideA, strideB);
  const guards = [...(m % t.tileRows === 0 ? [] : [`m < ${m}u`]), ...(n % t.tileColumns === 0 ? [] : [`n < ${n}u`])];
  const [vectorColumns, vectorRows] = [t.threadColumns / 4, t.threadRows / 4];
  const cells = Array.from({ length: t.threadRows * vectorColumns }, (_, q) => [Math.floor(q / vectorColumns), q % vectorColumns] as const);
  const multiply = [
    ...Array.from({ length: vectorRows }, (_, i) => `      let x${i} = sm4[kk*${strideA}u + ty + ${acrossRows * i}u];`),
    ...Array.from({ length: vectorColumns }, (_, j) => `      let y${j} = sm4[${t.depth * strideA}u + kk*${strideB}u + tx + ${acrossColumns * j}u];`),
    ...cells.map(([i, j]) => `      a${i}_${j} = fma(vec4<f32>(x${i >> 2}[${i & 3}]), y${j}, a${i}_${j});`),
  ];
  const row = (i: number) => `ty*4u + ${(i >> 2) * acrossRows * 4 + (i & 3)}u`;
  const column = (j: number) => `tx*4u + ${j * acrossColumns * 4}u`;
  const finish = groups === 1
    ? cells.flatMap(([i, j]) => [0, 1, 2, 3].map((q) => `  ${name}_end(b, m0 + ${row(i)}, n0 + ${column(j)} + ${q}u, s, a${i}_${j}[${q}]);`))
    : gather(t, name, groups, cells.map(([i, j]) => `  sm4[g*${(t.tileRows * t.tileColumns) / 4}u + (${row(i)})*${t.tileColumns / 4}u + tx + ${j * acrossColumns}u] = a${i}_${j};`));
  return {
    workgroups: tilesDown * tilesAcross * batches * parts.count,
    shared: 0,
    sharedVectors: Math.max(t.depth * (strideA + strideB), groups > 1 ? (groups * t.tileRows * t.tileColumns) / 4 : 0),
    code: `${epilogue(context, kernel, product, guards, name)}${a.code}${b.code}fn ${name}(wid: u32, tid: u32) {
  let n0 = (wid % ${tilesAcross}u)*${t.tileColumns}u; let m0 = ((wid/${tilesAcross}u) % ${tilesDown}u)*${t.tileRows}u;
  let b = (wid/${tilesAcross * tilesDown}u) % ${batches}u; let s = wid/${tilesAcross * tilesDown * batches}u;
  let g = tid / ${perGroup}u; let tx = tid % ${acrossColumns}u; let ty = (tid / ${acrossColumns}u) % ${acrossRows}u;
${cells.map(([i, j]) => `  var a${i}_${j} = vec4<f32>(0.0f);`).join('\n')}
  let kbegin = s*${parts.length}u; let kend = min(${k}u, kbegin + ${parts.length}u);
  ${a.fetch('kbegin', true)}
  ${b.fetch('kbegin', true)}
  for (var kt = kbegin; kt < kend; kt += ${t.depth}u) {
    workgroupBarrier();
    ${a.put}
    ${b.put}
    workgroupBarrier();
    if (kt + ${t.depth}u < kend) {
      ${a.fetch(`kt + ${t.depth}u`, false)}
      ${b.fetch(`kt + ${t.depth}u`, false)}
    }
    for (var kq = 0u; kq < ${t.depth / groups}u; kq++) {
      let kk = kq${groups > 1 ? ` + g*${t.depth / groups}u` : ''};
${multiply.join('\n')}
    }
  }
  workgroupBarrier();
${finish.join('\n')}
  workgroupBarrier();
}
`,
  };
}

/** One thread per value, for products too small to fill tiles; compiles in a fraction of the time too. */
function simpleKernel(context: CodeContext, kernel: Kernel, product: Product, name: string): KernelCode {
  const { node, m, n, k, batch } = product;
  const size = sizeOf(batch) * m * n;
  const emitter = new Emitter(context.loader(kernel), '    ');
  const [a, b] = node.inputs.map((x, side) => emitter.value(x, operandCoordinates(product, side === 0, emitter)));
  return {
    workgroups: Math.ceil(size / WORKGROUP), shared: 0, sharedVectors: 0,
    code: `${epilogue(context, kernel, product, [], name)}fn ${name}(wid: u32, tid: u32) {
  let i = wid*${WORKGROUP}u + tid;
  if (i >= ${size}u) { return; }
  let n = i % ${n}u; let m = (i/${n}u) % ${m}u; let b = i/${m * n}u;
  var total = 0.0f;
  for (var k = 0u; k < ${k}u; k++) {
${emitter.lines.join('\n')}
    total = fma(${a}, ${b}, total);
  }
  ${name}_end(b, m, n, 0u, total);
}
`,
  };
}

/** Adds up what the groups of threads have computed of each value, in a fixed order. */
function gather(t: Tiling, name: string, groups: number, puts: readonly string[]): string[] {
  const vectors = (t.tileRows * t.tileColumns) / 4;
  const perThread = (t.tileRows * t.tileColumns) / WORKGROUP;
  if (perThread === 4) {
    return [
      ...puts, '  workgroupBarrier();', '  var z = sm4[tid];',
      ...Array.from({ length: groups - 1 }, (_, q) => `  z += sm4[${(q + 1) * vectors}u + tid];`),
      ...[0, 1, 2, 3].map((q) => `  ${name}_end(b, m0 + tid/${t.tileColumns / 4}u, n0 + (tid%${t.tileColumns / 4}u)*4u + ${q}u, s, z[${q}]);`),
    ];
  }
  return [
    ...puts, '  workgroupBarrier();', '  var z = 0.0f;',
    `  for (var q = 0u; q < ${groups}u; q++) { z += sm4[q*${vectors}u + tid/4u][tid%4u]; }`,
    `  ${name}_end(b, m0 + tid/${t.tileColumns}u, n0 + tid%${t.tileColumns}u, s, z);`,
  ];
}

/** What happens to each value of the result; `guards` keep threads out that a ragged tile has too many. */
function epilogue(context: CodeContext, kernel: Kernel, { node, m, n, batch }: Product, guards: readonly string[], name: string): string {
  let body: string[];
  if (kernel.split > 1) {
    body = [`    ${context.partial(kernel, `((s*${sizeOf(batch)}u + b)*${m}u + m)*${n}u + n`, true)} = acc;`];
  } else {
    const emitter = new Emitter(context.loader(kernel, (read) => (read === node ? 'acc' : undefined)), '    ');
    const own = context.isNeeded(node) ? [context.store(node, renderAddress(addressOf(startOf(kernel, node, emitter), node.shape)), 'acc')] : [];
    const stores = context.storeUnits(kernel, emitter, (value) => startOf(kernel, value, emitter));
    body = [...emitter.lines, ...[...own, ...stores].map((store) => `    ${store}`)];
  }
  return `fn ${name}_end(b: u32, m: u32, n: u32, s: u32, acc: f32) {
  ${guards.length > 0 ? `if (${guards.join(' && ')}) ` : ''}{
${body.join('\n')}
  }
}
`;
}

interface Loader {
  readonly code: string;
  /** Statements that read this thread's vectors of the tile at an inner position into registers. */
  fetch(at: string, declare: boolean): string;
  /** Statements that put them into shared memory. */
  readonly put: string;
}

function loader(context: CodeContext, kernel: Kernel, product: Product, t: Tiling, name: string, side: 'a' | 'b', partLength: number, base: number, stride: number): Loader {
  const isA = side === 'a';
  const { m, n, k } = product;
  const [length, tile, own] = isA ? [m, t.tileRows, 'm'] : [n, t.tileColumns, 'n'];
  const x = product.node.inputs[isA ? 0 : 1];
  const total = (tile * t.depth) / 4;
  const rounds = Math.ceil(total / WORKGROUP);
  const alongInner = isContiguousAlongInner(context, kernel, product, isA);
  const position = (round: number): [string, string] => {
    const q = `(tid + ${round * WORKGROUP}u)`;
    return alongInner ? [`${q} / ${t.depth}u`, `${q} % ${t.depth}u`] : [`${q} % ${tile / 4}u`, `${q} / ${tile / 4}u`];
  };
  const guards = [...(length % tile === 0 ? [] : [`${own} < ${length}u`]), ...(k % t.depth === 0 && k % partLength === 0 ? [] : ['k < kend'])];
  const lanes = [0, 1, 2, 3].map((q) => {
    const emitter = new Emitter(context.loader(kernel), '      ', { next: q * 1000 });
    const value = emitter.value(x, operandCoordinates(product, isA, emitter));
    return `  { let ${own} = t + ${q}u;
    ${guards.length > 0 ? `if (${guards.join(' && ')}) ` : ''}{
${emitter.lines.join('\n')}
      x[${q}] = ${value};
    } }`;
  });
  const partly = (round: number, text: string): string => (total % WORKGROUP !== 0 && round === rounds - 1 ? `if (tid + ${round * WORKGROUP}u < ${total}u) { ${text} }` : text);
  const each = (text: (round: number) => string): string => Array.from({ length: rounds }, (_, round) => text(round)).join(' ');
  return {
    code: `fn ${name}_${side}(b: u32, t: u32, k: u32, kend: u32) -> vec4<f32> {\n  var x = vec4<f32>(0.0f);\n${lanes.join('\n')}\n  return x;\n}\n`,
    fetch: (at, declare) => each((round) => {
      const [along, inner] = position(round);
      const call = `r${side}${round} = ${name}_${side}(b, ${own}0 + (${along})*4u, ${at} + (${inner}), kend);`;
      return `${declare ? `var r${side}${round}: vec4<f32>; ` : ''}${partly(round, call)}`;
    }),
    put: each((round) => {
      const [along, inner] = position(round);
      return partly(round, `sm4[${base}u + (${inner})*${stride}u + ${along}] = r${side}${round};`);
    }),
  };
}

function operandCoordinates({ node, transposeA, transposeB, batch, m, n, k }: Product, isA: boolean, emitter: Emitter): Coordinate[] {
  const x = node.inputs[isA ? 0 : 1];
  const lead = broadcastTo(emitter.split(variable('b', sizeOf(batch)), batch), x.shape.slice(0, -2));
  const [own, inner] = [isA ? variable('m', m) : variable('n', n), variable('k', k)];
  const innerLast = isA ? !transposeA : transposeB;
  return innerLast ? [...lead, own, inner] : [...lead, inner, own];
}

/** Whether neighbours along the inner dimension are neighbours in memory: threads then walk along it. */
function isContiguousAlongInner(context: CodeContext, kernel: Kernel, product: Product, isA: boolean): boolean {
  let stride: number | undefined;
  const through = context.loader(kernel);
  const probe = new Emitter((node, address, emitter, coordinates) => {
    if (through(node, address, emitter, coordinates) === undefined) return undefined;
    stride ??= addressOf(coordinates, node.shape).terms.find(({ coordinate }) => coordinate.source === 'k')?.stride ?? -1;
    return `probe_${node.id}[${address}]`;
  });
  probe.value(product.node.inputs[isA ? 0 : 1], operandCoordinates(product, isA, probe));
  return stride === 1;
}
