import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { CompiledForward, Engine, Model, State } from '../../engine/index.js';
import { textAutoencoderModel, type Pooling } from '../../models/index.js';
import { bucketFor, bucketLengths, END_OF_LINE, TokenVocabulary, type Digits, type LineBook } from '../../text/index.js';
import { bucketed, clipped, trainLoop, type BatchSource, type ModelFamily, type Reporter, type TrainResult } from '../../training/index.js';
import { EXPORT_ROWS, type ExportableNetwork, type NetworkRunner } from '../exportable.js';
import { repeated } from './repeated.js';
import { weigh, type Weighting } from './weighting.js';

export interface LineEncoderOptions {
  readonly embedding: number;
  readonly latent: number;
  /** What of the encoder's states is a line's vector. */
  readonly pooling: Pooling;
  readonly dropout: number;
  /** How much a kind of line counts by how often it occurs. */
  readonly weighting: Weighting;
  /** Global norm that gradients are scaled down to. */
  readonly clip: number;
  /** Lengths that lines are padded to, at most: each is a graph. */
  readonly buckets: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly maxEpochs: number;
  readonly earlyStop: number;
}

/**
 * Rate and norm by validation loss on hdfs-raw's lines: .112 where .002 and the paper's 5 have .183 after the same epochs; pooling and weighting
 * by what tells kinds of lines apart, without labels (docs/results/autoencoder.md, "What made the seeds differ").
 */
export const LINE_ENCODER_DEFAULTS: LineEncoderOptions = { embedding: 100, latent: 50, pooling: 'max', dropout: 0.2, weighting: 'log', clip: 1, buckets: 3, batchSize: 64, learningRate: 5e-3, maxEpochs: 40, earlyStop: 5 };

/** What the models saved before there was a choice had. */
const BEFORE = { pooling: 'last', weighting: 'count' } as const;

/** A line's vector, and how badly it was written again: mean −ln p of its tokens. */
export interface EncodedLines {
  /** [n, latent] */
  readonly latents: Float32Array;
  readonly errors: Float32Array;
}

/** The trained text autoencoder: lines as token ids in, vectors out. */
export class LineEncoder {
  private forward: CompiledForward | null = null;
  /** Vectors and errors as they come, not in steps. */
  private exact = false;

  private constructor(
    readonly vocabulary: TokenVocabulary, readonly longest: number, readonly buckets: readonly number[], readonly options: LineEncoderOptions,
    readonly parameters: State['parameters'], readonly training: TrainResult | null,
  ) {}

  /**
   * Trains on distinct lines, weighted by how often each occurs. Early stopping looks at the validation lines.
   * @throws DivergedError, InterruptedError
   */
  static async train(train: LineBook, validation: LineBook, options: LineEncoderOptions, engine: Engine, seed: number, report: Reporter, signal: AbortSignal): Promise<LineEncoder> {
    const { vocabulary, longest } = train;
    const buckets = bucketLengths([...train.lines, ...validation.lines].map((l) => l.length), options.buckets, longest);
    const family = familyOf(vocabulary, buckets, options);
    const training = await trainLoop(clipped(bucketed(engine, family), options.clip), family.at(family.first), repeated(lineBatches(train, buckets, options), options.batchSize), lineBatches(validation, buckets, options),
      { batchSize: options.batchSize, maxEpochs: options.maxEpochs, learningRate: options.learningRate, earlyStop: options.earlyStop, seed }, report, signal);
    const encoder = new LineEncoder(vocabulary, longest, buckets, options, training.parameters, training);
    await encoder.compile(engine);
    return encoder;
  }

  async encode(lines: readonly Int32Array[]): Promise<EncodedLines> {
    const { forward, buckets, exact, options: { latent: L, batchSize: B } } = this;
    if (forward === null) throw new RangeError('the encoder was disposed of');
    const given = exact ? (value: number): number => value : stepped;
    const latents = new Float32Array(lines.length * L);
    const errors = new Float32Array(lines.length);
    for (const rows of byBucket(lines, buckets, Uint32Array.from({ length: lines.length }, (_, i) => i), B)) {
      const out = await forward.run({ ids: padded(lines, rows, bucketFor(buckets, lines[rows[0]].length), B) });
      rows.forEach((line, row) => {
        for (let k = 0; k < L; k++) latents[line * L + k] = given(out['latent'][row * L + k]);
        errors[line] = given(out['errors'][row]);
      });
    }
    return { latents, errors };
  }

