import type { Windows } from '../sequences/index.js';
import type { BatchSource } from './loop.js';

/** Windows as batches for the log-key model: `windows` int32 [B, W], `targets` int32 [B], `weights` float32 [B]. */
export function windowBatches(windows: Windows, batchSize: number): BatchSource {
  const { windowSize } = windows;
  return {
    count: windows.count,
    batch(indices) {
      const ids = new Int32Array(batchSize * windowSize);
      const targets = new Int32Array(batchSize);
      const weights = new Float32Array(batchSize);
      let weight = 0;
      for (let row = 0; row < indices.length; row++) {
        const at = indices[row];
        ids.set(windows.windows.subarray(at * windowSize, (at + 1) * windowSize), row * windowSize);
        targets[row] = windows.targets[at];
        weights[row] = windows.weights[at];
        weight += windows.weights[at];
      }
      return { batch: { windows: ids, targets, weights }, weight };
    },
  };
}
