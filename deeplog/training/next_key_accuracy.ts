import type { CompiledForward, NumericArray, State } from '../engine/index.js';
import type { BatchSource } from './loop.js';

/**
 * Share of the examples, by weight, whose target the network finds likeliest.
 * @param forward gives `log_probabilities` [B, V] for what `source` puts into a batch beside `targets` [B] and `weights` [B]
 */
export async function nextKeyAccuracy(forward: CompiledForward, parameters: State['parameters'], source: BatchSource, batchSize: number): Promise<number> {
  await forward.load(parameters);
  let hits = 0;
  let total = 0;
  for (let at = 0; at < source.count; at += batchSize) {
    const { batch, weight } = source.batch(Uint32Array.from({ length: Math.min(batchSize, source.count - at) }, (_, i) => at + i), 0);
    const { targets, weights } = batch;
    const { log_probabilities: logP } = await forward.run(batch);
    const width = logP.length / targets.length;
    for (let row = 0; row < targets.length; row++) if (weights[row] > 0 && likeliest(logP, row * width, width) === targets[row]) hits += weights[row];
    total += weight;
  }
  return hits / total;
}

function likeliest(values: NumericArray, from: number, width: number): number {
  let best = 0;
  for (let i = 1; i < width; i++) if (values[from + i] > values[from + best]) best = i;
  return best;
}
