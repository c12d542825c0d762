import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors, type NamedTensors } from '../../../artifacts/index.js';
import { DataError, permutation, seededRandom } from '../../../common/index.js';
import type { Engine, State } from '../../../engine/index.js';
import { Vocabulary } from '../../../sequences/index.js';
import { bucketed, trainLoop, warmupInverseSquareRoot, type TrainResult } from '../../../training/index.js';
import { EXPORT_ROWS, type Exportable, type ExportableNetwork, type NetworkRunner } from '../../exportable.js';
import type { Detector, EmbeddingSpace, Evidence, FitContext, Need, Session, SessionSource } from '../../types.js';
import { euclidean, likenessRadius, spaceId } from '../../embedding_space.js';
import { Calibration } from '../calibration.js';
import { explainChunks } from './explain.js';
import { exportedLengths, onFixedLengths } from './fixed_lengths.js';
import { MaskedBatches, type Example } from './masked_batches.js';
import { checkLogBertOptions, LOGBERT_DEFAULTS, type LogBertOptions, type LogBertScore, type SavedLogBert } from './options.js';
import { networkFamily, Predictor } from './predictor.js';
import { logBertRecipe } from './recipe.js';
import { Tokens, type Chunk } from './tokens.js';

const IDS: Readonly<Record<LogBertScore, string>> = { both: 'logbert', missed: 'logbert-missed', distance: 'logbert-distance' };

/** Training examples whose DIST vectors make the centre during training; the final one is of all. */
const CENTRE_EXAMPLES = 2048;
/** Distances are given in these steps, so that a session scores the same alone and in any batch. */
const DISTANCE_STEP = 1e-3;
/** Training sequences that tell how near vectors of normal sessions are to each other. */
const RADIUS_SESSIONS = 4000;
/** Vectors for clusters are given in these steps, for the same reason. */
const EMBEDDING_STEP = 1e-4;
const EVIDENCE_WITHOUT_THRESHOLD = 5;

/** What is measured of sessions: share of masked keys outside the top g, and distance of DIST to the centre, over all passes. */
interface Measured {
  readonly missed: Float64Array;
  readonly distance: Float64Array;
  /** DIST averaged over the passes, in steps; of the farthest chunk. */
  readonly vectors: readonly Float32Array[];
}

/**
 * LogBERT (Guo, Yuan & Wu, IJCNN 2021) as a detector. Scored by the share of masked keys that are not among the g most likely and
 * by the distance of the DIST vector to the training centre, each as unusual as it is among validation's normal sessions.
 * Masks are fixed by seed and length and cover every position; sessions of any length are scored; an unknown key is a missed one.
 */
export class LogBert implements Exportable {
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly usesEngine = true;
  readonly family = 'logbert';
  training: TrainResult | null = null;
  private tokens = new Tokens(new Vocabulary([]), 2);
  private parameters: State['parameters'] = {};
  private centre: Float32Array = new Float32Array(0);
  private maskSeed = 0;
  private predictor: Predictor | null = null;
  /** Distances as they come, without rounding. */
  private exact = false;
  /** Vectors this near are alike; null in models fitted before there was one. */
  private radius: number | null = null;
  private calibrations: { missed: Calibration; distance: Calibration } | null = null;

  /** @param given the vocabulary to use; of all training keys when absent */
  constructor(readonly options: LogBertOptions, private readonly given: Vocabulary | null = null) {
    checkLogBertOptions(options);
  }

  get id(): string {
    return IDS[this.options.score];
  }

  get vocabularySize(): number {
    return this.tokens.vocabulary.size;
  }

