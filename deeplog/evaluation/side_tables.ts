import { cell, count, mean, section, unique, type Style } from './render_table.js';
import type { ResultRow } from './result_row.js';

/** F1 of every detector under every variant, side by side. */
export function renderVariants(protocol: string, variants: readonly (readonly ResultRow[])[], style: Style): string {
  const ids = unique(variants.flat().map((r) => r.detector));
  const table = [['detector', ...variants.map(([first]) => first.variant ?? 'as it is')], ...ids.map((id) => [id, ...variants.map((rows) => cell(rows.filter((r) => r.detector === id).map((r) => r.f1), 3))])];
  const heading = `${protocol} · F1 by variant · unit: ${variants[0][0].unit} · thresholds from validation normals at ${100 * variants[0][0].target_fpr} % false alarms`;
  return section(heading, table, style);
}

/** Protocols that differ in their order only. */
export const SAME_DATA = [['hdfs-chrono', 'hdfs-random'], ['bgl-chrono', 'bgl-random']] as const;

/** What a random split makes of the same data: F1 in order, shuffled, and the difference. */
export function renderSplitGap(rows: readonly ResultRow[], inOrder: string, shuffled: string, style: Style): string {
  const f1 = (protocol: string, id: string): (number | null)[] => rows.filter((r) => r.protocol === protocol && r.detector === id && r.variant === null).map((r) => r.f1);
  const ids = unique(rows.map((r) => r.detector)).filter((id) => f1(inOrder, id).length > 0 && f1(shuffled, id).length > 0);
  if (ids.length === 0) return '';
  const table = [['detector', inOrder, shuffled, 'difference'], ...ids.map((id) => {
    const [a, b] = [mean(f1(inOrder, id)), mean(f1(shuffled, id))];
    return [id, cell(f1(inOrder, id), 3), cell(f1(shuffled, id), 3), a === null || b === null ? '–' : `${b - a < 0 ? '' : '+'}${(b - a).toFixed(3)}`];
  })];
  return section(`F1 in order of time and after a shuffle, the same data · unit: ${rows.find((r) => r.protocol === inOrder)?.unit ?? ''} · thresholds from validation normals at ${100 * rows[0].target_fpr} % false alarms`, table, style);
}

/** Which line? For sets with line labels. */
export function renderLineRanks(rows: readonly ResultRow[], style: Style): string {
  const ranked = rows.flatMap((r) => (r.line_rank ? [{ ...r.line_rank, row: r }] : []));
  if (ranked.length === 0) return '';
  const table = [['detector', 'protocol', 'sessions', 'median rank', 'mean rank', 'by chance', 'first', 'among 5', 'median lines'], ...ranked.map((l) => [
    l.row.detector, l.row.protocol, count(l.sessions), l.median_rank.toFixed(1), l.mean_rank.toFixed(2), l.chance_rank.toFixed(2), `${(100 * l.first).toFixed(0)} %`, `${(100 * l.among_5).toFixed(0)} %`, String(l.median_lines),
  ])];
  return section("Which line? Rank of the first labelled line among those that the detector points at, in flagged abnormal test sessions", table, style);
}

