/**
 * Uniform [0, 1) noise as a pure function of (seed, step, stream, index): no state to save, so a resumed run draws
 * what the uninterrupted one would have drawn, and a GPU can compute the same numbers in any order.
 *
 * The mixer is Ellis' lowbias32 (https://nullprogram.com/blog/2018/07/31/), applied to the counter between two keys.
 */
export function mix32(x: number): number {
  let h = x | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0x735a2d97);
  h ^= h >>> 15;
  return h >>> 0;
}

export interface NoiseKeys {
  readonly first: number;
  readonly second: number;
}

/** Two 32-bit keys for one tensor of one step. `stream` numbers the model's noise tensors. */
export function noiseKeys(seed: number, step: number, stream: number): NoiseKeys {
  const first = mix32(mix32(mix32(seed) ^ step) + Math.imul(stream + 1, 0x9e3779b9));
  return { first, second: mix32(first ^ 0x6a09e667) };
}

/** Fills `out` with multiples of 2^-24 in [0, 1): exactly representable as float32. */
export function fillUniform(out: Float32Array, seed: number, step: number, stream: number): Float32Array {
  const { first, second } = noiseKeys(seed, step, stream);
  for (let i = 0; i < out.length; i++) {
    out[i] = (mix32(mix32(i ^ first) + second) >>> 8) / 16777216;
  }
  return out;
}
