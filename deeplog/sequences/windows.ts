import { END, PAD, type Vocabulary } from './vocabulary.js';

/** Distinct (window → next key) pairs, each with the number of times it occurs. */
export interface Windows {
  readonly count: number;
  readonly windowSize: number;
  /** [count × windowSize] vocabulary indices. */
  readonly windows: Int32Array;
  readonly targets: Int32Array;
  /** How often each pair occurs; float because it weights the loss. */
  readonly weights: Float32Array;
}

/**
 * Slides over sequences: the `windowSize` keys before a key, padded on the left, predict it, from the first key on. With
 * `predictEnd` END follows the last key. Equal pairs are merged and weighted: the same loss at a fraction of the work.
 */
export class WindowBuilder {
  private windows = new Int32Array(1 << 14);
  private targets = new Int32Array(1 << 10);
  private weights = new Float32Array(1 << 10);
  private slots = new Int32Array(1 << 11).fill(-1);
  private hashes = new Int32Array(1 << 10);
  private count = 0;
  private padded = new Int32Array(256);

  constructor(private readonly vocabulary: Vocabulary, private readonly windowSize: number, private readonly predictEnd: boolean) {
    this.windows = new Int32Array((1 << 10) * windowSize);
  }

  /**
   * Adds a sequence that occurs `weight` times; `into`, when given, receives the pair index of each position in turn.
   */
  add(sequence: ArrayLike<number>, weight: number, into?: (pair: number) => void): void {
    const { windowSize } = this;
    const length = sequence.length + (this.predictEnd ? 1 : 0);
    const need = windowSize + length;
    if (need > this.padded.length) this.padded = new Int32Array(need * 2);
    const { padded } = this;
    padded.fill(PAD, 0, windowSize);
    for (let i = 0; i < sequence.length; i++) padded[windowSize + i] = this.vocabulary.index(sequence[i]);
    if (this.predictEnd) padded[windowSize + sequence.length] = END;
    for (let i = 0; i < length; i++) {
      const pair = this.intern(padded, i);
      this.weights[pair] += weight;
      into?.(pair);
    }
  }

  build(): Windows {
    return {
      count: this.count,
      windowSize: this.windowSize,
      windows: this.windows.slice(0, this.count * this.windowSize),
      targets: this.targets.slice(0, this.count),
      weights: this.weights.slice(0, this.count),
    };
  }

  /** Pair of padded[at, at + windowSize) → padded[at + windowSize]. */
  private intern(padded: Int32Array, at: number): number {
    const { windowSize, windows, targets } = this;
    let hash = 17;
    for (let i = at; i <= at + windowSize; i++) {
      hash = Math.imul(hash ^ padded[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (let pair = this.slots[slot]; pair >= 0; slot = (slot + 1) & mask, pair = this.slots[slot]) {
      if (this.hashes[pair] !== hash || targets[pair] !== padded[at + windowSize]) continue;
      let i = 0;
      while (i < windowSize && windows[pair * windowSize + i] === padded[at + i]) i++;
      if (i === windowSize) return pair;
    }
    const pair = this.count++;
    if (pair === this.targets.length) this.grow();
    for (let i = 0; i < windowSize; i++) this.windows[pair * windowSize + i] = padded[at + i];
    this.targets[pair] = padded[at + windowSize];
    this.hashes[pair] = hash;
    this.slots[slot] = pair;
    if (this.count * 2 > this.slots.length) this.rehash();
    return pair;
  }

  private grow(): void {
    const bigger = <T extends Int32Array | Float32Array>(a: T): T => {
      const larger = new (a.constructor as new (n: number) => T)(a.length * 2);
      larger.set(a);
      return larger;
    };
    this.windows = bigger(this.windows);
    this.targets = bigger(this.targets);
    this.weights = bigger(this.weights);
    this.hashes = bigger(this.hashes);
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    for (let pair = 0; pair < this.count; pair++) {
      let slot = this.hashes[pair] & mask;
      while (this.slots[slot] >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = pair;
    }
  }
}
