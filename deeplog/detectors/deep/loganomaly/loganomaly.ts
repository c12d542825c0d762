import path from 'node:path';
import { hashOfValue, readJson, readTensors, writeJson, writeTensors, type NamedTensors } from '../../../artifacts/index.js';
import { DataError } from '../../../common/index.js';
import type { Batch, CompiledForward, Engine, Model, State } from '../../../engine/index.js';
import { logAnomalyModel } from '../../../models/index.js';
import { UNK, Vocabulary, WindowBuilder } from '../../../sequences/index.js';
import { trainLoop, windowBatches, type BatchSource, type TrainResult } from '../../../training/index.js';
import { EXPORT_ROWS, withConstants, type Exportable, type ExportableNetwork, type NetworkRunner } from '../../exportable.js';
import { sessionsOfLength } from '../../source.js';
import type { Detector, Evidence, FitContext, Need, Session, SessionSource } from '../../types.js';
import { NextKeyJudge, nextKeyRecipe } from '../next_key.js';
import { SKIP_GRAM_DEFAULTS, trainSkipGram, type WordVectors } from './skip_gram.js';
import { TemplateVectors } from './template_vectors.js';
import { readVecFile } from './vec_file.js';
import { wordsOf } from './words.js';

export interface LogAnomalyOptions {
  readonly windowSize: number;
  /** Training sessions shorter than this are left out of training; every session is scored. */
  readonly minLength: number;
  readonly units: number;
  /** Length of the vectors trained here; a file has its own. */
  readonly dimensions: number;
  /** A `.vec` file to take word vectors from instead of training them on the templates. */
  readonly vectorsFile?: string;
  /** A new template is read as the nearest known one from this similarity on, as an unknown key below it. */
  readonly matchSimilarity: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly maxEpochs: number;
  readonly earlyStop: number;
  /** END follows the last key as a target; only for sessions that end by themselves. */
  readonly predictEnd: boolean;
  readonly score: 'rank' | 'nll';
}

export const LOGANOMALY_DEFAULTS: LogAnomalyOptions = {
  windowSize: 10, minLength: 1, units: 128, dimensions: SKIP_GRAM_DEFAULTS.dimensions, matchSimilarity: 0.95,
  batchSize: 128, learningRate: 1e-3, maxEpochs: 100, earlyStop: 7, predictEnd: true, score: 'rank',
};

const IDS: Readonly<Record<LogAnomalyOptions['score'], string>> = { rank: 'loganomaly', nll: 'loganomaly-nll' };

/** What the network's files are called. */
const NETWORK = 'loganomaly_model';

/**
 * LogAnomaly (Meng et al., IJCAI 2019) as a detector: template vectors and counts of a window predict the next key; a session is as
 * abnormal as its least expected one. A template that training did not have is read as the nearest one that it had, by vector, when it
 * is near enough, and is an unknown key otherwise.
 */
export class LogAnomaly implements Exportable {
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly usesEngine = true;
  readonly family = 'loganomaly';
  readonly patternKind = 'unlikely keys';
  training: TrainResult | null = null;
  private vocabulary = new Vocabulary([]);
  private words: WordVectors = new Map();
  private vectors = new TemplateVectors(new Map(), 0, new Map());
  private parameters: State['parameters'] = {};
  private forward: CompiledForward | null = null;
  /** Scores as they come, without rounding. */
  private exact = false;
  private readonly readAs = new Map<number, number>();

  /**
   * @param texts template texts by event id; ids without one get a vector of their own
   * @param given the vocabulary to use; of all training keys when absent
   */
  constructor(readonly options: LogAnomalyOptions, private readonly texts: ReadonlyMap<number, string> = new Map(), private readonly given: Vocabulary | null = null) {}

  get id(): string {
    return IDS[this.options.score];
  }

  get vocabularySize(): number {
    return this.vocabulary.size;
  }

  get notes(): readonly string[] {
    const without = this.vocabulary.events.filter((e) => !this.vectors.has(e)).length;
    return without === 0 ? [] : [`${without} of ${this.vocabulary.events.length} training templates have no text: each has a vector of its own, near to none`];
  }

