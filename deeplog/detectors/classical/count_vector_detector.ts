import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { DataError } from '../../common/index.js';
import type { Detector, Evidence, FitContext, Need, OwnThreshold, Session, SessionSource } from '../types.js';
import { CountVectors } from './count_vectors.js';
import { bagOf, patternsOf } from './patterns.js';
import type { TrainingVectors, VectorMethod } from './vector_method.js';

/** A method on count vectors as a detector: equal bags of events are learned once with their number, and scored once. */
export class CountVectorDetector<M> implements Detector {
  readonly needs: ReadonlySet<Need>;
  readonly binary = false;
  private fitted: { readonly vectors: CountVectors; readonly model: M; readonly score: (vector: Float64Array) => number; readonly sessions: number; readonly abnormal: number } | null = null;

  constructor(private readonly method: VectorMethod<M>) {
    this.needs = new Set<Need>(method.supervised ? ['events', 'labels'] : ['events']);
  }

  get id(): string {
    return this.method.id;
  }

  /** @throws DataError when the method needs abnormal training sessions and there are none, or when there are too many different events. */
  async fit(train: SessionSource, _validation: SessionSource, context: Pick<FitContext, 'seed'>): Promise<void> {
    const patterns = patternsOf(train);
    const vectors = CountVectors.fit(patterns, this.method.features);
    if (vectors.width > MAX_COLUMNS) throw new DataError(`${this.id}: the training part has ${vectors.width - 1} different events, more than the ${MAX_COLUMNS} that count vectors are fitted for: the parser has not found the templates. Mask more, or lower --sim_th.`);
    const training: TrainingVectors = {
      vectors: patterns.map((p) => vectors.vector(p.events)),
      sessions: Float64Array.from(patterns, (p) => p.sessions),
      abnormal: Float64Array.from(patterns, (p) => p.abnormal),
      total: patterns.reduce((sum, p) => sum + p.sessions, 0),
    };
    const abnormal = training.abnormal.reduce((a, b) => a + b, 0);
    if (this.method.supervised && (abnormal === 0 || abnormal === training.total)) throw new DataError(`${this.id} learns from labels and needs normal and abnormal training sessions; of ${training.total} there are ${abnormal} abnormal ones. Choose a split whose training share has both, or leave it out of --detectors.`);
    this.use(vectors, await this.method.fit(training, context.seed), training.total, abnormal);
  }

  scoreBatch(sessions: readonly Session[]): Promise<Float64Array> {
    const { vectors, score } = this.known();
    const byBag = new Map<string, number>();
    return Promise.resolve(Float64Array.from(sessions, ({ events }) => {
      const bag = bagOf(events);
      let found = byBag.get(bag);
      if (found === undefined) byBag.set(bag, (found = score(vectors.vector(events))));
      return found;
    }));
  }

  explain(session: Session): Promise<Evidence[]> {
    const { vectors, model } = this.known();
    const findings = this.method.explain?.(model, vectors.vector(session.events), vectors) ?? [];
    return Promise.resolve(findings.map(({ column, score, reason }) => {
      const index = session.events.findIndex((e) => vectors.column(e) === column);
      const at = index < 0 ? session.events.length : index;
      return { index: at, event: session.events[at] ?? null, score, expected: [], reason, ...(session.lines && index >= 0 ? { line: session.lines[at] } : {}) };
    }));
  }

  get patternKind(): string {
    return this.method.pattern?.kind ?? 'count vector';
  }

  patterns(sessions: readonly Session[]): Promise<string[][]> {
    const { vectors, model } = this.known();
    return Promise.resolve(sessions.map(({ events }) => this.method.pattern?.names(model, vectors.vector(events), vectors) ?? [`counts ${bagOf(events)}`]));
  }

  get ownThreshold(): OwnThreshold | null {
    return this.method.ownThreshold?.(this.known().model) ?? null;
  }

  get notes(): readonly string[] {
    const { model, sessions, abnormal } = this.known();
    const saw = this.method.supervised ? [`${this.id} saw labels: it was trained on ${(sessions - abnormal).toLocaleString('en-US')} normal and ${abnormal.toLocaleString('en-US')} abnormal sessions`] : [];
    return [...saw, ...(this.method.notes?.(model) ?? []).map((n) => `${this.id}: ${n}`)];
  }

  fittedOn(): number {
    return this.known().sessions;
  }

  async save(folder: string): Promise<void> {
    await writeJson(path.join(folder, 'config.json'), this.toJSON());
  }

  /** @throws DataError when the folder holds another detector. */
  async restore(folder: string): Promise<this> {
    const config = (await readJson(path.join(folder, 'config.json'))) as Partial<Saved<M>>;
    const { detector, events, weights, means, model, sessions, abnormal } = config;
    if (detector !== this.id || !events || !weights || !means || model === undefined) throw new DataError(`${folder}: holds a ${String(detector)} detector, not ${this.id}.`);
    this.use(new CountVectors(events, weights, means), model, sessions ?? 0, abnormal ?? 0);
    return this;
  }

  modelBytes(): number | null {
    return this.fitted === null ? null : JSON.stringify(this.toJSON()).length;
  }

  private toJSON(): Saved<M> {
    const { vectors: { events, weights, means }, model, sessions, abnormal } = this.known();
    return { schema: 'deeplog.detector/1', detector: this.id, sessions, abnormal, events, weights, means, model };
  }

  private use(vectors: CountVectors, model: M, sessions: number, abnormal: number): void {
    this.fitted = { vectors, model, score: this.method.scorer(model), sessions, abnormal };
  }

  private known(): NonNullable<typeof this.fitted> {
    if (this.fitted === null) throw new DataError(`${this.id} is not fitted yet: call fit or restore first.`);
    return this.fitted;
  }
}

/** Covariances and Newton steps are cubic in the columns; logs that parse well have tens or hundreds. */
const MAX_COLUMNS = 1500;

interface Saved<M> {
  readonly schema: 'deeplog.detector/1';
  readonly detector: string;
  readonly sessions: number;
  readonly abnormal: number;
  readonly events: readonly number[];
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly model: M;
}
