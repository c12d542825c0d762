import { seededRandom, type Random } from '../../../common/index.js';
import type { Batch } from '../../../engine/index.js';
import type { BatchSource } from '../../../training/index.js';
import { drawMask, maskSchedule } from './masks.js';
import type { Tokens } from './tokens.js';

/** A distinct chunk and how many sessions it stands for. */
export interface Example {
  readonly keys: Int32Array;
  readonly weight: number;
}

export interface Masking {
  readonly ratio: number;
  readonly passes: number;
  readonly seed: number;
}

/** Of the positions masked in training, as BERT and LogBERT's code: 80 % become MASK, 10 % another key, 10 % stay. */
const [TO_MASK, TO_OTHER] = [0.8, 0.9];

/** Batches of this many are sorted by length, so that a graph runs several times before the state moves on. */
const BATCHES_SORTED_TOGETHER = 16;

/**
 * Masked batches for training and, with the fixed masks of the first pass, for validation. Rows of a batch are of one length's
 * graph; masks of training depend on (seed, update) alone.
 */
export class MaskedBatches implements BatchSource {
  /** The training centre, [H]; set before each epoch. */
  centre: Float32Array;
  private readonly lengthOf: Int32Array;

  constructor(private readonly examples: readonly Example[], private readonly tokens: Tokens, private readonly batchSize: number, private readonly masking: Masking, hidden: number) {
    this.centre = new Float32Array(hidden);
    this.lengthOf = Int32Array.from(examples, ({ keys }) => tokens.lengthFor(keys.length));
  }

  get count(): number {
    return this.examples.length;
  }

  /** The same for every order. */
  get batchesPerEpoch(): number {
    return this.cut(Uint32Array.from(this.examples, (_, i) => i)).length;
  }

  /** Examples of a length in the order given, as many as fit at a time; batches in the order of their first example, near ones by length. */
  cut(order: Uint32Array): Uint32Array[] {
    const open = new Map<number, number[]>();
    const batches: { length: number; indices: number[] }[] = [];
    for (const i of order) {
      const length = this.lengthOf[i];
      let indices = open.get(length);
      if (indices === undefined) {
        open.set(length, (indices = []));
        batches.push({ length, indices });
      }
      indices.push(i);
      if (indices.length === this.batchSize) open.delete(length);
    }
    const out: Uint32Array[] = [];
    for (let at = 0; at < batches.length; at += BATCHES_SORTED_TOGETHER) {
      const run = batches.slice(at, at + BATCHES_SORTED_TOGETHER).sort((a, b) => a.length - b.length);
      out.push(...run.map(({ indices }) => Uint32Array.from(indices)));
    }
    return out;
  }

  batch(indices: Uint32Array, step: number): { batch: Batch; weight: number } {
    const { tokens, masking } = this;
    const random = step === 0 ? null : seededRandom(masking.seed * 7_919 + step);
    const builder = new BatchBuilder(tokens, this.batchSize, this.lengthOf[indices[0]]);
    for (const i of indices) {
      const { keys, weight } = this.examples[i];
      const row = builder.add(keys, weight);
      const masked = random === null ? maskSchedule(keys.length, masking.ratio, masking.passes, masking.seed)[0] : drawMask(keys.length, masking.ratio, random);
      for (const k of masked) builder.hide(row, k, keys[k], weight, random === null ? tokens.mask : this.disguise(keys[k], random));
    }
    return { batch: { ...builder.batch, centre: this.centre }, weight: builder.weight };
  }

  private disguise(key: number, random: Random): number {
    const draw = random();
    if (draw < TO_MASK) return this.tokens.mask;
    if (draw >= TO_OTHER) return key;
    const first = this.tokens.vocabulary.size - this.tokens.vocabulary.events.length;
    return first + Math.floor(random() * this.tokens.vocabulary.events.length);
  }
}

/** One batch of a graph's length, filled row by row: DIST, keys, padding. */
export class BatchBuilder {
  readonly batch: { ids: Int32Array; targets: Int32Array; weights: Float32Array; rows: Float32Array };
  /** Sum of the weights of all masked positions. */
  weight = 0;
  private rows = 0;

  constructor(tokens: Tokens, batchSize: number, private readonly length: number) {
    const cells = batchSize * length;
    this.batch = { ids: new Int32Array(cells), targets: new Int32Array(cells), weights: new Float32Array(cells), rows: new Float32Array(batchSize) };
    for (let row = 0; row < batchSize; row++) this.batch.ids[row * length] = tokens.dist;
  }

  /** Returns the row's number. */
  add(keys: Int32Array, weight: number): number {
    this.batch.ids.set(keys, this.rows * this.length + 1);
    this.batch.rows[this.rows] = weight;
    return this.rows++;
  }

  /** Puts `shown` in place of key k, which is to be predicted. */
  hide(row: number, k: number, key: number, weight: number, shown: number): void {
    const cell = row * this.length + 1 + k;
    this.batch.ids[cell] = shown;
    this.batch.targets[cell] = key;
    this.batch.weights[cell] = weight;
    this.weight += weight;
  }
}
