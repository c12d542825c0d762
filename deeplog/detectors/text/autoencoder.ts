import path from 'node:path';
import { readJson, readTensors, writeJson, writeTensors } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Engine } from '../../engine/index.js';
import { LineBook, TokenCounts, TokenVocabulary, type Digits } from '../../text/index.js';
import type { Exportable, ExportableNetwork, NetworkRunner } from '../exportable.js';
import { likenessRadius, spaceId } from '../embedding_space.js';
import type { Detector, EmbeddingSpace, Evidence, FitContext, Need, Session, SessionSource } from '../types.js';
import { autoencoderRecipe } from './recipe.js';
import { LINE_ENCODER_DEFAULTS, LineEncoder, type LineEncoderOptions } from './line_encoder.js';
import { LineVectors } from './line_vectors.js';
import { LineWindowBuilder, windowStarts, type LineWindows } from './line_windows.js';
import { enlargement, fitScale, scaleTensors, takeScale, type VectorScale } from './vector_scale.js';
import { WINDOW_JUDGE_DEFAULTS, WindowJudge, type WindowJudgeOptions } from './window_judge.js';

export interface AutoencoderOptions {
  readonly minWordFrequency: number;
  readonly longest: number;
  readonly digits: Digits;
  readonly lines: LineEncoderOptions;
  readonly windows: WindowJudgeOptions;
  /** A session's score: its worst window's mean error (the paper's), or its worst line's error. */
  readonly score: 'window' | 'line';
}

export const AUTOENCODER_DEFAULTS: AutoencoderOptions = { minWordFrequency: 10, longest: 200, digits: 'run', lines: LINE_ENCODER_DEFAULTS, windows: WINDOW_JUDGE_DEFAULTS, score: 'window' };

const IDS = { window: 'autoencoder', line: 'autoencoder-line' } as const;
const EVIDENCE_WITHOUT_THRESHOLD = 5;
const FROM_TEMPLATES = 'the autoencoder read the text of the templates: this set has event ids only';
const FROM_RAW = 'the autoencoder read the raw lines; what the parser made of them it did not see';

/** Where the words of a session's lines come from: its templates' texts by event id; null: the session's own raw lines. */
export type TextSource = ReadonlyMap<number, string> | null;

interface Fitted {
  readonly encoder: LineEncoder;
  readonly scale: VectorScale;
  readonly judge: WindowJudge;
  readonly vectors: LineVectors;
  /** Windows (lines) whose vectors are this near are alike; null in models fitted before there was one. */
  readonly radii: Readonly<Record<AutoencoderOptions['score'], number>> | null;
}

/**
 * The text autoencoder with a recurrent detector (Bursic, Cuculo & D'Amelio 2019): lines become vectors without a parser, windows of
 * vectors are reconstructed by a bidirectional autoencoder that has seen normal ones, and what it cannot reconstruct is abnormal.
 */
export class TextAutoencoder implements Exportable {
  readonly needs: ReadonlySet<Need>;
  readonly binary = false;
  readonly usesEngine = true;
  readonly family = 'autoencoder';
  private fitted: Fitted | null = null;

  constructor(readonly options: AutoencoderOptions, private readonly texts: TextSource) {
    this.needs = new Set<Need>(texts === null ? ['text'] : ['events']);
  }

  get id(): string {
    return IDS[this.options.score];
  }

  get notes(): readonly string[] {
    return [this.texts === null ? FROM_RAW : FROM_TEMPLATES];
  }

  config(): Readonly<Record<string, unknown>> {
    return { ...this.options, score: 'any', text: this.texts === null ? 'raw' : [...this.texts] };
  }

  /** @throws DataError when nothing is frequent enough to learn from; DivergedError, InterruptedError */
  async fit(train: SessionSource, validation: SessionSource, { engine: start, seed, report, signal }: FitContext): Promise<void> {
    const { minWordFrequency, longest, digits, lines, windows } = this.options;
    const engine = await start();
    const training = this.distinctLines(train);
    const counts = new TokenCounts(digits);
    for (const [line, weight] of training) counts.add(line, weight);
    const vocabulary = TokenVocabulary.fit(counts, minWordFrequency);
    const book = bookOf(vocabulary, longest, training);
    const encoder = await LineEncoder.train(book, bookOf(vocabulary, longest, this.distinctLines(validation)), lines, engine, seed, report, signal);
    const scale = fitScale((await encoder.encode(book.lines)).latents, book.weights, lines.latent, windows.scaling);
    const vectors = new LineVectors(encoder, scale);
    const [trainWindows, validationWindows] = [this.windowsOf(train, vectors), this.windowsOf(validation, vectors)];
    await vectors.update();
    const judge = await WindowJudge.train(trainWindows, validationWindows, vectors.vectors, lines.latent, windows, engine, seed, report, signal);
    const linesOf = ({ windows: own }: LineWindows): Float32Array[] => [...new Set(own.flatMap((w) => [...w]))].map((line) => vectors.at(line));
    const radii = {
      line: likenessRadius(linesOf(trainWindows), linesOf(validationWindows)),
      window: likenessRadius(await judge.codes(someOf(trainWindows), vectors.vectors), await judge.codes(someOf(validationWindows), vectors.vectors)),
    };
    this.fitted = { encoder, scale, judge, vectors, radii };
  }