  async save(folder: string): Promise<void> {
    const shapes = new Map(familyOf(this.vocabulary, this.buckets, this.options).at(this.buckets[0]).parameters.map((p) => [p.name, p.shape]));
    await writeTensors(path.join(folder, 'model.safetensors'), Object.fromEntries(Object.entries(this.parameters).map(([name, data]) => [name, { shape: shapes.get(name) ?? [data.length], data }])));
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.text_autoencoder/1', options: this.options, longest: this.longest, buckets: this.buckets, digits: this.vocabulary.digits, tokens: this.vocabulary.tokens });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string, engine: Engine): Promise<LineEncoder> {
    const config = (await readJson(path.join(folder, 'config.json'))) as Saved;
    if (config.schema !== 'deeplog.text_autoencoder/1') throw new DataError(`${folder}: holds no text autoencoder (its schema is ${JSON.stringify(config.schema)}). Name the folder that "autoencoder train" wrote.`);
    const tensors = await readTensors(path.join(folder, 'model.safetensors'));
    const encoder = new LineEncoder(new TokenVocabulary(config.tokens, config.digits), config.longest, config.buckets, { ...BEFORE, ...config.options }, Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data])), null);
    await encoder.compile(engine);
    return encoder;
  }

  /** The encoder and decoder at each length that lines are padded to. */
  networks(): readonly ExportableNetwork[] {
    const family = familyOf(this.vocabulary, this.buckets, { ...this.options, batchSize: EXPORT_ROWS });
    return this.buckets.map((length) => ({
      name: networkName(length), model: family.at(length), parameters: this.parameters,
      inputs: { ids: { meaning: `token ids of a line, then ${END_OF_LINE} (END), then 0 up to ${length}`, below: this.vocabulary.size } },
      outputs: { latent: "the line's vector", errors: 'mean −ln p of its tokens and END when it is written again; the score does not use it' },
    }));
  }

  /** The same encoder with its networks answered by `run`, by the engine when that is null; nothing is rounded. */
  answeredBy(run: NetworkRunner | null): LineEncoder {
    const { vocabulary, longest, buckets, options, forward } = this;
    const twin = new LineEncoder(vocabulary, longest, buckets, options, this.parameters, this.training);
    twin.exact = true;
    twin.forward = run === null || forward === null ? forward : { ...NOTHING_TO_DO, engine: forward.engine, run: (batch) => run(networkName(batch['ids'].length / options.batchSize)).run(batch) };
    return twin;
  }

  modelBytes(): number {
    return Object.values(this.parameters).reduce((sum, a) => sum + a.byteLength, 0);
  }

  async dispose(): Promise<void> {
    await this.forward?.dispose();
    this.forward = null;
  }

  private async compile(engine: Engine): Promise<void> {
    const family = familyOf(this.vocabulary, this.buckets, this.options);
    this.forward = await bucketed(engine, family).compileForward(family.at(family.first));
    await this.forward.load(this.parameters);
  }
}

const NOTHING_TO_DO = { load: () => Promise.resolve(), dispose: () => Promise.resolve() };

function networkName(length: number): string {
  return `line_encoder_length_${length}`;
}

interface Saved {
  readonly schema: string;
  readonly options: LineEncoderOptions;
  readonly longest: number;
  readonly buckets: number[];
  readonly digits: Digits;
  readonly tokens: string[];
}

function familyOf(vocabulary: TokenVocabulary, buckets: readonly number[], { embedding, latent, pooling, dropout, batchSize }: LineEncoderOptions): ModelFamily {
  const models = new Map<number, Model>();
  return {
    first: buckets[0],
    lengthOf: (batch) => batch['ids'].length / batchSize,
    at: (length) => {
      let model = models.get(length);
      if (model === undefined) models.set(length, (model = textAutoencoderModel({ vocabularySize: vocabulary.size, length, end: END_OF_LINE, embedding, latent, pooling, dropout, batchSize })));
      return model;
    },
  };
}

function lineBatches({ lines, weights: counts }: LineBook, buckets: readonly number[], { batchSize, weighting }: LineEncoderOptions): BatchSource {
  const weights = weigh(counts, weighting);
  return {
    count: lines.length,
    cut: (order) => byBucket(lines, buckets, order, batchSize),
    batch: (indices) => {
      const own = Float32Array.from({ length: batchSize }, (_, row) => (row < indices.length ? weights[indices[row]] : 0));
      return { batch: { ids: padded(lines, indices, bucketFor(buckets, lines[indices[0]].length), batchSize), weights: own }, weight: own.reduce((a, b) => a + b, 0) };
    },
  };
}

/** The lines in the given order, cut into batches of one bucket each; a bucket's batches follow each other. */
function byBucket(lines: readonly Int32Array[], buckets: readonly number[], order: Uint32Array, batchSize: number): Uint32Array[] {
  const out: Uint32Array[] = [];
  for (const bucket of buckets) {
    const own = order.filter((i) => bucketFor(buckets, lines[i].length) === bucket);
    for (let at = 0; at < own.length; at += batchSize) out.push(own.subarray(at, at + batchSize));
  }
  return out;
}

/** [batchSize, length] ids, zeros after each line; a line that is longer loses the tokens before its END. */
function padded(lines: readonly Int32Array[], indices: Uint32Array, length: number, batchSize: number): Int32Array {
  const ids = new Int32Array(batchSize * length);
  indices.forEach((line, row) => {
    const own = lines[line];
    ids.set(own.length <= length ? own : [...own.subarray(0, length - 1), END_OF_LINE], row * length);
  });
  return ids;
}

/** Vectors are given in these steps. A product may differ in its last bit with the row a line stands in: in steps, a line has one vector. */
export const VECTOR_STEPS = 1e5;

function stepped(value: number): number {
  return Math.round(value * VECTOR_STEPS) / VECTOR_STEPS;
}
