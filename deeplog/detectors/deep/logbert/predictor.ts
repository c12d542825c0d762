import type { CompiledForward, Engine, State } from '../../../engine/index.js';
import { logBertModel } from '../../../models/index.js';
import { UNK } from '../../../sequences/index.js';
import { bucketed, type ModelFamily } from '../../../training/index.js';
import { BatchBuilder, type Masking } from './masked_batches.js';
import { maskSchedule } from './masks.js';
import type { Chunk, Tokens } from './tokens.js';

export interface NetworkShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly batchSize: number;
  readonly dropout: number;
  readonly alpha: number;
}

/** The network at every length that there is a graph for. */
export function networkFamily(tokens: Tokens, shape: NetworkShape, first: number): ModelFamily {
  const { hidden, layers, heads, batchSize, dropout, alpha } = shape;
  return {
    first,
    at: (sequenceLength) => logBertModel({ tokens: tokens.size, classes: tokens.vocabulary.size, sequenceLength, longest: tokens.longest, hidden, layers, heads, batchSize, dropout, alpha }),
    lengthOf: (batch) => batch['ids'].length / batchSize,
  };
}

/** What a fitted network says of one chunk in one pass. */
export interface PassResult {
  readonly chunk: Chunk;
  readonly masked: Uint32Array;
  /** Rank of the key at each masked position, from 1; an unknown key is behind all others. */
  readonly ranks: Int32Array;
  /** Its log p. */
  readonly logP: Float32Array;
  /** The most likely keys at each masked position, when asked for. */
  readonly likely?: readonly (readonly { readonly index: number; readonly probability: number }[])[];
  /** The vector of DIST, [H]; valid during the call only. */
  readonly dist: Float32Array;
}

/** Log probabilities closer than this are ties: products differ in their last bit with the row that a chunk stands in. */
const TIE = 1e-5;

/** Runs chunks through the network under the scheduled masks. */
export class Predictor {
  private forward: Promise<CompiledForward> | null = null;

  constructor(private readonly engine: Engine, private readonly tokens: Tokens, private readonly shape: NetworkShape, private readonly masking: Masking) {}

  async load(parameters: State['parameters'], first: number): Promise<void> {
    const family = networkFamily(this.tokens, this.shape, first);
    this.forward ??= bucketed(this.engine, family).compileForward(family.at(first));
    await (await this.forward).load(parameters);
  }

  /** The same, with its chunks answered by another forward pass. */
  answeredBy(forward: CompiledForward): Predictor {
    const twin = new Predictor(this.engine, this.tokens, this.shape, this.masking);
    twin.forward = Promise.resolve(forward);
    return twin;
  }

  async dispose(): Promise<void> {
    await (await this.forward)?.dispose();
    this.forward = null;
  }

  /** Every chunk in the passes named (all when absent); `take` gets each result in no particular order. */
  async run(chunks: readonly Chunk[], take: (result: PassResult) => void, { passes = this.masking.passes, likely = 0 } = {}): Promise<void> {
    const forward = await this.forward;
    if (forward === null) throw new Error('The predictor has no weights yet: call load first.');
    const byLength = new Map<number, { chunk: Chunk; masked: Uint32Array }[]>();
    for (const chunk of chunks) {
      const length = this.tokens.lengthFor(chunk.keys.length);
      const work = byLength.get(length) ?? [];
      byLength.set(length, work);
      for (const masked of maskSchedule(chunk.keys.length, this.masking.ratio, this.masking.passes, this.masking.seed).slice(0, passes)) work.push({ chunk, masked });
    }
    for (const [length, work] of [...byLength].sort(([a], [b]) => a - b)) {
      for (let at = 0; at < work.length; at += this.shape.batchSize) await this.runBatch(forward, length, work.slice(at, at + this.shape.batchSize), likely, take);
    }
  }

  private async runBatch(forward: CompiledForward, length: number, work: readonly { chunk: Chunk; masked: Uint32Array }[], likely: number, take: (result: PassResult) => void): Promise<void> {
    const builder = new BatchBuilder(this.tokens, this.shape.batchSize, length);
    for (const { chunk: { keys }, masked } of work) {
      const row = builder.add(keys, 1);
      for (const k of masked) builder.hide(row, k, keys[k], 1, this.tokens.mask);
    }
    const { log_probabilities: logP, dist } = (await forward.run({ ids: builder.batch.ids })) as Record<string, Float32Array>;
    const V = this.tokens.vocabulary.size;
    work.forEach(({ chunk, masked }, row) => {
      const at = (k: number): Float32Array => logP.subarray((row * length + 1 + k) * V, (row * length + 2 + k) * V);
      take({
        chunk, masked,
        ranks: Int32Array.from(masked, (k) => rankOf(at(k), chunk.keys[k])),
        logP: Float32Array.from(masked, (k) => at(k)[chunk.keys[k]]),
        dist: dist.subarray(row * this.shape.hidden, (row + 1) * this.shape.hidden),
        ...(likely > 0 ? { likely: Array.from(masked, (k) => mostLikely(at(k), likely)) } : {}),
      });
    });
  }
}

/** 1 for the most likely key; ties share the better rank; behind everything for an unknown one. */
function rankOf(logP: Float32Array, key: number): number {
  if (key === UNK) return logP.length + 1;
  const value = logP[key] + TIE;
  let rank = 1;
  for (let i = 0; i < logP.length; i++) if (logP[i] > value) rank++;
  return rank;
}

function mostLikely(logP: Float32Array, count: number): { index: number; probability: number }[] {
  return Array.from(logP, (value, index) => ({ index, probability: Math.exp(value) })).sort((a, b) => b.probability - a.probability).slice(0, count);
}
