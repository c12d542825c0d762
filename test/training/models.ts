import type { Batch } from '../../deeplog/engine/index.js';
import { logKeyModel } from '../../deeplog/models/index.js';
import type { BatchSource } from '../../deeplog/training/index.js';
import { seededRandom } from '../../deeplog/common/index.js';

const WINDOW = 4;
const KEYS = 6;

/** A small network with all that a step's result may depend on; for tests of the loop. */
export function smallModel(batchSize: number): ReturnType<typeof logKeyModel> {
  return logKeyModel({ preset: 'trainer', windowSize: WINDOW, units: 8, batchSize, vocabularySize: KEYS });
}

/** `count` windows of a rule with chance in it. */
export function smallSource(count: number, batchSize: number, seed: number): BatchSource {
  const random = seededRandom(seed);
  const windows = Int32Array.from({ length: count * WINDOW }, () => 3 + Math.floor(random() * (KEYS - 3)));
  const targets = Int32Array.from({ length: count }, (_, i) => (random() < 0.9 ? windows[i * WINDOW + 3] : 3));
  return {
    count,
    batch(indices): { batch: Batch; weight: number } {
      const batch = { windows: new Int32Array(batchSize * WINDOW), targets: new Int32Array(batchSize), weights: new Float32Array(batchSize) };
      indices.forEach((at, row) => {
        batch.windows.set(windows.subarray(at * WINDOW, (at + 1) * WINDOW), row * WINDOW);
        batch.targets[row] = targets[at];
        batch.weights[row] = 1 + (at % 3);
      });
      return { batch, weight: batch.weights.reduce((a, b) => a + b, 0) };
    },
  };
}
