import type * as Plot from '@observablehq/plot';
import type { ScoreHistogram } from '../../evaluation/index.js';
import { decades } from './plot.js';

/** Room between the scores and those far beyond them, and the width of these' bar, as shares of the axis. */
const GAP = 0.07;
const BAR = 0.05;

/** A horizontal axis of scores: what lies far beyond the others stands at its end, behind a gap. */
export interface ScoreAxis {
  readonly options: Plot.ScaleOptions;
  /** Where a score stands. */
  at(score: number): number;
  /** The bar of what lies beyond, and what it is called. */
  readonly beyond: { readonly from: number; readonly to: number; readonly name: string } | null;
}

export function scoreAxis({ edges, scale, beyond }: Pick<ScoreHistogram, 'edges' | 'scale' | 'beyond'>, label: string): ScoreAxis {
  const [low, high] = [edges[0], edges[edges.length - 1]];
  // Straight on a linear axis, by factors on a logarithmic one.
  const along = (share: number): number => (scale === 'log' ? low * (high / low) ** share : low + share * (high - low || 1));
  const bar = beyond === null ? null : { from: along(1 + GAP), to: along(1 + GAP + BAR), name: beyond.from === beyond.to ? short(beyond.to) : `≥ ${short(beyond.from)}` };
  return {
    options: { type: scale, domain: [low, bar?.to ?? high], label, ticks: scale === 'log' ? decades(low, high).filter(everyFew(decades(low, high).length)) : ticksWithin(low, high), tickFormat: scale === 'log' ? '~g' : String },
    at: (score) => (bar !== null && score > high ? along(1 + GAP + BAR / 2) : Math.min(Math.max(score, low), high)),
    beyond: bar,
  };
}

const MOST_TICKS = 5;

function everyFew(n: number): (_: number, i: number) => boolean {
  const every = Math.ceil(n / MOST_TICKS);
  return (_, i) => i % every === 0;
}

/** Round numbers within a range; whole ones where the edges are those of whole numbers. */
function ticksWithin(low: number, high: number): number[] {
  const whole = Number.isInteger(low + 0.5) && Number.isInteger(high + 0.5);
  const rough = (high - low || 1) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(whole ? 1 : 0, power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10));
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) => +((Math.ceil(low / step) + i) * step).toPrecision(12));
}

function short(value: number): string {
  return Math.abs(value) >= 1e6 ? value.toExponential(1) : (+value.toPrecision(3)).toLocaleString('en-US');
}