  config(): Readonly<Record<string, unknown>> {
    return { ...this.options, score: 'any', ...(this.given === null ? {} : { vocabulary: this.given.events }) };
  }

  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
    const o = this.options;
    const sequences = [...train.distinct()];
    const held = [...validation.distinct()];
    this.tokens = new Tokens(this.given ?? Vocabulary.fit(sequences.map(({ session }) => session.events)), o.maxLength);
    this.maskSeed = context.seed;
    const examples = this.examples(sequences);
    if (examples.length === 0) throw new DataError('All training sessions are empty: there is nothing to learn from.');
    const engine = await context.engine();
    const family = networkFamily(this.tokens, o, this.tokens.lengthFor(examples[0].keys.length));
    const source = new MaskedBatches(examples, this.tokens, o.batchSize, this.masking, o.hidden);
    const validationSource = new MaskedBatches(this.examples(held), this.tokens, o.batchSize, this.masking, o.hidden);
    this.predictor = this.makePredictor(engine);
    const predictor = this.predictor;
    const sample = Array.from(permutation(examples.length, seededRandom(context.seed)).subarray(0, CENTRE_EXAMPLES), (i) => examples[i]);
    this.training = await trainLoop(bucketed(engine, family), family.at(family.first), source, validationSource, {
      batchSize: o.batchSize, maxEpochs: Math.min(o.maxEpochs, Math.ceil(o.maxSteps / source.batchesPerEpoch)), learningRate: o.learningRate, schedule: warmupInverseSquareRoot(o.warmupSteps), earlyStop: o.earlyStop, seed: context.seed,
      beforeEpoch: async (_, parameters) => {
        await predictor.load(parameters, family.first);
        source.centre = validationSource.centre = await this.centreOf(predictor, sample);
      },
    }, context.report, context.signal);
    this.parameters = this.training.parameters;
    await predictor.load(this.parameters, family.first);
    this.centre = await this.centreOf(predictor, examples);
    await this.calibrate(sequences, held);
  }

  async scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const { missed, distance } = await this.measure(sessions);
    return Float64Array.from(sessions, (_, s) => this.combined(missed[s], distance[s]));
  }

  async explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const { missed, distance } = await this.measure([session]);
    const { predictor, calibrations } = this;
    if (predictor === null || calibrations === null) throw notFitted();
    const parts = { missed: calibrations.missed.unusual(missed[0]), distance: calibrations.distance.unusual(distance[0]) };
    const evidence: Evidence[] = [];
    if (this.options.score !== 'distance') evidence.push(...(await explainChunks(predictor, this.tokens, this.tokens.chunks(session.events, 0), session, this.options.topG, parts.missed)));
    if (this.options.score !== 'missed') {
      evidence.push({
        index: session.events.length, event: null, score: parts.distance, expected: [],
        reason: `the session as a whole is ${distance[0].toFixed(3)} from the centre of training; the farthest normal one of validation is ${(calibrations.distance.highest[0] ?? 0).toFixed(3)}`,
      });
    }
    evidence.sort((a, b) => b.score - a.score);
    return threshold === undefined ? evidence.slice(0, EVIDENCE_WITHOUT_THRESHOLD) : evidence.filter((e) => e.score > threshold);
  }

  async save(folder: string): Promise<void> {
    if (this.calibrations === null) throw notFitted();
    const shapes = new Map(networkFamily(this.tokens, this.options, this.tokens.longest).at(this.tokens.longest).parameters.map((p) => [p.name, p.shape]));
    const tensors: NamedTensors = Object.fromEntries(Object.entries(this.parameters).map(([name, data]) => [name, { shape: shapes.get(name) ?? [data.length], data }]));
    await writeTensors(path.join(folder, 'model.safetensors'), { ...tensors, centre: { shape: [this.centre.length], data: this.centre } });
    await writeJson(path.join(folder, 'config.json'), {
      schema: 'deeplog.detector/1', detector: this.id, model: 'logbert', options: this.options, mask_seed: this.maskSeed, vocabulary: this.tokens.vocabulary.events, calibrations: this.calibrations, radius: this.radius,
    });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string, engine: Engine): Promise<LogBert> {
    const config = (await readJson(path.join(folder, 'config.json'))) as SavedLogBert;
    const score = (Object.keys(IDS) as LogBertScore[]).find((s) => IDS[s] === config.detector);
    if (config.model !== 'logbert' || score === undefined || !Array.isArray(config.vocabulary)) throw new DataError(`${folder}: holds no LogBERT model (model is ${String(config.model)}).`);
    const detector = new LogBert({ ...LOGBERT_DEFAULTS, ...config.options, score });
    detector.tokens = new Tokens(new Vocabulary(config.vocabulary), detector.options.maxLength);
    detector.maskSeed = config.mask_seed;
    const { centre, ...tensors } = await readTensors(path.join(folder, 'model.safetensors'));
    const [length] = detector.tokens.lengths;
    const wanted = networkFamily(detector.tokens, detector.options, length).at(length).parameters;
    for (const { name, shape } of [...wanted, { name: 'centre', shape: [detector.options.hidden] }]) {
      const tensor = name === 'centre' ? centre : tensors[name];
      if (tensor === undefined || tensor.shape.join() !== shape.join()) throw new DataError(`${folder}: the weights do not fit config.json (${name} is ${tensor?.shape.join('×') ?? 'missing'}, expected ${shape.join('×')}).`);
    }
    detector.parameters = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data]));
    detector.centre = centre.data;
    detector.calibrations = { missed: Calibration.fromJSON(config.calibrations.missed), distance: Calibration.fromJSON(config.calibrations.distance) };
    detector.radius = config.radius ?? null;
    detector.predictor = detector.makePredictor(engine);
    await detector.predictor.load(detector.parameters, length);
    return detector;
  }

  /** The same fitted network with this detector's score. */
  adopt(fitted: Detector): LogBert {
    if (!(fitted instanceof LogBert)) throw new DataError(`${this.id} cannot take over a ${fitted.id} model.`);
    const twin = new LogBert({ ...fitted.options, score: this.options.score });
    Object.assign(twin, { tokens: fitted.tokens, parameters: fitted.parameters, centre: fitted.centre, maskSeed: fitted.maskSeed, predictor: fitted.predictor, calibrations: fitted.calibrations, radius: fitted.radius, training: fitted.training });
    return twin;
  }

  networks(): readonly ExportableNetwork[] {
    const family = networkFamily(this.tokens, { ...this.options, batchSize: EXPORT_ROWS }, this.tokens.longest);
    return exportedLengths(this.tokens.longest).map((length) => ({
      name: networkName(length), model: family.at(length), parameters: this.parameters,
      inputs: { ids: { meaning: `token ids: DIST (${this.tokens.dist}), then the keys of a chunk, those to be predicted as MASK (${this.tokens.mask}), then 0 up to ${length}`, below: this.tokens.size } },
      outputs: { log_probabilities: `natural logarithm of the probability of each vocabulary index at each position, rows × ${length} of them`, dist: "the vector of DIST, to be compared with the centre" },
    }));
  }

  answeredBy(run: NetworkRunner | null): LogBert {
    const twin = this.adopt(this);
    twin.exact = true;
    if (run !== null && this.predictor !== null) twin.predictor = this.predictor.answeredBy(onFixedLengths(new Map(exportedLengths(this.tokens.longest).map((length) => [length, run(networkName(length))])), this.options.batchSize));
    return twin;
  }

  async scoredOn(sessions: readonly Session[]): Promise<readonly Float64Array[]> {
    const { missed, distance } = await this.measure(sessions);
    return [missed, distance];
  }

  scoringData(): Readonly<Record<string, unknown>> {
    return { centre: Array.from(this.centre), distance_step: DISTANCE_STEP, mask: this.tokens.mask, dist: this.tokens.dist, longest: this.tokens.longest };
  }

  scoringRecipe(): readonly string[] {
    return logBertRecipe(this.options);
  }

  modelBytes(): number | null {
    const arrays = Object.values(this.parameters);
    return arrays.length === 0 ? null : arrays.reduce((sum, a) => sum + a.byteLength, 0);
  }

  async dispose(): Promise<void> {
    await this.predictor?.dispose();
    this.predictor = null;
  }

  /** Share of missed keys, distance to the centre and vector of each session. */
  async measure(sessions: readonly Session[]): Promise<Measured> {
    const { predictor, centre, options: { topG, passes } } = this;
    if (predictor === null) throw notFitted();
    const chunks = sessions.flatMap(({ events }, s) => this.tokens.chunks(events, s));
    const [missed, masked] = [new Float64Array(sessions.length), new Float64Array(sessions.length)];
    const measured = new Map(chunks.map((chunk) => [chunk, { distance: 0, dist: new Float64Array(centre.length) }]));
    await predictor.run(chunks, ({ chunk, masked: positions, ranks, dist }) => {
      masked[chunk.session] += positions.length;
      for (const rank of ranks) if (rank > topG) missed[chunk.session]++;
      const own = measured.get(chunk);
      if (own === undefined) return;
      own.distance += euclidean(dist, centre) / passes;
      for (let i = 0; i < dist.length; i++) own.dist[i] += dist[i] / passes;
    });
    const distance = new Float64Array(sessions.length);
    const vectors: Float32Array[] = new Array(sessions.length);
    for (const [{ session }, own] of measured) {
      const d = this.exact ? own.distance : Math.round(own.distance / DISTANCE_STEP) * DISTANCE_STEP;
      if (vectors[session] !== undefined && d <= distance[session]) continue;
      distance[session] = d;
      vectors[session] = Float32Array.from(own.dist, (x) => Math.round(x / EMBEDDING_STEP) * EMBEDDING_STEP);
    }
    return { missed: missed.map((m, s) => (masked[s] === 0 ? 0 : m / masked[s])), distance, vectors };
  }

  get embeddings(): EmbeddingSpace | null {
    const { radius } = this;
    return radius === null ? null : { kind: 'clusters of DIST vectors', radius, id: spaceId({ ...this.parameters, centre: this.centre }, radius) };
  }

  /** One vector a session: that of DIST, averaged over the passes; of the chunk farthest from the centre where there are several. */
  async embed(sessions: readonly Session[]): Promise<Float32Array[][]> {
    return (await this.measure(sessions)).vectors.map((v) => [v]);
  }

  private combined(missed: number, distance: number): number {
    if (this.calibrations === null) throw notFitted();
    const { calibrations, options: { score } } = this;
    return Math.max(score === 'distance' ? 0 : calibrations.missed.unusual(missed), score === 'missed' ? 0 : calibrations.distance.unusual(distance));
  }

  private async calibrate(sequences: readonly { session: Session }[], held: readonly { session: Session; count: number }[]): Promise<void> {
    const normal = held.filter(({ session }) => session.label !== true);
    const { missed, distance, vectors } = await this.measure(normal.map(({ session }) => session));
    const repeated = (values: Float64Array): number[] => Array.from(values).flatMap((v, i) => new Array<number>(normal[i].count).fill(v));
    this.calibrations = { missed: Calibration.fit(repeated(missed)), distance: Calibration.fit(repeated(distance)) };
    const every = Math.ceil(sequences.length / RADIUS_SESSIONS);
    this.radius = likenessRadius((await this.measure(sequences.filter((_, i) => i % every === 0).map(({ session }) => session))).vectors, vectors);
  }

  /** Weighted mean of the DIST vectors under the first pass's masks, without dropout. */
  private async centreOf(predictor: Predictor, examples: readonly Example[]): Promise<Float32Array> {
    const sum = new Float64Array(this.options.hidden);
    let total = 0;
    const chunks = examples.map(({ keys }, session): Chunk => ({ session, start: 0, keys }));
    await predictor.run(chunks, ({ chunk, dist }) => {
      const { weight } = examples[chunk.session];
      total += weight;
      for (let i = 0; i < sum.length; i++) sum[i] += weight * dist[i];
    }, { passes: 1 });
    return Float32Array.from(sum, (x) => x / total);
  }

  private examples(sequences: readonly { session: Session; count: number }[]): Example[] {
    return sequences.flatMap(({ session, count }) => this.tokens.chunks(session.events, 0).filter(({ keys }) => keys.length > 0).map(({ keys }) => ({ keys, weight: count })));
  }

  private get masking(): { ratio: number; passes: number; seed: number } {
    return { ratio: this.options.maskRatio, passes: this.options.passes, seed: this.maskSeed };
  }

  private makePredictor(engine: Engine): Predictor {
    return new Predictor(engine, this.tokens, this.options, this.masking);
  }
}

function networkName(length: number): string {
  return `logbert_length_${length}`;
}

function notFitted(): DataError {
  return new DataError('LogBERT is not fitted yet: call fit or load first.');
}