  config(): Readonly<Record<string, unknown>> {
    return { ...this.options, score: 'any', templates: hashOfValue([...this.texts]), ...(this.given === null ? {} : { vocabulary: this.given.events }) };
  }

  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
    const { windowSize, minLength, predictEnd, batchSize, maxEpochs, learningRate, earlyStop } = this.options;
    const sequences = [...train.distinct()];
    this.vocabulary = this.given ?? Vocabulary.fit(sequences.map(({ session }) => session.events));
    await this.fitVectors(context.seed);
    const trainWindows = new WindowBuilder(this.vocabulary, windowSize, predictEnd);
    for (const { session, count } of sequences) if (session.events.length >= minLength) trainWindows.add(session.events, count);
    const validationWindows = new WindowBuilder(this.vocabulary, windowSize, predictEnd);
    for (const { session, count } of validation.distinct()) validationWindows.add(this.taken(session).events, count);
    const windows = trainWindows.build();
    if (windows.count === 0) throw new DataError(`No training session has ${minLength} events or more: nothing to train on. Lower --min_length or use more data.`);
    const engine = await context.engine();
    const constant = this.constantInputs();
    const withVectors = (source: BatchSource): BatchSource => ({ ...source, batch: (indices, step) => { const { batch, weight } = source.batch(indices, step); return { batch: { ...batch, ...constant }, weight }; } });
    this.training = await trainLoop(engine, this.model(), withVectors(windowBatches(windows, batchSize)), withVectors(windowBatches(validationWindows.build(), batchSize)), { batchSize, maxEpochs, learningRate, earlyStop, seed: context.seed }, context.report, context.signal);
    this.parameters = this.training.parameters;
    await this.compile(engine);
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    return this.judge().scores(sessions.map((s) => this.taken(s)), this.options.score);
  }

  explain(session: Session, threshold?: number): Promise<Evidence[]> {
    return this.judge().evidence(session, this.options.score, threshold, this.taken(session));
  }

  patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    return this.judge().patterns(sessions.map((s) => this.taken(s)), this.options.score, threshold);
  }

  /** Share of the sessions' keys that are among the K most likely, for K = 1 … 15, each session counted `count` times. */
  hitAtK(source: SessionSource): Promise<number[]> {
    return this.judge().hitAtK([...source.distinct()].map(({ session, count }) => ({ session: this.taken(session), count })));
  }

  fittedOn(train: SessionSource): number {
    return sessionsOfLength(train, this.options.minLength);
  }

  /** @throws DataError when it is no LogAnomaly model */
  adopt(fitted: Detector): LogAnomaly {
    if (!(fitted instanceof LogAnomaly)) throw new DataError(`${fitted.id} is no LogAnomaly model, so ${this.id} cannot read it.`);
    const twin = new LogAnomaly({ ...fitted.options, score: this.options.score }, fitted.texts);
    Object.assign(twin, { vocabulary: fitted.vocabulary, words: fitted.words, vectors: fitted.vectors, parameters: fitted.parameters, forward: fitted.forward, training: fitted.training });
    return twin;
  }

  async save(folder: string): Promise<void> {
    const shapes = new Map(this.model().parameters.map((p) => [p.name, p.shape]));
    const weights: NamedTensors = Object.fromEntries(Object.entries(this.parameters).map(([name, data]) => [name, { shape: shapes.get(name) ?? [data.length], data }]));
    const { dimensions } = this.vectors;
    const words = [...this.words.keys()];
    const table = new Float32Array(words.length * dimensions);
    words.forEach((word, i) => table.set(this.words.get(word) ?? [], i * dimensions));
    await writeTensors(path.join(folder, 'model.safetensors'), { ...weights, word_vectors: { shape: [words.length, dimensions], data: table } });
    await writeJson(path.join(folder, 'config.json'), {
      schema: 'deeplog.detector/1', detector: this.id, model: 'loganomaly', options: this.options, vocabulary: this.vocabulary.events, dimensions, words, texts: Object.fromEntries(this.texts),
    });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string, engine: Engine): Promise<LogAnomaly> {
    const config = (await readJson(path.join(folder, 'config.json'))) as SavedConfig;
    if (config.model !== 'loganomaly' || !Array.isArray(config.vocabulary)) throw new DataError(`${folder}: holds no LogAnomaly model (model is ${String(config.model)}).`);
    const score = config.detector === IDS.nll ? 'nll' : 'rank';
    const detector = new LogAnomaly({ ...LOGANOMALY_DEFAULTS, ...config.options, score }, new Map(Object.entries(config.texts).map(([id, text]) => [Number(id), text])));
    detector.vocabulary = new Vocabulary(config.vocabulary);
    const { word_vectors: table, ...tensors } = await readTensors(path.join(folder, 'model.safetensors'));
    if (table === undefined || table.shape.join() !== [config.words.length, config.dimensions].join()) throw new DataError(`${folder}: the weights do not fit config.json (word_vectors is ${table?.shape.join('×') ?? 'missing'}, expected ${config.words.length}×${config.dimensions}).`);
    detector.words = new Map(config.words.map((word, i) => [word, table.data.slice(i * config.dimensions, (i + 1) * config.dimensions)]));
    detector.vectors = new TemplateVectors(detector.words, config.dimensions, detector.trainingTexts());
    for (const { name, shape } of detector.model().parameters) {
      const tensor = tensors[name];
      if (tensor === undefined || tensor.shape.join() !== shape.join()) throw new DataError(`${folder}: the weights do not fit config.json (${name} is ${tensor?.shape.join('×') ?? 'missing'}, expected ${shape.join('×')}).`);
    }
    detector.parameters = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data]));
    await detector.compile(engine);
    return detector;
  }

  networks(): readonly ExportableNetwork[] {
    const vectors = this.constantInputs().vectors as Float32Array;
    return [{
      name: NETWORK, model: withConstants(this.model(EXPORT_ROWS), { vectors }), parameters: { ...this.parameters, vectors },
      inputs: { windows: { meaning: `vocabulary indices of the ${this.options.windowSize} keys before, the oldest first, padded with 0 on the left`, below: this.vocabulary.size } },
      outputs: { log_probabilities: 'natural logarithm of the probability of each vocabulary index as the next key' },
    }];
  }

  answeredBy(run: NetworkRunner | null): LogAnomaly {
    const twin = this.adopt(this);
    twin.exact = true;
    if (run !== null) twin.forward = run(NETWORK);
    return twin;
  }

  scoringData(): Readonly<Record<string, unknown>> {
    const others = [...this.texts.keys()].filter((event) => this.vocabulary.index(event) === UNK);
    return { read_as: Object.fromEntries(others.map((event) => [event, this.matched(event)] as const).filter(([event, as]) => event !== as)) };
  }

  scoringRecipe(): readonly string[] {
    return ['An event that `export.data.read_as` names is read as the event that stands there: its template is near to that one.', ...nextKeyRecipe(this.options)];
  }

  modelBytes(): number | null {
    const arrays = Object.values(this.parameters);
    return arrays.length === 0 ? null : arrays.reduce((sum, a) => sum + a.byteLength, 0);
  }

  async dispose(): Promise<void> {
    await this.forward?.dispose();
    this.forward = null;
  }

  /** Words and idf are of the templates that training saw; what a file knows beyond them is used for new templates only. */
  private async fitVectors(seed: number): Promise<void> {
    const texts = this.trainingTexts();
    const { vectorsFile, dimensions } = this.options;
    this.readAs.clear();
    if (vectorsFile !== undefined) {
      this.words = await readVecFile(vectorsFile, new Set([...this.texts.values()].flatMap(wordsOf)));
      const [first] = this.words.values();
      this.vectors = new TemplateVectors(this.words, first.length, texts);
      return;
    }
    this.words = trainSkipGram([...texts.values()].map(wordsOf), { ...SKIP_GRAM_DEFAULTS, dimensions, seed });
    this.vectors = new TemplateVectors(this.words, dimensions, texts);
  }

  private trainingTexts(): Map<number, string> {
    return new Map(this.vocabulary.events.flatMap((event): [number, string][] => {
      const text = this.texts.get(event);
      return text === undefined ? [] : [[event, text]];
    }));
  }

  /** The session as the network reads it: new templates as the nearest known ones. */
  private taken(session: Session): Session {
    if (!session.events.some((e) => this.vocabulary.index(e) === UNK)) return session;
    return { ...session, events: session.events.map((e) => (this.vocabulary.index(e) === UNK ? this.matched(e) : e)) };
  }

  private matched(event: number): number {
    let match = this.readAs.get(event);
    if (match === undefined) {
      const text = this.texts.get(event);
      const nearest = text === undefined ? null : this.vectors.nearest(text);
      match = nearest !== null && nearest.similarity >= this.options.matchSimilarity ? nearest.event : event;
      this.readAs.set(event, match);
    }
    return match;
  }

  /** The table of vectors by vocabulary index; specials have none. */
  private constantInputs(): Batch {
    const { dimensions } = this.vectors;
    const vectors = new Float32Array(this.vocabulary.size * dimensions);
    for (const event of this.vocabulary.events) vectors.set(this.vectors.of(event), this.vocabulary.index(event) * dimensions);
    return { vectors };
  }

  private model(batchSize = this.options.batchSize): Model {
    const { windowSize, units } = this.options;
    return logAnomalyModel({ vocabularySize: this.vocabulary.size, dimensions: this.vectors.dimensions, windowSize, units, batchSize });
  }

  private judge(): NextKeyJudge {
    return new NextKeyJudge(this.vocabulary, { ...this.options, exact: this.exact }, () => this.forward, this.constantInputs());
  }

  private async compile(engine: Engine): Promise<void> {
    this.forward = await engine.compileForward(this.model());
    await this.forward.load(this.parameters);
  }
}

interface SavedConfig {
  readonly detector?: string;
  readonly model?: string;
  readonly options: Partial<LogAnomalyOptions>;
  readonly vocabulary: number[];
  readonly dimensions: number;
  readonly words: string[];
  readonly texts: Record<string, string>;
}
