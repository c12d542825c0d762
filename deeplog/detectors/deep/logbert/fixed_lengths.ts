import type { CompiledForward, NumericArray } from '../../../engine/index.js';

/** Lengths that networks are exported for, DIST included; each graph has its own weights in its file, so there are few. */
const EXPORTED_LENGTHS = [32, 128] as const;

/** The lengths to export a network for whose longest sequence is `longest`. */
export function exportedLengths(longest: number): readonly number[] {
  return [...EXPORTED_LENGTHS.filter((l) => l < longest), longest];
}

/**
 * Networks of a few lengths in the place of those of every length: a batch of sequences is padded (with 0, which nothing attends to)
 * to the next length there is, and the answer cut to its own.
 */
export function onFixedLengths(forwards: ReadonlyMap<number, CompiledForward>, batchSize: number): CompiledForward {
  const lengths = [...forwards.keys()].sort((a, b) => a - b);
  const [first] = forwards.values();
  return {
    engine: first.engine,
    load: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
    async run({ ids }): Promise<Record<string, NumericArray>> {
      const length = ids.length / batchSize;
      const wide = lengths.find((l) => l >= length);
      const forward = wide === undefined ? undefined : forwards.get(wide);
      if (wide === undefined || forward === undefined) throw new RangeError(`no network for sequences of ${length}; there are ${lengths.join(', ')}`);
      const padded = new Int32Array(batchSize * wide);
      for (let row = 0; row < batchSize; row++) padded.set(ids.subarray(row * length, (row + 1) * length), row * wide);
      const { log_probabilities: wideLog, dist } = await forward.run({ ids: padded });
      const classes = wideLog.length / (batchSize * wide);
      const log = new Float32Array(batchSize * length * classes);
      for (let row = 0; row < batchSize; row++) log.set(wideLog.subarray(row * wide * classes, (row * wide + length) * classes), row * length * classes);
      return { log_probabilities: log, dist };
    },
  };
}
