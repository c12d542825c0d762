/** Highest scores that are kept one by one; below them a score is ordinary. */
const KEPT = 2000;

/**
 * How unusual a score is among those of validation's normal sessions, on one scale for every detector: −log10 of the share that
 * scores as high. Beyond the highest of them the scale goes on, by less than 1.
 */
export class Calibration {
  private constructor(
    /** Validation sessions. */
    readonly total: number,
    /** The highest scores, descending. */
    readonly highest: readonly number[],
  ) {}

  static fit(scores: ArrayLike<number>): Calibration {
    return new Calibration(scores.length, Array.from(scores).sort((a, b) => b - a).slice(0, KEPT));
  }

  static fromJSON(json: { total: number; highest: number[] }): Calibration {
    return new Calibration(json.total, json.highest);
  }

  unusual(score: number): number {
    const { highest, total } = this;
    const top = highest[0] ?? 0;
    if (score > top) return Math.log10(total + 1) + beyond(score, top);
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
    if (rest >= 0) return top <= 0 ? rest / (1 - Math.min(rest, 0.999999)) : top / (1 - Math.min(rest, 0.999999));
    const allowed = Math.floor(10 ** -level * (total + 1) - 1 + 1e-9);
    return highest[Math.max(0, allowed)] ?? highest.at(-1) ?? 0;
  }
}

/** Grows from 0 towards 1 as the score leaves the highest one behind. */
function beyond(score: number, top: number): number {
  return top > 0 ? 1 - top / score : score / (1 + score);
}
