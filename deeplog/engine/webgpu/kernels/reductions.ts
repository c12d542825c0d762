import type { GraphNode, ReduceOp } from '../../graph/index.js';
import { addressOf, renderAddress, variable } from '../coordinates.js';
import { Emitter } from '../emitter.js';
import { columnStart, foldStart, startOf, type Kernel } from '../plan.js';
import { WORKGROUP, type CodeContext, type KernelCode } from './context.js';

const NEUTRAL: Readonly<Record<ReduceOp, string>> = { Sum: '0.0f', Prod: '1.0f', Max: '-0x1.fffffep+127f', Min: '0x1.fffffep+127f' };

function combine(f: ReduceOp, a: string, b: string): string {
  switch (f) {
    case 'Sum': return `${a} + ${b}`;
    case 'Prod': return `${a} * ${b}`;
    case 'Max': return `max(${a}, ${b})`;
    case 'Min': return `min(${a}, ${b})`;
    default: return f satisfies never;
  }
}

function operationOf(node: GraphNode | undefined): { f: ReduceOp; x: GraphNode } {
  if (node?.op.kind !== 'reduce') throw new RangeError('This kernel reduces, and its core does not.');
  return { f: node.op.f, x: node.inputs[0] };
}

function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, n)));
}

/**
 * Rows that some lanes of a workgroup share, kept in registers: layer norm, softmax and their gradients with all their
 * reductions and element-wise parts in one kernel.
 */
