import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors, type NamedTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { CompiledForward, Engine, Model, State } from '../../engine/index.js';
import { logKeyModel, logKeyStack, stackModel, type LayerStack } from '../../models/index.js';
import { Vocabulary, WindowBuilder } from '../../sequences/index.js';
import { nextKeyAccuracy, trainLoop, windowBatches, type TrainResult } from '../../training/index.js';
import { EXPORT_ROWS, type Exportable, type ExportableNetwork, type NetworkRunner } from '../exportable.js';
import { sessionsOfLength } from '../source.js';
import type { Detector, Evidence, FitContext, Need, Session, SessionSource } from '../types.js';
import { onTrainerWindows } from './trainer_windows.js';
import { NextKeyJudge, nextKeyRecipe, type NextKeyScore } from './next_key.js';

export interface DeepLogKeysOptions {
  readonly preset: 'trainer' | 'paper';
  readonly windowSize: number;
  /** Training sessions shorter than this are left out of training; every session is scored. */
  readonly minLength: number;
  readonly units: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly maxEpochs: number;
  readonly earlyStop: number;
  /** END follows the last key as a target; only for sessions that end by themselves. */
  readonly predictEnd: boolean;
  /** What a session's score is. */
  readonly score: NextKeyScore;
}

/** A network that was not trained here, and how its windows are laid out. */
export interface ImportedNetwork {
  readonly stack: LayerStack;
  /**
   * `deeplog`: the keys before, padded on the left. `trainer`: as the original DeepLog trainer feeds its network: one key fewer, then
   * END, padded on the right.
   */
  readonly windows: 'deeplog' | 'trainer';
}

export const DEEPLOG_KEYS_DEFAULTS: DeepLogKeysOptions = {
  preset: 'trainer', windowSize: 10, minLength: 4, units: 64, batchSize: 512, learningRate: 1e-3, maxEpochs: 50, earlyStop: 7, predictEnd: true, score: 'rank',
};

const IDS = { rank: 'deeplog-keys', nll: 'deeplog-keys-nll', 'event-nll': 'deeplog-keys-events' } as const;

/** What the network's files are called. */
export const LOG_KEY_NETWORK = 'log_key_model';

/** Windows that a graph for little work takes at a time. */
const FEW_WINDOWS = 32;

/**
 * DeepLog's log-key model as a detector (Du et al., CCS 2017, §3.1): an LSTM predicts each key from the window before it; a
 * session is as abnormal as its least expected key. An unknown key has rank |V| + 1.
 */
export class DeepLogKeys implements Exportable {
  readonly needs: ReadonlySet<Need> = new Set<Need>(['events']);
  readonly binary = false;
  readonly usesEngine = true;
  readonly family = 'log-key';
  readonly patternKind = 'unlikely keys';
  training: TrainResult | null = null;
  /** Distinct (window → key) pairs that the network was trained on. */
  trainingWindows = 0;
  private vocabulary = new Vocabulary([]);
  private parameters: State['parameters'] = {};
  private engine: Engine | null = null;
  private forward: CompiledForward | null = null;
  private few: Promise<CompiledForward> | null = null;
  /** The engine that this very object compiled for; null in a twin that uses another's network. */
  private compiledHere: Engine | null = null;
  /** Scores as they come, without rounding. */
  private exact = false;
  private imported: ImportedNetwork | null = null;

  constructor(readonly options: DeepLogKeysOptions) {}

  get id(): string {
    return IDS[this.options.score];
  }

  get vocabularySize(): number {
    return this.vocabulary.size;
  }

  /** A network from elsewhere with its weights and vocabulary, not compiled yet: to be saved, and loaded. */
  static imported(network: ImportedNetwork, parameters: State['parameters'], vocabulary: readonly number[]): DeepLogKeys {
    const units = network.stack.layers.find((l) => l.kind === 'lstm')?.units ?? 0;
    const detector = new DeepLogKeys({ ...DEEPLOG_KEYS_DEFAULTS, windowSize: network.stack.steps, units, predictEnd: network.windows === 'deeplog' });
    detector.imported = network;
    detector.vocabulary = new Vocabulary(vocabulary);
    detector.parameters = parameters;
    return detector;
  }

