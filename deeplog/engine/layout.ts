import { sizeOf } from './parameters.js';
import type { Model } from './types.js';

/** Where a parameter lives inside one flat region of float32. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  /** In values; a multiple of 4, so that SIMD loads never straddle two parameters. */
  readonly offset: number;
  readonly length: number;
}

export interface Layout {
  readonly slots: readonly Slot[];
  /** Bytes of one region: a multiple of 16. */
  readonly bytes: number;
}

export function layoutOf(model: Model): Layout {
  let offset = 0;
  const slots = model.parameters.map(({ name, shape }) => {
    const slot = { name, shape, offset, length: sizeOf(shape) };
    offset += Math.ceil(slot.length / 4) * 4;
    return slot;
  });
  return { slots, bytes: offset * 4 };
}
