import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors, type NamedTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { CompiledForward, Engine, State } from '../../engine/index.js';
import { logKeyModel } from '../../models/index.js';
import { UNK, Vocabulary, WindowBuilder } from '../../sequences/index.js';
import { trainLoop, windowBatches, type TrainResult } from '../../training/index.js';
import { sessionsOfLength } from '../source.js';
import type { Detector, Evidence, FitContext, Need, Session, SessionSource } from '../types.js';

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
  /** A session's score: the worst rank of a key (DeepLog's top-g rule) or its worst −log p. */
  readonly score: 'rank' | 'nll';
}

export const DEEPLOG_KEYS_DEFAULTS: DeepLogKeysOptions = {
  preset: 'trainer', windowSize: 10, minLength: 4, units: 64, batchSize: 512, learningRate: 1e-3, maxEpochs: 50, earlyStop: 7, predictEnd: true, score: 'rank',
};

/** −log p given to a key that is not in the vocabulary: beyond anything the softmax can say. */
const UNKNOWN_NLL = 1000;
/**
 * A matrix product may differ in its last bit with the row a window happens to stand in. Scores are given in these steps, and
 * ranks count as ties what is closer, so that a session scores the same alone and in any batch.
 */
const NLL_STEP = 1e-4;
const EXPECTED_SHOWN = 3;
const EVIDENCE_WITHOUT_THRESHOLD = 5;

/**
 * DeepLog's log-key model as a detector (Du et al., CCS 2017, §3.1): an LSTM predicts each key from the window before it; a
 * session is as abnormal as its least expected key. An unknown key has rank |V| + 1.
 */
export class DeepLogKeys implements Detector {
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

  constructor(readonly options: DeepLogKeysOptions) {}

  get id(): string {
    return this.options.score === 'rank' ? 'deeplog-keys' : 'deeplog-keys-nll';
  }

  get vocabularySize(): number {
    return this.vocabulary.size;
  }

  async fit(train: SessionSource, validation: SessionSource, context: FitContext): Promise<void> {
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
    const options = { batchSize, maxEpochs: this.options.maxEpochs, learningRate: this.options.learningRate, earlyStop: this.options.earlyStop, seed: context.seed };
    this.training = await trainLoop(this.engine, this.model(), windowBatches(windows, batchSize), windowBatches(validationWindows.build(), batchSize), options, context.report, context.signal);
    this.parameters = this.training.parameters;
    await this.compile(this.engine);
  }

