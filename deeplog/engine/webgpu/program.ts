import { sizeOf, type ConstantData, type GraphNode } from '../graph/index.js';
import { layoutOf, type Layout } from '../layout.js';
import { gradientName } from '../trace/names.js';
import type { TracedGraph } from '../trace/trace.js';
import type { AdamOptions, Model } from '../types.js';
import { adamCode, FIRST_NOISE_KEY_AT, squaredNormCode } from './kernels/adam.js';
import { CodeContext, WORKGROUP, type KernelCode, type Place } from './kernels/context.js';
import { mapKernel, sumKernel } from './kernels/map.js';
import { matmulKernel, partsOf, productOf } from './kernels/matmul.js';
import { argmaxKernel, columnsKernel, foldKernel, rowsKernel, segmentSumKernel } from './kernels/reductions.js';
import { neededNodes, planMemory } from './memory.js';
import { planKernels, type Kernel } from './plan.js';
import { prepare } from './prepare.js';
import { chooseStored } from './stored.js';
import { ERF, NOISE } from './wgsl.js';

/** One compute dispatch: a shader and the buffers it binds, in binding order. */
export interface Dispatch {
  readonly label: string;
  readonly code: string;
  readonly buffers: readonly string[];
  readonly x: number;
  readonly y: number;
}

export interface Upload {
  readonly buffer: 'XF' | 'XI';
  readonly offset: number;
}

/** Everything that a device needs to run a graph again and again. */
export interface Program {
  readonly dispatches: readonly Dispatch[];
  /** Lengths in 4-byte elements. */
  readonly buffers: Readonly<Record<string, number>>;
  readonly layout: Layout;
  readonly inputs: ReadonlyMap<string, Upload>;
  /** Noise inputs: stream number and where its keys go in `XI`. */
  readonly noise: ReadonlyArray<{ readonly stream: number; readonly at: number }>;
  readonly constants: ReadonlyArray<Upload & { readonly data: ConstantData }>;
  /** Where outputs other than gradients lie in `O`. */
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly offset: number; readonly length: number; readonly dtype: GraphNode['dtype'] }>;
}

const MAX_GROUPS_ACROSS = 32768;
/** Kernels that share a dispatch: more make shaders that compile slowly. */
const MAX_MERGED = 64;
/** O[0] is the squared norm of the gradients. */
const FIRST_OUTPUT_AT = 4;

/** Graph → fused kernels → dispatches with planned memory; with `adam`, the update is the last dispatch. */
export function compileProgram(model: Model, traced: TracedGraph, adam?: AdamOptions): Program {
  const layout = layoutOf(model);
  const prepared = prepare(traced.graph, traced.outputs.map(({ node }) => node));
  const chosen = chooseStored(traced.graph, traced.outputs.map(({ name }, i) => ({ name, node: prepared[i] })));
  const kernels = planKernels(chosen);
  const waves = scheduleWaves(kernels);
  const places = new Map<GraphNode, Place>();
  const slots = new Map(layout.slots.map((slot) => [slot.name, slot]));
  const sizes: Record<string, number> = { A: 0, P: layout.bytes / 4, M: layout.bytes / 4, V: layout.bytes / 4, G: layout.bytes / 4, O: FIRST_OUTPUT_AT, XF: 4, XI: FIRST_NOISE_KEY_AT + 2 * model.noise.length };
  const take = (buffer: string, count: number): number => {
    const offset = sizes[buffer];
    sizes[buffer] += Math.ceil(count / 4) * 4;
    return offset;
  };
  const inputs = new Map<string, Upload>();
  const constants: Array<Upload & { data: ConstantData }> = [];
  for (const node of chosen.nodes) {
    const { op } = node;
    const buffer = node.dtype === 'int32' ? 'XI' : 'XF';
    if (op.kind === 'data') {
      const offset = take(buffer, op.data.length);
      places.set(node, { buffer, offset });
      constants.push({ buffer, offset, data: op.data });
    } else if (op.kind === 'input' && op.role === 'parameter') {
      places.set(node, { buffer: 'P', offset: slots.get(op.name)?.offset ?? 0 });
    } else if (op.kind === 'input' && op.role === 'batch') {
      const offset = take(buffer, sizeOf(node.shape));
      places.set(node, { buffer, offset });
      inputs.set(op.name, { buffer, offset });
    }
  }
  const gradients = new Map(adam === undefined ? [] : layout.slots.map((slot) => [gradientName(slot.name), slot]));
  const outputs: Array<Program['outputs'][number]> = [];
  for (const { name, node } of chosen.roots) {
    const slot = gradients.get(name);
    const length = sizeOf(node.shape);
    if (slot !== undefined) {
      places.set(node, { buffer: 'G', offset: slot.offset });
      continue;
    }
    const offset = take('O', length);
    places.set(node, { buffer: 'O', offset });
    outputs.push({ name, offset, length, dtype: node.dtype });
  }
  const parts = (kernel: Kernel): number => (kernel.kind === 'matmul' && kernel.core !== undefined ? partsOf(productOf(kernel.core), kernel.split).count : kernel.split);
  const needed = neededNodes(kernels, chosen);
  const memory = planMemory(waves, chosen, needed, places, parts);
  const noiseKeys = new Map(model.noise.map(({ name }, stream) => [name, FIRST_NOISE_KEY_AT + 2 * stream]));
  const dispatches = waves.map((wave) => {
    const context = new CodeContext(chosen, places, noiseKeys, needed, memory.partials);
    return assemble(wave.map((kernel, i) => kernelCode(context, kernel, `k${i}`, parts)), [...context.used].sort(), context.written, wave.map(labelOf).join(' '));
  });
  if (adam !== undefined) dispatches.push(...updateDispatches(sizes['P'], adam));
  return {
    dispatches, layout, inputs, constants, outputs,
    buffers: { ...sizes, A: memory.arena },
    noise: model.noise.map((_, stream) => ({ stream, at: FIRST_NOISE_KEY_AT + 2 * stream })),
  };
}

