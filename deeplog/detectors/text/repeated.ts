import type { BatchSource } from '../../training/index.js';

/** An epoch of fewer steps would spend its time on validation, and early stopping would count moments. */
const LEAST_STEPS = 50;

/** The same examples several times an epoch, where they are few. */
export function repeated(source: BatchSource, batchSize: number): BatchSource {
  const times = Math.ceil((LEAST_STEPS * batchSize) / Math.max(1, source.count));
  if (times <= 1) return source;
  const { count, cut } = source;
  const within = (indices: Uint32Array): Uint32Array => indices.map((i) => i % count);
  return {
    count: count * times,
    batch: (indices, step) => source.batch(within(indices), step),
    ...(cut === undefined ? {} : { cut: (order: Uint32Array) => cut.call(source, within(order)) }),
  };
}
