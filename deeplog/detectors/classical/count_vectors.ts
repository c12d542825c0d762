import type { Pattern } from './patterns.js';

export interface FeatureOptions {
  /** loglizer's `term_weighting`: counts as they are, or times log(N / sessions that have the event). */
  readonly weighting: 'none' | 'tf-idf';
  /** loglizer's `normalization`: less the training mean, or not. */
  readonly normalization: 'none' | 'zero-mean';
  /** Events of fewer training sessions than this count as unknown ones, so that a method with labels can learn what unknown means. */
  readonly minSessions: number;
}

/**
 * Event count vectors as loglizer makes them (He et al., ISSRE 2016): a column for each event of the training part, in order of id,
 * and a last one for all events that are not among them; nothing is dropped. Weights and means are of the training part alone.
 */
export class CountVectors {
  private readonly columnOf: ReadonlyMap<number, number>;

  constructor(readonly events: readonly number[], readonly weights: readonly number[], readonly means: readonly number[]) {
    this.columnOf = new Map(events.map((e, c) => [e, c]));
  }

  static fit(patterns: readonly Pattern[], options: FeatureOptions): CountVectors {
    const sessionsWith = new Map<number, number>();
    let sessions = 0;
    for (const p of patterns) {
      sessions += p.sessions;
      for (const e of new Set(p.events)) sessionsWith.set(e, (sessionsWith.get(e) ?? 0) + p.sessions);
    }
    // Event 0 means that no template fits: never a known one.
    const events = [...sessionsWith].filter(([e, n]) => e !== 0 && n >= options.minSessions).map(([e]) => e).sort((a, b) => a - b);
    // An unknown event weighs as much as one that a single training session has.
    const weights = [...events.map((e) => sessionsWith.get(e) ?? 1), 1].map((n) => (options.weighting === 'tf-idf' ? Math.log(sessions / n) : 1));
    const plain = new CountVectors(events, weights, new Array<number>(weights.length).fill(0));
    if (options.normalization === 'none') return plain;
    const means = new Array<number>(weights.length).fill(0);
    for (const p of patterns) plain.vector(p.events).forEach((x, c) => { means[c] += (p.sessions / sessions) * x; });
    return new CountVectors(events, weights, means);
  }

  /** Columns: the known events and, last, the unknown ones. */
  get width(): number {
    return this.weights.length;
  }

  /** [width] */
  vector(events: ArrayLike<number>): Float64Array {
    const out = new Float64Array(this.width);
    for (let i = 0; i < events.length; i++) out[this.column(events[i])]++;
    for (let c = 0; c < out.length; c++) out[c] = out[c] * this.weights[c] - this.means[c];
    return out;
  }

  column(event: number): number {
    return this.columnOf.get(event) ?? this.events.length;
  }

  /** The event of a column in words. */
  name(column: number): string {
    return column < this.events.length ? `event ${this.events[column]}` : 'events unknown from training';
  }
}