export function rowsKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  const { rows, columns } = kernel;
  const lanes = rows === 1 ? Math.min(WORKGROUP, powerOfTwo(columns)) : Math.min(WORKGROUP, Math.max(8, powerOfTwo(Math.ceil(columns / 4))));
  const rowsPerGroup = WORKGROUP / lanes;
  const perLane = Math.ceil(columns / lanes);
  const ragged = columns % lanes !== 0;
  const last = perLane - 1;
  const results = new Map<GraphNode, string>();
  const emitter = new Emitter(context.loader(kernel, (node) => results.get(node)));
  const inside = (e: number): string => `lane + ${e * lanes}u < ${columns}u`;
  const [each, once]: [string[], string[]] = [[], []];
  const guard = (e: number, text: string): string => (ragged && e === last ? `if (${inside(e)}) { ${text} }` : text);
  for (const unit of kernel.units) {
    const node = unit.value;
    if (unit.reduces) {
      const { f, x } = operationOf(node);
      let total: string | undefined;
      for (let e = 0; e < perLane; e++) {
        const value = emitter.value(x, startOf(kernel, x, emitter, `c${e}`));
        const valid = ragged && e === last ? `select(${NEUTRAL[f]}, ${asFloat(value, x)}, ${inside(e)})` : asFloat(value, x);
        total = emitter.let(total === undefined ? valid : combine(f, total, valid), 'p');
      }
      results.set(node, reduceLanes(emitter, f, total ?? NEUTRAL[f], lanes, node));
      if (context.isNeeded(node)) once.push(context.store(node, renderAddress(addressOf(emitter.split(variable('row', rows), node.shape), node.shape)), results.get(node) ?? ''));
      continue;
    }
    const wide = kernelCovers(kernel, node);
    for (let e = 0; e < (wide ? perLane : 1); e++) {
      const at = startOf(kernel, node, emitter, `c${e}`);
      const value = emitter.value(node, at);
      if (!context.isNeeded(unit.target)) continue;
      const store = context.store(unit.target, renderAddress(addressOf(unit.into(at), unit.target.shape)), value);
      if (wide) each.push(guard(e, store));
      else once.push(store);
    }
  }
  const partialGroup = rows % rowsPerGroup !== 0;
  const row = rows === 1 ? '0u' : partialGroup ? `min(wid*${rowsPerGroup}u + tid/${lanes}u, ${rows - 1}u)` : `wid*${rowsPerGroup}u + tid/${lanes}u`;
  const columnLines = Array.from({ length: perLane }, (_, e) => `  let c${e} = ${ragged && e === last ? `min(lane + ${e * lanes}u, ${columns - 1}u)` : `lane + ${e * lanes}u`};`);
  return {
    workgroups: Math.ceil(rows / rowsPerGroup), shared: WORKGROUP, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
  let lane = tid % ${lanes}u;
  let row = ${row};
${columnLines.join('\n')}
${emitter.lines.join('\n')}
  if (wid*${rowsPerGroup}u + tid/${lanes}u < ${rows}u) {
    ${each.join('\n    ')}
    ${once.length > 0 ? `if (lane == 0u) { ${once.join(' ')} }` : ''}
  }
}
`,
  };
}

function kernelCovers(kernel: Kernel, node: GraphNode): boolean {
  return kernel.columns !== 1 && node.shape.reduce((a, b) => a * b, 1) === kernel.rows * kernel.columns;
}

function asFloat(value: string, node: GraphNode): string {
  return node.dtype === 'float32' ? value : `f32(${value})`;
}

function typed(value: string, node: GraphNode): string {
  return node.dtype === 'int32' ? `i32(${value})` : value;
}

/** Tree over the lanes of each row through shared memory; the same order every time. */
function reduceLanes(emitter: Emitter, f: ReduceOp, total: string, lanes: number, node: GraphNode): string {
  const { lines, indent } = emitter;
  lines.push(`${indent}sm[tid] = ${total};`);
  for (let step = lanes / 2; step >= 1; step /= 2) {
    lines.push(`${indent}workgroupBarrier(); if (lane < ${step}u) { sm[tid] = ${combine(f, 'sm[tid]', `sm[tid+${step}u]`)}; }`);
  }
  const result = emitter.fresh('r');
  lines.push(`${indent}workgroupBarrier(); let ${result} = ${typed('sm[tid-lane]', node)}; workgroupBarrier();`);
  return result;
}

/** One workgroup per result, striding over a row too long for registers. */
export function foldKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  const { core, columns, rows } = kernel;
  const { f, x } = operationOf(core);
  const emitter = new Emitter(context.loader(kernel), '    ');
  const value = asFloat(emitter.value(x, foldStart(kernel, x, emitter)), x);
  const tree = Array.from({ length: Math.log2(WORKGROUP) }, (_, k) => WORKGROUP >> (k + 1))
    .map((step) => `  workgroupBarrier(); if (tid < ${step}u) { sm[tid] = ${combine(f, 'sm[tid]', `sm[tid+${step}u]`)}; }`);
  return {
    workgroups: rows, shared: WORKGROUP, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
  let row = wid;
  var total = ${NEUTRAL[f]};
  for (var c = tid; c < ${columns}u; c += ${WORKGROUP}u) {
${emitter.lines.join('\n')}
    total = ${combine(f, 'total', value)};
  }
  sm[tid] = total;
${tree.join('\n')}
  if (tid == 0u) { ${core === undefined ? '' : context.store(core, 'wid', typed('sm[0]', core))} }
  workgroupBarrier();
}
`,
  };
}