  /** A line says more of what is wrong than a window does: answers by clusters of lines need the fewest questions. */
  get namesByClusters(): boolean {
    return this.options.score === 'line';
  }

  get embeddings(): EmbeddingSpace | null {
    const { encoder, judge, radii } = this.model();
    if (radii === null) return null;
    const { score } = this.options;
    const radius = radii[score];
    return { kind: score === 'line' ? 'clusters of line vectors' : "clusters of windows' codes", radius, id: spaceId(score === 'line' ? encoder.parameters : { ...encoder.parameters, ...judge.parameters }, radius) };
  }

  async scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const { judge, vectors } = this.model();
    const scores = new Float64Array(sessions.length);
    for (let from = 0; from < sessions.length; from += SESSIONS_AT_ONCE) {
      vectors.forget();
      const own = sessions.slice(from, from + SESSIONS_AT_ONCE);
      const builder = new LineWindowBuilder(this.options.windows.windowSize);
      const windowsOf = own.map((session) => builder.add(this.numbers(session, vectors), 1));
      await vectors.update();
      const errors = (await judge.errors(builder.build().windows, vectors.vectors)).map((e) => (this.options.score === 'line' ? e.reduce((a, b) => Math.max(a, b), 0) : mean(e)));
      windowsOf.forEach((windows, s) => { scores[from + s] = windows.reduce((worst, w) => Math.max(worst, errors[w]), 0); });
    }
    return scores;
  }

  /**
   * What is reconstructed with an error above `threshold`, each kind once: the vectors of such lines, or the codes of such windows. Of a
   * session without one, its worst.
   */
  async embed(sessions: readonly Session[], threshold: number): Promise<Float32Array[][]> {
    const { judge, vectors } = this.model();
    const byLine = this.options.score === 'line';
    const out: Float32Array[][] = [];
    for (let from = 0; from < sessions.length; from += SESSIONS_AT_ONCE) {
      vectors.forget();
      const builder = new LineWindowBuilder(this.options.windows.windowSize);
      const windowsOf = sessions.slice(from, from + SESSIONS_AT_ONCE).map((session) => builder.add(this.numbers(session, vectors), 1));
      await vectors.update();
      const { windows } = builder.build();
      const errors = await judge.errors(windows, vectors.vectors);
      const codes = byLine ? [] : await judge.codes(windows, vectors.vectors);
      for (const own of windowsOf) {
        const found = new Map<number, number>();
        for (const w of own) {
          if (byLine) windows[w].forEach((line, i) => found.set(line, Math.max(found.get(line) ?? 0, errors[w][i])));
          else found.set(w, mean(errors[w]));
        }
        const above = [...found].filter(([, error]) => error > threshold);
        const chosen = above.length > 0 ? above : [...found].sort(([, a], [, b]) => b - a).slice(0, 1);
        out.push(chosen.map(([at]) => (byLine ? vectors.at(at) : codes[at])));
      }
    }
    return out;
  }

  /** The lines that are reconstructed worst. */
  async explain(session: Session, threshold?: number): Promise<Evidence[]> {
    const [score] = await this.scoreBatch([session]);
    if (threshold !== undefined && score <= threshold) return [];
    const { judge, vectors } = this.model();
    const lines = this.numbers(session, vectors);
    await vectors.update();
    const { windowSize } = this.options.windows;
    const worst = new Float64Array(lines.length);
    for (const start of windowStarts(lines.length, windowSize)) {
      const [errors] = await judge.errors([lines.subarray(start, start + windowSize)], vectors.vectors);
      errors.forEach((error, i) => { worst[start + i] = Math.max(worst[start + i], error); });
    }
    const usual = mean(worst);
    return Array.from(worst, (error, index): Evidence => ({
      index, event: session.events[index] ?? null, score: error, expected: [], ...(session.lines ? { line: session.lines[index] } : {}),
      reason: `the line is reconstructed with error ${error.toPrecision(3)}; the session's lines with ${usual.toPrecision(3)} on average`,
    })).sort((a, b) => b.score - a.score || a.index - b.index).slice(0, EVIDENCE_WITHOUT_THRESHOLD);
  }

  async save(folder: string): Promise<void> {
    const { encoder, scale, judge, radii } = this.model();
    await encoder.save(path.join(folder, 'lines'));
    await writeTensors(path.join(folder, 'model.safetensors'), {
      ...Object.fromEntries(Object.entries(judge.parameters).map(([name, data]) => [name, { shape: [data.length], data }])),
      ...scaleTensors(scale),
    });
    await writeJson(path.join(folder, 'config.json'), { schema: 'deeplog.detector/1', detector: this.id, options: this.options, radii, texts: this.texts === null ? null : [...this.texts] });
  }

  /** @throws DataError when the folder holds something else. */
  static async load(folder: string, engine: Engine): Promise<TextAutoencoder> {
    const config = (await readJson(path.join(folder, 'config.json'))) as { detector?: string; options: AutoencoderOptions; radii?: Fitted['radii']; texts: [number, string][] | null };
    const score = config.detector === IDS.line ? 'line' : 'window';
    if (config.detector !== IDS[score]) throw new DataError(`${folder}: holds a ${String(config.detector)} detector, not the text autoencoder.`);
    const detector = new TextAutoencoder({ ...config.options, score }, config.texts === null ? null : new Map(config.texts));
    const encoder = await LineEncoder.load(path.join(folder, 'lines'), engine);
    const { scale, others } = takeScale(await readTensors(path.join(folder, 'model.safetensors')), config.options.lines.latent);
    const judge = new WindowJudge(config.options.windows, config.options.lines.latent, others);
    await judge.compile(engine);
    detector.fitted = { encoder, scale, judge, vectors: new LineVectors(encoder, scale), radii: config.radii ?? null };
    return detector;
  }

  /** @throws DataError when it is no text autoencoder. */
  adopt(fitted: Detector): TextAutoencoder {
    if (!(fitted instanceof TextAutoencoder)) throw new DataError(`${fitted.id} is no text autoencoder, so ${this.id} cannot read it.`);
    const twin = new TextAutoencoder({ ...fitted.options, score: this.options.score }, fitted.texts);
    twin.fitted = fitted.fitted;
    return twin;
  }

  networks(): readonly ExportableNetwork[] {
    const { encoder, judge } = this.model();
    return [...encoder.networks(), judge.network()];
  }

  answeredBy(run: NetworkRunner | null): TextAutoencoder {
    const { scale, radii, ...fitted } = this.model();
    const twin = this.adopt(this);
    const [encoder, judge] = [fitted.encoder.answeredBy(run), fitted.judge.answeredBy(run)];
    twin.fitted = { encoder, scale, judge, vectors: new LineVectors(encoder, scale), radii };
    return twin;
  }

  amplification(): number {
    return enlargement(this.model().scale);
  }

  scoringData(): Readonly<Record<string, unknown>> {
    const { encoder: { vocabulary, longest, buckets }, scale } = this.model();
    return { tokens: vocabulary.tokens, longest, lengths: buckets, means: Array.from(scale.means), projection: Array.from(scale.projection), text_of_unknown_events: NO_TEXT };
  }

  scoringRecipe(): readonly string[] {
    return autoencoderRecipe(this.options, this.texts === null);
  }

  modelBytes(): number | null {
    return this.fitted === null ? null : this.fitted.encoder.modelBytes() + Object.values(this.fitted.judge.parameters).reduce((sum, a) => sum + a.byteLength, 0);
  }

  async dispose(): Promise<void> {
    await this.fitted?.encoder.dispose();
    await this.fitted?.judge.dispose();
  }

  private distinctLines(source: SessionSource): Map<string, number> {
    const lines = new Map<string, number>();
    for (const { session, count } of source.distinct()) for (const line of this.linesOf(session)) lines.set(line, (lines.get(line) ?? 0) + count);
    return lines;
  }

  private windowsOf(source: SessionSource, vectors: LineVectors): LineWindows {
    const builder = new LineWindowBuilder(this.options.windows.windowSize);
    for (const { session, count } of source.distinct()) builder.add(this.numbers(session, vectors), count);
    return builder.build();
  }

  private numbers(session: Session, vectors: LineVectors): Int32Array {
    return Int32Array.from(this.linesOf(session), (line) => vectors.intern(line));
  }

  private linesOf({ events, text, key }: Session): readonly string[] {
    const { texts } = this;
    if (texts !== null) return Array.from(events, (event) => texts.get(event) ?? NO_TEXT);
    if (text === undefined) throw new DataError(`Session ${key} has no raw lines, and ${this.id} reads them.`);
    return text;
  }

  private model(): Fitted {
    if (this.fitted === null) throw new DataError('The text autoencoder is not fitted yet: call fit or load first.');
    return this.fitted;
  }
}

/** What an event without a text is read as. */
const NO_TEXT = '<unknown event>';
/** So that windows of millions of sessions are not all in memory. */
const SESSIONS_AT_ONCE = 8192;

/** Windows that tell how near those of normal sessions are to each other. */
const RADIUS_WINDOWS = 4000;

function someOf({ windows }: LineWindows): Int32Array[] {
  const every = Math.ceil(windows.length / RADIUS_WINDOWS);
  return windows.filter((_, i) => i % every === 0);
}

function bookOf(vocabulary: TokenVocabulary, longest: number, lines: ReadonlyMap<string, number>): LineBook {
  const book = new LineBook(vocabulary, longest);
  for (const [line, weight] of lines) book.intern(line, weight);
  return book;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / Math.max(1, values.length);
}
