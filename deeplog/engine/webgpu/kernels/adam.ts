import type { AdamOptions } from '../../types.js';
import { literal } from '../wgsl.js';
import { WORKGROUP } from './context.js';

/** Positions in `XI` of what changes from step to step, as bits of f32. */
export const STEP_SIZE_AT = 0;
export const ROOT_CORRECTION_AT = 1;
/** Noise keys follow. */
export const FIRST_NOISE_KEY_AT = 2;

/** All parameters at once, in place; see deeplog/engine/adam.ts for the formula. `values` includes padding. */
export function adamCode(values: number, adam: AdamOptions): { code: string; workgroups: number; buffers: string[] } {
  const number = (x: number): string => literal(x, 'float32');
  const clip = adam.clipNorm === undefined ? '1.0f' : `min(1.0f, ${number(adam.clipNorm)} / (sqrt(O[0u]) + 1e-6f))`;
  return {
    workgroups: Math.ceil(values / WORKGROUP),
    buffers: ['G', 'M', 'P', 'V', 'XI', ...(adam.clipNorm === undefined ? [] : ['O'])],
    code: `fn k0(wid: u32, tid: u32) {
  let i = wid*${WORKGROUP}u + tid;
  if (i < ${values}u) {
    let g = G[i] * ${clip};
    let m = M[i] * ${number(adam.beta1)} + g * ${number(1 - adam.beta1)};
    let v = V[i] * ${number(adam.beta2)} + g * g * ${number(1 - adam.beta2)};
    M[i] = m;
    V[i] = v;
    P[i] = P[i] - m / (sqrt(v) * bitcast<f32>(XI[${ROOT_CORRECTION_AT}u]) + ${number(adam.epsilon)}) * bitcast<f32>(XI[${STEP_SIZE_AT}u]);
  }
}
`,
  };
}

/** Σ g² into O[0], by one workgroup: only where gradients are clipped. */
export function squaredNormCode(values: number): string {
  return `fn k0(wid: u32, tid: u32) {
  var total = 0.0f;
  for (var i = tid; i < ${values}u; i += ${WORKGROUP}u) { total += G[i] * G[i]; }
  sm[tid] = total;
  for (var step = ${WORKGROUP / 2}u; step >= 1u; step /= 2u) {
    workgroupBarrier();
    if (tid < step) { sm[tid] += sm[tid + step]; }
  }
  if (tid == 0u) { O[0u] = sm[0]; }
}
`;
}
