import { f1DifferenceInterval, stretchCounts, type Interval } from './bootstrap.js';
import type { CellResult } from './result_row.js';
import { tableKey } from './table.js';
import { unpackVerdicts, type VerdictBytes } from './verdicts.js';

/** Which detectors flag the same sessions of one split, and whether one is really better than another. */
export interface Agreement {
  readonly protocol: string;
  readonly variant: string | null;
  readonly folds: number;
  readonly target_fpr: number;
  readonly split_sha256: string;
  readonly unit: string;
  /** Test sessions. */
  readonly n: number;
  readonly detectors: readonly string[];
  /** Sessions that row and column both flag; on the diagonal those that the detector flags. */
  readonly both: readonly (readonly number[])[];
  /** F1 less that of the best, with a 95 % interval over the same resampled sessions; null without labels. */
  readonly against_best: { readonly best: string; readonly others: readonly F1Difference[] } | null;
}

export interface F1Difference {
  readonly detector: string;
  readonly difference: number;
  readonly interval: Interval | null;
}

/** One for each table of two detectors or more: of its first seed and origin. */
export function agreements(cells: readonly CellResult[]): Agreement[] {
  const tables = new Map<string, CellResult[]>();
  for (const cell of cells) {
    const key = tableKey(cell.row);
    const [first] = tables.get(key) ?? [cell];
    if (cell.row.seed === first.row.seed && cell.row.fold === first.row.fold) tables.set(key, [...(tables.get(key) ?? []), cell]);
  }
  return [...tables.values()].filter((own) => own.length > 1).map(agreementOf);
}

function agreementOf(cells: readonly CellResult[]): Agreement {
  const [{ row: { protocol, variant, folds, target_fpr, split_sha256, unit, n_test } }] = cells;
  const verdicts = cells.map((c) => unpackVerdicts(c.curves.verdicts));
  return {
    protocol, variant, folds, target_fpr, split_sha256, unit, n: n_test, detectors: cells.map((c) => c.row.detector),
    both: verdicts.map(({ flagged: a }) => verdicts.map(({ flagged: b }) => a.reduce((n, bit, i) => n + (bit & b[i]), 0))),
    against_best: againstBest(cells, verdicts),
  };
}

function againstBest(cells: readonly CellResult[], verdicts: readonly VerdictBytes[]): Agreement['against_best'] {
  const measured = cells.flatMap(({ row }, i) => {
    const stretches = stretchCounts(verdicts[i]);
    return row.f1 === null || stretches === null ? [] : [{ detector: row.detector, f1: row.f1, stretches }];
  });
  if (measured.length < 2) return null;
  const [best, ...others] = [...measured].sort((a, b) => b.f1 - a.f1);
  return { best: best.detector, others: others.map(({ detector, f1, stretches }) => ({ detector, difference: f1 - best.f1, interval: f1DifferenceInterval(stretches, best.stretches) })) };
}

/** Sessions that two detectors both flag as a share of those that either flags (Jaccard); null when neither flags any. */
export function overlap({ both }: Pick<Agreement, 'both'>, a: number, b: number): number | null {
  const either = both[a][a] + both[b][b] - both[a][b];
  return either === 0 ? null : both[a][b] / either;
}
