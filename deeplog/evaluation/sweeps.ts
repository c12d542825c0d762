import { UsageError } from '../common/index.js';
import type { DrainFlags } from '../sessions/index.js';

export const SWEEP_IDS = ['contamination', 'parser'] as const;
export type SweepId = (typeof SWEEP_IDS)[number];

/** A task with one thing changed, to see what the numbers owe to it. */
export type Variant =
  /** This share of the abnormal sessions before the test part passes for normal: what a labeller overlooks. */
  | { readonly kind: 'contamination'; readonly share: number }
  | { readonly kind: 'parser'; readonly name: string; readonly flags: Partial<DrainFlags> };

/** What the spec asks for, and both ends: every anomaly labelled, and none. */
const OVERLOOKED = [0, 0.001, 0.01, 0.1, 1];

/** The shipped settings, a parser that merges more, one that merges less, and one that masks nothing beforehand. */
const PARSERS: Readonly<Record<string, Partial<DrainFlags>>> = {
  'shipped (sim_th .5, depth 4, masks)': {},
  'sim_th .3': { sim_th: 0.3 },
  'sim_th .7': { sim_th: 0.7 },
  'no masks': { masking: [] },
};

/** Protocols that parse a log themselves. */
const PARSED = ['hdfs-raw'];

/** Protocols that draw training and validation from normal sessions; all others are tested on. */
const ALL_NORMAL_BEFORE_TEST = ['hdfs-4855'];

/** The variants of a sweep. @throws UsageError when a protocol has nothing to sweep */
export function variantsOf(sweep: SweepId, protocols: readonly string[]): Variant[] {
  switch (sweep) {
    case 'contamination': {
      const pure = protocols.find((p) => ALL_NORMAL_BEFORE_TEST.includes(p));
      if (pure !== undefined) throw new UsageError(`--sweep contamination: ${pure} has no abnormal session before its test part, so there is none to overlook. Choose another --protocol.`);
      return OVERLOOKED.map((share) => ({ kind: 'contamination', share }));
    }
    case 'parser': {
      const other = protocols.find((p) => !PARSED.includes(p));
      if (other !== undefined) throw new UsageError(`--sweep parser: ${other} is read as event ids, which are not parsed here. Use --protocol ${PARSED.join(', ')}.`);
      return Object.entries(PARSERS).map(([name, flags]) => ({ kind: 'parser', name, flags }));
    }
    default: throw new UsageError(`There is no sweep ${String(sweep satisfies never)}.`);
  }
}

/** A variant in a table. */
export function variantName(variant: Variant): string {
  return variant.kind === 'parser' ? `parser: ${variant.name}` : `${+(100 * variant.share).toFixed(4)} % of the anomalies overlooked`;
}