  async scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const { ranks, nll, positions, starts } = await this.judge(sessions);
    const values = this.options.score === 'rank' ? ranks : nll;
    return Float64Array.from(sessions, (_, s) => {
      let worst = 0;
      for (let i = starts[s]; i < starts[s + 1]; i++) worst = Math.max(worst, values[positions[i]]);
      return worst;
    });
  }

  /** Share of the sessions' keys that are among the K most likely, for K = 1 … 15, each session counted `count` times. */
  async hitAtK(source: SessionSource): Promise<number[]> {
    const entries = [...source.distinct()];
    const { ranks, positions, starts } = await this.judge(entries.map((e) => e.session));
    const hits = new Array<number>(15).fill(0);
    let total = 0;
    entries.forEach(({ count }, s) => {
      for (let i = starts[s]; i < starts[s + 1]; i++) {
        total += count;
        const rank = ranks[positions[i]];
        for (let k = rank; k <= 15; k++) hits[k - 1] += count;
      }
    });
    return hits.map((h) => h / Math.max(1, total));
  }

  /** Keys scored above the threshold, each with the one before it. */
  async patterns(sessions: readonly Session[], threshold: number): Promise<string[][]> {
    const { ranks, nll, positions, starts } = await this.judge(sessions);
    const values = this.options.score === 'rank' ? ranks : nll;
    return sessions.map(({ events }, s) => {
      const names = new Set<string>();
      for (let i = starts[s]; i < starts[s + 1]; i++) {
        const at = i - starts[s];
        if (values[positions[i]] > threshold) names.add(`${events[at] ?? 'end'} after ${events[at - 1] ?? 'start'}`);
      }
      return [...names].sort();
    });
  }

  async explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const { ranks, nll, positions, expected } = await this.judge([session], EXPECTED_SHOWN);
    const values = this.options.score === 'rank' ? ranks : nll;
    const evidence = Array.from(positions, (pair, index): Evidence => {
      const atEnd = index === session.events.length;
      const event = atEnd ? null : session.events[index];
      const known = atEnd || this.vocabulary.index(event ?? 0) !== UNK;
      const likely = expected[pair];
      const best = likely[0];
      const instead = best === undefined ? '' : `; expected ${best.event === 'end of session' ? 'the end' : `event ${best.event}`} (${(100 * best.probability).toFixed(1)} %)`;
      const what = atEnd ? 'the session ends here' : known ? `event ${event ?? 0}` : `event ${event ?? 0} is unknown from training`;
      return {
        index, event, score: values[pair], expected: likely, probability: known ? Math.exp(-nll[pair]) : 0,
        reason: known ? `${what}, the ${ordinal(ranks[pair])} most likely key (p ${Math.exp(-nll[pair]).toPrecision(2)})${instead}` : `${what}${instead}`,
        ...(session.lines && !atEnd ? { line: session.lines[index] } : {}),
      };
    });
    evidence.sort((a, b) => b.score - a.score || a.index - b.index);
    return threshold === undefined ? evidence.slice(0, EVIDENCE_WITHOUT_THRESHOLD) : evidence.filter((e) => e.score > threshold);
  }

  async save(folder: string): Promise<void> {
    const shapes = new Map(this.model().parameters.map((p) => [p.name, p.shape]));
    const tensors: NamedTensors = Object.fromEntries(Object.entries(this.parameters).map(([name, data]) => [name, { shape: shapes.get(name) ?? [data.length], data }]));
    await writeTensors(path.join(folder, 'model.safetensors'), tensors);
    await writeJson(path.join(folder, 'config.json'), {
      schema: 'deeplog.detector/1', detector: this.id, model: 'log-key', preset: this.options.preset,
      window_size: this.options.windowSize, min_length: this.options.minLength, LSTM_units: this.options.units, predict_end: this.options.predictEnd,
      score: this.options.score, vocabulary: this.vocabulary.events,
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
      score: config.score === 'nll' ? 'nll' : 'rank',
      ...overrides,
    });
    detector.vocabulary = new Vocabulary(config.vocabulary as number[]);
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

  modelBytes(): number | null {
    const arrays = Object.values(this.parameters);
    return arrays.length === 0 ? null : arrays.reduce((sum, a) => sum + a.byteLength, 0);
  }

  async dispose(): Promise<void> {
    await this.forward?.dispose();
    this.forward = null;
  }

  private model(): ReturnType<typeof logKeyModel> {
    const { preset, windowSize, units, batchSize } = this.options;
    return logKeyModel({ preset, windowSize, units, batchSize, vocabularySize: this.vocabulary.size });
  }

  private async compile(engine: Engine): Promise<void> {
    this.forward = await engine.compileForward(this.model());
    await this.forward.load(this.parameters);
  }

  /**
   * Rank and −log p of every key of the sessions: `positions[starts[s] + i]` is the pair (window → key) at position i of
   * session s, and pairs are judged once however often they occur.
   */
  private async judge(sessions: readonly Session[], expectedShown = 0): Promise<Judgement> {
    const { forward } = this;
    if (forward === null) throw new DataError('The log-key model is not fitted yet: call fit or load first.');
    const { windowSize, batchSize } = this.options;
    const builder = new WindowBuilder(this.vocabulary, windowSize, this.options.predictEnd);
    const positions: number[] = [];
    const starts = new Uint32Array(sessions.length + 1);
    sessions.forEach((s, i) => {
      builder.add(s.events, 1, (pair) => positions.push(pair));
      starts[i + 1] = positions.length;
    });
    const pairs = builder.build();
    const contexts = groupByWindow(pairs.windows, pairs.count, windowSize);
    const ranks = new Float64Array(pairs.count);
    const nll = new Float64Array(pairs.count);
    const expected: Judgement['expected'] = expectedShown > 0 ? new Array(pairs.count) : [];
    const V = this.vocabulary.size;
    for (let at = 0; at < contexts.first.length; at += batchSize) {
      const rows = Math.min(batchSize, contexts.first.length - at);
      const ids = new Int32Array(batchSize * windowSize);
      for (let r = 0; r < rows; r++) {
        const pair = contexts.first[at + r];
        ids.set(pairs.windows.subarray(pair * windowSize, (pair + 1) * windowSize), r * windowSize);
      }
      const { log_probabilities: logP } = await forward.run({ windows: ids });
      for (let r = 0; r < rows; r++) {
        const row = logP.subarray(r * V, (r + 1) * V) as Float32Array;
        for (let pair = contexts.first[at + r]; pair >= 0; pair = contexts.next[pair]) {
          const target = pairs.targets[pair];
          ranks[pair] = target === UNK ? V + 1 : rankOf(row, target);
          nll[pair] = target === UNK ? UNKNOWN_NLL : Math.round(-row[target] / NLL_STEP) * NLL_STEP;
          if (expectedShown > 0) expected[pair] = this.mostLikely(row, expectedShown);
        }
      }
    }
    return { ranks, nll, positions: Uint32Array.from(positions), starts, expected };
  }

  private mostLikely(logP: Float32Array, count: number): Evidence['expected'] {
    return Array.from(logP, (value, index) => ({ index, value }))
      .filter(({ index }) => index > UNK)
      .sort((a, b) => b.value - a.value)
      .slice(0, count)
      .map(({ index, value }) => ({ event: this.vocabulary.event(index) ?? ('end of session' as const), probability: Math.exp(value) }));
  }
}

interface Judgement {
  readonly ranks: Float64Array;
  readonly nll: Float64Array;
  readonly positions: Uint32Array;
  readonly starts: Uint32Array;
  readonly expected: Evidence['expected'][];
}

/** Pairs with the same window, as chains: one forward pass serves them all. */
function groupByWindow(windows: Int32Array, count: number, windowSize: number): { first: Int32Array; next: Int32Array } {
  const next = new Int32Array(count).fill(-1);
  const heads = new Map<string, number>();
  for (let pair = 0; pair < count; pair++) {
    const key = String.fromCharCode(...windows.subarray(pair * windowSize, (pair + 1) * windowSize));
    const head = heads.get(key);
    if (head === undefined) heads.set(key, pair);
    else {
      next[pair] = next[head];
      next[head] = pair;
    }
  }
  return { first: Int32Array.from(heads.values()), next };
}

/** 1 for the most likely key; ties share the better rank. */
function rankOf(logP: Float32Array, target: number): number {
  const value = logP[target] + NLL_STEP / 10;
  let rank = 1;
  for (let i = 0; i < logP.length; i++) if (logP[i] > value) rank++;
  return rank;
}

function ordinal(n: number): string {
  const last = n % 100;
  return `${n}${last >= 11 && last <= 13 ? 'th' : ['th', 'st', 'nd', 'rd'][n % 10] ?? 'th'}`;
}