/** Kernels whose dependencies are done run together, in one dispatch: launches cost more than small kernels do. */
function scheduleWaves(kernels: readonly Kernel[]): Kernel[][] {
  const waves: Kernel[][] = [];
  const wave = new Map<Kernel, number>();
  for (const kernel of kernels) {
    const level = Math.max(-1, ...[...kernel.dependencies].map((dependency) => wave.get(dependency) ?? -1)) + 1;
    wave.set(kernel, level);
    (waves[level] ??= []).push(kernel);
  }
  return waves.flatMap((level) => Array.from({ length: Math.ceil(level.length / MAX_MERGED) }, (_, i) => level.slice(i * MAX_MERGED, (i + 1) * MAX_MERGED)));
}

function kernelCode(context: CodeContext, kernel: Kernel, name: string, parts: (kernel: Kernel) => number): KernelCode {
  switch (kernel.kind) {
    case 'map': return mapKernel(context, kernel, name);
    case 'sum': return sumKernel(context, kernel, name, kernel.of === undefined ? 1 : parts(kernel.of));
    case 'rows': return rowsKernel(context, kernel, name);
    case 'fold': return foldKernel(context, kernel, name);
    case 'columns': return columnsKernel(context, kernel, name);
    case 'argmax': return argmaxKernel(context, kernel, name);
    case 'segmentSum': return segmentSumKernel(context, kernel, name);
    case 'matmul': return matmulKernel(context, kernel, name);
    default: return kernel.kind satisfies never;
  }
}

function updateDispatches(values: number, adam: AdamOptions): Dispatch[] {
  const update = adamCode(values, adam);
  const dispatch = assemble([{ code: update.code, workgroups: update.workgroups, shared: 0, sharedVectors: 0 }], update.buffers.sort(), new Set(['P', 'M', 'V']), 'adam');
  if (adam.clipNorm === undefined) return [dispatch];
  const norm: KernelCode = { code: squaredNormCode(values), workgroups: 1, shared: WORKGROUP, sharedVectors: 0 };
  return [assemble([norm], ['G', 'O'], new Set(['O']), 'squared norm'), dispatch];
}

function assemble(kernels: readonly KernelCode[], buffers: readonly string[], written: ReadonlySet<string>, label: string): Dispatch {
  const bindings = buffers.map((name, i) => `@group(0) @binding(${i}) var<storage, ${written.has(name) ? 'read_write' : 'read'}> ${name}: array<${name === 'XI' ? 'i32' : 'f32'}>;`);
  const body = kernels.map(({ code }) => code).join('');
  let first = 0;
  const calls = kernels.map(({ workgroups }, i) => {
    const begin = first;
    first += workgroups;
    const condition = i < kernels.length - 1 ? `if (wid < ${first}u) ` : '';
    return `${i > 0 ? 'else ' : ''}${condition}{ k${i}(wid - ${begin}u, tid); }`;
  });
  const shared = Math.max(0, ...kernels.map((kernel) => kernel.shared));
  const vectors = Math.max(0, ...kernels.map((kernel) => kernel.sharedVectors));
  const y = Math.ceil(first / MAX_GROUPS_ACROSS);
  const code = `${bindings.join('\n')}
${shared > 0 ? `var<workgroup> sm: array<f32, ${shared}>;\n` : ''}${vectors > 0 ? `var<workgroup> sm4: array<vec4<f32>, ${vectors}>;\n` : ''}${body.includes('erf_(') ? ERF : ''}${body.includes('noise_(') ? NOISE : ''}${body}
@compute @workgroup_size(${WORKGROUP}) fn main(@builtin(workgroup_id) w: vec3<u32>, @builtin(local_invocation_index) tid: u32) {
  let wid = w.x + w.y*${MAX_GROUPS_ACROSS}u;
  ${y > 1 ? `if (wid >= ${first}u) { return; }` : ''}
  ${calls.join('\n  ')}
}
`;
  return { label, code, buffers, x: Math.min(first, MAX_GROUPS_ACROSS), y };
}

function labelOf(kernel: Kernel): string {
  return `${kernel.kind}[${kernel.core?.shape.join('×') ?? kernel.size}]${kernel.split > 1 ? `/${kernel.split}` : ''}`;
}
