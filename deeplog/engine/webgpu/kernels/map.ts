import { Emitter } from '../emitter.js';
import { startOf, type Kernel } from '../plan.js';
import { WORKGROUP, type CodeContext, type KernelCode } from './context.js';

/** Fused element-wise trees: one thread per value, several outputs. */
export function mapKernel(context: CodeContext, kernel: Kernel, name: string): KernelCode {
  const emitter = new Emitter(context.loader(kernel), '    ');
  const stores = context.storeUnits(kernel, emitter, (node) => startOf(kernel, node, emitter));
  return {
    workgroups: Math.ceil(kernel.size / WORKGROUP), shared: 0, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
  let i = wid*${WORKGROUP}u + tid;
  if (i < ${kernel.size}u) {
${emitter.lines.join('\n')}
    ${stores.join('\n    ')}
  }
}
`,
  };
}

/** Adds up the parts of a split product or column sum, always in the same order. */
export function sumKernel(context: CodeContext, kernel: Kernel, name: string, parts: number): KernelCode {
  const { core, of, size } = kernel;
  if (core === undefined || of === undefined) throw new RangeError('A sum kernel needs the kernel whose parts it adds.');
  return {
    workgroups: Math.ceil(size / WORKGROUP), shared: 0, sharedVectors: 0,
    code: `fn ${name}(wid: u32, tid: u32) {
  let i = wid*${WORKGROUP}u + tid;
  if (i < ${size}u) {
    var total = 0.0f;
    for (var s = 0u; s < ${parts}u; s++) { total += ${context.partial(of, `s*${size}u + i`, false)}; }
    ${context.store(core, 'i', 'total')}
  }
}
`,
  };
}