/** Sums over leading axes (bias gradients): neighbouring threads take neighbouring columns. */
export function columnsKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  const { core, columns, rows, split } = kernel;
  const { f, x } = operationOf(core);
  const width = columns >= 32 ? 32 : 16;
  const lanes = WORKGROUP / width;
  const groups = Math.ceil(columns / width);
  const share = Math.ceil(rows / split);
  const emitter = new Emitter(context.loader(kernel), '      ');
  const value = asFloat(emitter.value(x, columnStart(kernel, x, emitter)), x);
  const tree: string[] = [];
  for (let step = lanes / 2; step >= 1; step /= 2) {
    tree.push(`  workgroupBarrier(); if (tid < ${step * width}u) { sm[tid] = ${combine(f, 'sm[tid]', `sm[tid+${step * width}u]`)}; }`);
  }
  const store = split > 1 ? `${context.partial(kernel, `(wid/${groups}u)*${columns}u + c`, true)} = sm[tid];` : core === undefined ? '' : context.store(core, 'c', typed('sm[tid]', core));
  return {
    workgroups: groups * split, shared: WORKGROUP, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
  let c = (wid % ${groups}u)*${width}u + tid % ${width}u;
  var total = ${NEUTRAL[f]};
  if (c < ${columns}u) {
    let end = min(${rows}u, (wid/${groups}u + 1u)*${share}u);
    for (var r = (wid/${groups}u)*${share}u + tid/${width}u; r < end; r += ${lanes}u) {
${emitter.lines.join('\n')}
      total = ${combine(f, 'total', value)};
    }
  }
  sm[tid] = total;
${tree.join('\n')}
  if (tid < ${width}u && c < ${columns}u) { ${store} }
  workgroupBarrier();
}
`,
  };
}

/** The first column with the largest value; one thread per row. */
export function argmaxKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  const { core, columns, rows, lead } = kernel;
  if (core === undefined) throw new RangeError('An argmax kernel needs its node.');
  const [x] = core.inputs;
  const emitter = new Emitter(context.loader(kernel), '      ');
  const value = asFloat(emitter.value(x, [...emitter.split(variable('i', rows), lead), variable('c', columns)]), x);
  return {
    workgroups: Math.ceil(rows / WORKGROUP), shared: 0, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
  let i = wid*${WORKGROUP}u + tid;
  if (i < ${rows}u) {
    var best = ${NEUTRAL.Max};
    var at = 0u;
    for (var c = 0u; c < ${columns}u; c++) {
${emitter.lines.join('\n')}
      if (${value} > best) { best = ${value}; at = c; }
    }
    ${context.store(core, 'i', 'i32(at)')}
  }
}
`,
  };
}

/** Rows summed by id, in row order whatever the driver does: one workgroup per id, which walks over all ids. */
export function segmentSumKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  const { core, size } = kernel;
  if (core === undefined) throw new RangeError('A segment-sum kernel needs its node.');
  const [x, ids] = core.inputs;
  const [count] = core.shape;
  const [rows] = ids.shape;
  const width = size / count;
  const idEmitter = new Emitter(context.loader(kernel), '    ');
  const id = idEmitter.value(ids, [variable('q', rows)]);
  const parts = Array.from({ length: Math.ceil(width / WORKGROUP) }, (_, e) => {
    const emitter = new Emitter(context.loader(kernel), '        ', { next: 1000 * (e + 1) });
    const value = emitter.value(x, [variable('q2', rows), ...emitter.split(variable(`d${e}`, width), x.shape.slice(1))]);
    return {
      declare: `  let d${e} = min(tid + ${e * WORKGROUP}u, ${width - 1}u); var total${e} = 0.0f;`,
      add: `${emitter.lines.join('\n')}\n        total${e} += ${asFloat(value, x)};`,
      store: `  if (tid + ${e * WORKGROUP}u < ${width}u) { ${context.store(core, `wid*${width}u + d${e}`, typed(`total${e}`, core))} }`,
    };
  });
  return {
    workgroups: count, shared: WORKGROUP, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
${parts.map(({ declare }) => declare).join('\n')}
  for (var b = 0u; b < ${rows}u; b += ${WORKGROUP}u) {
    workgroupBarrier();
    let q = min(b + tid, ${rows - 1}u);
${idEmitter.lines.join('\n')}
    sm[tid] = f32(select(-1, ${id}, b + tid < ${rows}u));
    workgroupBarrier();
    for (var j = 0u; j < ${WORKGROUP}u; j++) {
      if (sm[j] == f32(wid)) {
        let q2 = b + j;
${parts.map(({ add }) => add).join('\n')}
      }
    }
  }
${parts.map(({ store }) => store).join('\n')}
}
`,
  };
}
