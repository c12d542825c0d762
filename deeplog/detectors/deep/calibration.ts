import type { Detector, Session, SessionSource } from '../types.js';

/** Highest scores that are kept one by one; below them a score is ordinary. */
const KEPT = 2000;

/** How the scale goes on beyond the highest score of validation. */
interface Tail {
  /** Grows from 0. */
  beyond(score: number, top: number): number;
  /** The score that is `rest` beyond. */
  at(rest: number, top: number): number;
}

/** For scores without a unit: by less than 1. */
const BOUNDED: Tail = {
  beyond: (score, top) => (top > 0 ? 1 - top / score : score / (1 + score)),
  at: (rest, top) => (top <= 0 ? 1 : top) * (top <= 0 ? rest : 1) / (1 - Math.min(rest, 0.999999)),
};

/** For scores that are −ln p: as if p were right there, too, so that ln 10 more is ten times rarer. */
const NATS: Tail = { beyond: (score, top) => (score - top) / Math.LN10, at: (rest, top) => top + rest * Math.LN10 };

/**
 * How unusual a score is among those of validation's normal sessions, on one scale for every detector: −log10 of the share that
 * scores as high. Beyond the highest of them the scale goes on: by less than 1, or, for scores in nats, by their own measure.
 */
export class Calibration {
  private constructor(
    /** Validation sessions. */
    readonly total: number,
    /** The highest scores, descending. */
    readonly highest: readonly number[],
    /** The scores are in nats. */
    readonly nats: boolean,
  ) {}

  static fit(scores: ArrayLike<number>, { nats = false } = {}): Calibration {
    return new Calibration(scores.length, Array.from(scores).sort((a, b) => b - a).slice(0, KEPT), nats);
  }

  static fromJSON({ total, highest, nats = false }: { total: number; highest: number[]; nats?: boolean }): Calibration {
    return new Calibration(total, highest, nats);
  }

  private get tail(): Tail {
    return this.nats ? NATS : BOUNDED;
  }

  unusual(score: number): number {
    const { highest, total } = this;
    const top = highest[0] ?? 0;
    if (score > top) return Math.log10(total + 1) + this.tail.beyond(score, top);
    let [low, high] = [0, highest.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (highest[middle] >= score) low = middle + 1;
      else high = middle;
    }
    // Below all kept scores: as unusual as the least of them at most.
    return -Math.log10((low + 1) / (total + 1));
  }

  /** The score above which `unusual` exceeds `level`. */
  scoreAt(level: number): number {
    const { highest, total } = this;
    const rest = level - Math.log10(total + 1);
    const top = highest[0] ?? 0;
    if (rest >= 0) return this.tail.at(rest, top);
    const allowed = Math.floor(10 ** -level * (total + 1) - 1 + 1e-9);
    return highest[Math.max(0, allowed)] ?? highest.at(-1) ?? 0;
  }
}

/** Each part's scores of validation's normal sessions, as often as they occur, as scales. */
export async function calibrate(detector: Required<Pick<Detector, 'scoreParts'>>, validation: SessionSource, options: { nats?: boolean } = {}): Promise<Calibration[]> {
  const sessions: Session[] = [];
  const counts: number[] = [];
  for (const { session, count } of validation.distinct()) {
    if (session.label === true) continue;
    sessions.push(session);
    counts.push(count);
  }
  return (await detector.scoreParts(sessions)).map((scores) => Calibration.fit(Array.from(scores).flatMap((s, i) => new Array<number>(counts[i]).fill(s)), options));
}
