import type { ScoreCounts } from './metrics.js';

/** Test sessions by score: bin i is [edges[i], edges[i + 1]), the last one closed. */
export interface ScoreHistogram {
  readonly edges: readonly number[];
  readonly normal: readonly number[];
  readonly abnormal: readonly number[];
  readonly scale: 'linear' | 'log';
  /** Scores far above all others, which would make one bar of the rest: how many, from the lowest to the highest. */
  readonly beyond: { readonly from: number; readonly to: number; readonly normal: number; readonly abnormal: number } | null;
}

const BINS = 40;
/** Scores that span more than this are drawn on a logarithmic axis. */
const WIDE = 1000;
/** Scores stand apart when the gap below them is so many times as wide as all that lies below it. */
const APART = 4;
/** What stands apart has this many different values at most: it is a constant (an unknown key's), not a tail. */
const FEW_VALUES = 3;

export function scoreHistogram(counts: ScoreCounts): ScoreHistogram {
  const apart = standingApart(counts.scores);
  const { scores, normal, abnormal } = { scores: counts.scores.slice(apart), normal: counts.normal.slice(apart), abnormal: counts.abnormal.slice(apart) };
  const sum = (list: ArrayLike<number>): number => Array.from(list).slice(0, apart).reduce((a, b) => a + b, 0);
  const beyond = apart === 0 ? null : { from: counts.scores[apart - 1], to: counts.scores[0], normal: sum(counts.normal), abnormal: sum(counts.abnormal) };
  const { edges, scale } = axisOf(Array.from(scores));
  const out = { edges, normal: new Array<number>(edges.length - 1).fill(0), abnormal: new Array<number>(edges.length - 1).fill(0), scale, beyond };
  scores.forEach((score, i) => {
    const bin = binOf(edges, score);
    out.normal[bin] += normal[i];
    out.abnormal[bin] += abnormal[i];
  });
  return out;
}

/** The same with what is beyond in a last, wide bin, for those who draw nothing apart. */
export function withBeyond({ edges, normal, abnormal, scale, beyond }: ScoreHistogram): Omit<ScoreHistogram, 'beyond'> {
  if (beyond === null) return { edges, normal, abnormal, scale };
  return { edges: [...edges, beyond.to], normal: [...normal, beyond.normal], abnormal: [...abnormal, beyond.abnormal], scale };
}

/** How many of the different scores, highest first, stand apart from the others. */
function standingApart(scores: ArrayLike<number>): number {
  const least = scores[scores.length - 1];
  for (let i = 1; i <= FEW_VALUES && i < scores.length - 1; i++) if (scores[i - 1] - scores[i] > APART * (scores[i] - least)) return i;
  return 0;
}

/** Edges of bins for different scores, highest first: whole numbers have bins of whole width around them. */
function axisOf(scores: readonly number[]): Pick<ScoreHistogram, 'edges' | 'scale'> {
  const [high, low] = [scores[0] ?? 0, scores.at(-1) ?? 0];
  if (scores.every(Number.isInteger) && high - low <= WIDE) {
    const width = Math.ceil((high - low + 1) / BINS);
    const bins = Math.ceil((high - low + 1) / width);
    return { edges: Array.from({ length: bins + 1 }, (_, i) => low - 0.5 + i * width), scale: 'linear' };
  }
  const least = scores.findLast((s) => s > 0) ?? 1;
  const log = low >= 0 && high / least > WIDE;
  const [from, to] = log ? [Math.log10(least), Math.log10(high)] : [low, high];
  // Few different scores have a bin each.
  const bins = scores.length <= BINS / 2 && !log ? Math.max(1, scores.length) : BINS;
  const width = (to - from) / bins || 1;
  return { edges: Array.from({ length: bins + 1 }, (_, i) => (log ? 10 ** (from + i * width) : from + i * width)), scale: log ? 'log' : 'linear' };
}

/** The last bin whose lower edge is at most the score; what lies outside is in the first or the last. */
function binOf(edges: readonly number[], score: number): number {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle] <= score) low = middle;
    else high = middle - 1;
  }
  return low;
}