  /** @throws DataError for a network that was imported: it is used as it is */
  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
    if (this.imported !== null) throw new DataError('An imported network cannot be trained further. Train one with "deeplog log-key".');
    const { windowSize, minLength, predictEnd, batchSize } = this.options;
    const sequences = [...train.distinct()];
    this.vocabulary = Vocabulary.fit(sequences.map(({ session }) => session.events));
    const trainWindows = new WindowBuilder(this.vocabulary, windowSize, predictEnd);
    for (const { session, count } of sequences) if (session.events.length >= minLength) trainWindows.add(session.events, count);
    const validationWindows = new WindowBuilder(this.vocabulary, windowSize, predictEnd);
    for (const { session, count } of validation.distinct()) validationWindows.add(session.events, count);
    const windows = trainWindows.build();
    if (windows.count === 0) throw new DataError(`No training session has ${minLength} events or more: nothing to train on. Lower --min_length or use more data.`);
    this.trainingWindows = windows.count;
    this.engine = await context.engine();
    const held = windowBatches(validationWindows.build(), batchSize);
    const forward = (this.forward = await this.engine.compileForward(this.model()));
    const options = {
      batchSize, maxEpochs: this.options.maxEpochs, learningRate: this.options.learningRate, earlyStop: this.options.earlyStop, seed: context.seed,
      metrics: async (parameters: State['parameters']) => ({ accuracy: await nextKeyAccuracy(forward, parameters, held, batchSize) }),
    };
    this.training = await trainLoop(this.engine, this.model(), windowBatches(windows, batchSize), held, options, context.report, context.signal);
    this.parameters = this.training.parameters;
    await forward.load(this.parameters);
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    return this.judge().scores(sessions, this.options.score);
  }

  /** Share of the sessions' keys that are among the K most likely, for K = 1 … 15, each session counted `count` times. */
  hitAtK(source: SessionSource): Promise<number[]> {
    return this.judge().hitAtK([...source.distinct()]);
  }

  /** Keys scored above the threshold, each with the one before it. */
  patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    return this.judge().patterns(sessions, this.options.score, threshold);
  }

  explain(session: Session, threshold?: number): Promise<Evidence[]> {
    return this.judge().evidence(session, this.options.score, threshold);
  }

  async save(folder: string): Promise<void> {
    const shapes = new Map(this.model().parameters.map((p) => [p.name, p.shape]));
    const tensors: NamedTensors = Object.fromEntries(Object.entries(this.parameters).map(([name, data]) => [name, { shape: shapes.get(name) ?? [data.length], data }]));
    await writeTensors(path.join(folder, 'model.safetensors'), tensors);
    await writeJson(path.join(folder, 'config.json'), {
      schema: 'deeplog.detector/1', detector: this.id, model: 'log-key', preset: this.options.preset,
      window_size: this.options.windowSize, min_length: this.options.minLength, LSTM_units: this.options.units, predict_end: this.options.predictEnd,
      score: this.options.score, vocabulary: this.vocabulary.events, ...(this.imported === null ? {} : { imported: this.imported }),
    });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string, engine: Engine, overrides: Partial<Pick<DeepLogKeysOptions, 'score' | 'batchSize'>> = {}): Promise<DeepLogKeys> {
    const config = (await readJson(path.join(folder, 'config.json'))) as Record<string, unknown>;
    if (config.model !== 'log-key' || !Array.isArray(config.vocabulary)) throw new DataError(`${folder}: holds no log-key model (model is ${String(config.model)}).`);
    const detector = new DeepLogKeys({
      ...DEEPLOG_KEYS_DEFAULTS,
      preset: config.preset as DeepLogKeysOptions['preset'],
      windowSize: Number(config.window_size),
      minLength: Number(config.min_length),
      units: Number(config.LSTM_units),
      predictEnd: config.predict_end === true,
      score: config.score === 'nll' || config.score === 'event-nll' ? config.score : 'rank',
      ...overrides,
    });
    detector.vocabulary = new Vocabulary(config.vocabulary as number[]);
    detector.imported = (config.imported ?? null) as ImportedNetwork | null;
    const tensors = await readTensors(path.join(folder, 'model.safetensors'));
    for (const { name, shape } of detector.model().parameters) {
      const tensor = tensors[name];
      if (tensor === undefined || tensor.shape.join() !== shape.join()) throw new DataError(`${folder}: the weights do not fit config.json (${name} is ${tensor?.shape.join('×') ?? 'missing'}, expected ${shape.join('×')}).`);
    }
    detector.parameters = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.data]));
    detector.engine = engine;
    await detector.compile(engine);
    return detector;
  }

  /** The same fitted model with the other score; weights and compiled forward pass are shared. */
  withScore(score: DeepLogKeysOptions['score']): DeepLogKeys {
    const twin = new DeepLogKeys({ ...this.options, score });
    twin.vocabulary = this.vocabulary;
    twin.imported = this.imported;
    twin.parameters = this.parameters;
    twin.engine = this.engine;
    twin.forward = this.forward;
    twin.training = this.training;
    return twin;
  }

  config(): Readonly<Record<string, unknown>> {
    // Both scores are read off the same fit.
    return { ...this.options, score: 'any' };
  }

  /** @throws DataError when it is no log-key model. */
  adopt(fitted: Detector): DeepLogKeys {
    if (!(fitted instanceof DeepLogKeys)) throw new DataError(`${fitted.id} is no log-key model, so ${this.id} cannot read it.`);
    return fitted.withScore(this.options.score);
  }

  fittedOn(train: SessionSource): number {
    return sessionsOfLength(train, this.options.minLength);
  }

  networks(): readonly ExportableNetwork[] {
    const { preset, windowSize, units } = this.options;
    const vocabularySize = this.vocabulary.size;
    return [{
      name: LOG_KEY_NETWORK, model: this.model(EXPORT_ROWS), parameters: this.parameters, stack: this.imported?.stack ?? logKeyStack({ preset, windowSize, units, vocabularySize }),
      inputs: { windows: { meaning: this.imported?.windows === 'trainer'
        ? `vocabulary indices of the ${windowSize - 1} keys before, the oldest first, then 2, then 0 where there are fewer`
        : `vocabulary indices of the ${windowSize} keys before, the oldest first, padded with 0 on the left`, below: vocabularySize } },
      outputs: { log_probabilities: 'natural logarithm of the probability of each vocabulary index as the next key' },
    }];
  }

  answeredBy(run: NetworkRunner | null): DeepLogKeys {
    const twin = this.withScore(this.options.score);
    twin.exact = true;
    if (run !== null) twin.forward = this.laidOut(run(LOG_KEY_NETWORK));
    return twin;
  }

  scoringRecipe(): readonly string[] {
    return nextKeyRecipe({ ...this.options, trainerWindows: this.imported?.windows === 'trainer' });
  }

  modelBytes(): number | null {
    const arrays = Object.values(this.parameters);
    return arrays.length === 0 ? null : arrays.reduce((sum, a) => sum + a.byteLength, 0);
  }

  async dispose(): Promise<void> {
    await this.forward?.dispose();
    await (await this.few)?.dispose();
    this.forward = null;
    this.few = null;
  }

  private model(batchSize = this.options.batchSize): Model {
    const { preset, windowSize, units } = this.options;
    if (this.imported !== null) return stackModel('log-key (imported)', this.imported.stack, batchSize);
    return logKeyModel({ preset, windowSize, units, batchSize, vocabularySize: this.vocabulary.size });
  }

  private judge(): NextKeyJudge {
    return new NextKeyJudge(this.vocabulary, { ...this.options, exact: this.exact }, () => this.forward, {}, this.compiledHere === null ? undefined : { rows: FEW_WINDOWS, forward: () => this.forFew() });
  }

  private laidOut(forward: CompiledForward): CompiledForward {
    return this.imported?.windows === 'trainer' ? onTrainerWindows(forward, this.options.windowSize) : forward;
  }

  private async compile(engine: Engine): Promise<void> {
    this.compiledHere = engine;
    this.forward = await this.compiled(engine, this.options.batchSize);
  }

  private async compiled(engine: Engine, batchSize: number): Promise<CompiledForward> {
    const forward = await engine.compileForward(this.model(batchSize));
    await forward.load(this.parameters);
    return this.laidOut(forward);
  }

  /** A single session has some twenty windows: a batch of hundreds would be mostly padding. Made when it is first of use. */
  private forFew(): Promise<CompiledForward> {
    if (this.compiledHere === null) throw new DataError('The log-key model is not fitted yet: call fit or load first.');
    return (this.few ??= this.compiled(this.compiledHere, FEW_WINDOWS));
  }
}
