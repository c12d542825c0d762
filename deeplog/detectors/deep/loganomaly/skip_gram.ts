import { permutation, seededRandom } from '../../../common/index.js';

export interface SkipGramOptions {
  readonly dimensions: number;
  /** Words on each side that a word predicts. */
  readonly window: number;
  /** Words drawn against each true pair. */
  readonly negatives: number;
  readonly epochs: number;
  /** At the start; falls linearly to a hundredth. */
  readonly learningRate: number;
  readonly seed: number;
}

export const SKIP_GRAM_DEFAULTS: Omit<SkipGramOptions, 'seed'> = { dimensions: 100, window: 5, negatives: 5, epochs: 50, learningRate: 0.05 };

/** Word vectors by word, each `dimensions` long. */
export type WordVectors = ReadonlyMap<string, Float32Array>;

/**
 * Word vectors by skip-gram with negative sampling (Mikolov et al. 2013b): a word's vector predicts its neighbours against words
 * drawn by frequency^¾. Small corpora (templates), so there is no subsampling, every word is kept and the window is not shrunk at random.
 * The same corpus, options and seed give the same vectors.
 */
export function trainSkipGram(sentences: readonly (readonly string[])[], options: SkipGramOptions): WordVectors {
  const { dimensions: D, window, negatives, epochs, learningRate, seed } = options;
  const indices = new Map<string, number>();
  const counts: number[] = [];
  const corpus = sentences.map((sentence) => sentence.map((word) => {
    const known = indices.get(word) ?? indices.size;
    indices.set(word, known);
    counts[known] = (counts[known] ?? 0) + 1;
    return known;
  }));
  const random = seededRandom(seed);
  const input = Float32Array.from({ length: indices.size * D }, () => (random() - 0.5) / D);
  const output = new Float32Array(indices.size * D);
  const draw = sampler(counts.map((c) => c ** 0.75), random);
  const pairs = corpus.flatMap((sentence) => sentence.flatMap((word, i) => sentence.slice(Math.max(0, i - window), i + window + 1).flatMap((other, j) => (Math.max(0, i - window) + j === i ? [] : [[word, other]]))));
  const change = new Float32Array(D);
  let done = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const p of permutation(pairs.length, random)) {
      const rate = learningRate * Math.max(0.01, 1 - done++ / (epochs * pairs.length));
      const [word, other] = pairs[p];
      const w = input.subarray(word * D, (word + 1) * D);
      change.fill(0);
      for (let k = 0; k <= negatives; k++) {
        const target = k === 0 ? other : draw();
        if (k > 0 && target === other) continue;
        const o = output.subarray(target * D, (target + 1) * D);
        let dot = 0;
        for (let d = 0; d < D; d++) dot += w[d] * o[d];
        // The gradient of log σ(dot) for the true pair, of log σ(−dot) for the others.
        const slope = rate * ((k === 0 ? 1 : 0) - 1 / (1 + Math.exp(-dot)));
        for (let d = 0; d < D; d++) {
          change[d] += slope * o[d];
          o[d] += slope * w[d];
        }
      }
      for (let d = 0; d < D; d++) w[d] += change[d];
    }
  }
  return new Map([...indices].map(([word, i]) => [word, input.slice(i * D, (i + 1) * D)]));
}

/** Draws indices with probability proportional to their weights. */
function sampler(weights: readonly number[], random: () => number): () => number {
  const sums: number[] = [];
  let total = 0;
  for (const w of weights) sums.push((total += w));
  return () => {
    const at = random() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
