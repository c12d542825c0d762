import { seededRandom } from '../common/index.js';
import type { VerdictBytes } from './verdicts.js';

/** What F1 is made of, of one stretch of consecutive test sessions. */
export interface StretchCounts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** Two numbers that hold 95 % of what resampling gives. */
export type Interval = readonly [low: number, high: number];

/** Stretches that a test part is cut into; of fewer sessions each is one. */
export const STRETCHES = 100;
const RESAMPLES = 2000;
const TAIL = 0.025;
/** The same draws for every detector: differences between two are then of the same resampled sessions. */
const SEED = 95;

/** The counts of each stretch, labelled sessions only; null without labels. */
export function stretchCounts({ flagged, abnormal, labelled }: VerdictBytes, stretches = STRETCHES): StretchCounts[] | null {
  if (abnormal === null || labelled === null) return null;
  const count = Math.min(stretches, flagged.length);
  return Array.from({ length: count }, (_, b) => {
    const counts = { tp: 0, fp: 0, fn: 0 };
    for (let i = Math.floor((b * flagged.length) / count); i < Math.floor(((b + 1) * flagged.length) / count); i++) {
      if (labelled[i] === 0) continue;
      if (flagged[i] === 1) counts[abnormal[i] === 1 ? 'tp' : 'fp']++;
      else if (abnormal[i] === 1) counts.fn++;
    }
    return counts;
  });
}

/**
 * How far F1 could be off because the test part is one draw of many: percentile bootstrap (Efron) over stretches of consecutive sessions, not
 * single ones, since sessions of the same hour are alike and windows overlap (the block bootstrap: Künsch 1989; here the stretches do not
 * overlap, as in Carlstein 1986). Says nothing of another training run. Null where a resample has neither alerts nor abnormal sessions.
 */
export function f1Interval(stretches: readonly StretchCounts[], resamples = RESAMPLES): Interval | null {
  return interval(draws(stretches.length, resamples).map((drawn) => f1Of(stretches, drawn)));
}

/** The same of F1 of `a` minus F1 of `b` on the same resampled sessions. @throws RangeError when they are cut differently */
export function f1DifferenceInterval(a: readonly StretchCounts[], b: readonly StretchCounts[], resamples = RESAMPLES): Interval | null {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} stretches are not of the same sessions`);
  return interval(draws(a.length, resamples).map((drawn) => {
    const [first, second] = [f1Of(a, drawn), f1Of(b, drawn)];
    return first === null || second === null ? null : first - second;
  }));
}

function draws(count: number, resamples: number): Uint32Array[] {
  const random = seededRandom(SEED);
  return Array.from({ length: resamples }, () => Uint32Array.from({ length: count }, () => Math.floor(random() * count)));
}

function f1Of(stretches: readonly StretchCounts[], drawn: Uint32Array): number | null {
  let [hits, others] = [0, 0];
  for (const b of drawn) {
    const { tp, fp, fn } = stretches[b];
    hits += 2 * tp;
    others += fp + fn;
  }
  return hits + others === 0 ? null : hits / (hits + others);
}

function interval(values: readonly (number | null)[]): Interval | null {
  const found = values.filter((v): v is number => v !== null).sort((a, b) => a - b);
  return found.length < values.length || found.length === 0 ? null : [quantile(found, TAIL), quantile(found, 1 - TAIL)];
}

/** Linear between the two nearest, as numpy's default. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}
