import type { KeyRows, ParameterLog } from '../../../sequences/index.js';
import type { SessionSource } from '../../types.js';
import { fitColumns } from './columns.js';
import type { KeySeries } from './value_models.js';

export interface KeySeriesOptions {
  /** Keys with fewer training rows get no model. */
  readonly minRows: number;
  /** Of more training rows the latest so many are used. */
  readonly maxRows: number;
  readonly windowSize: number;
}

/** A key without a model, and why. */
export interface SkippedKey {
  readonly key: number;
  readonly rows: number;
  readonly why: string;
}

/**
 * The keys of a log that can have a parameter-value model: enough rows in training and validation, at least one column of
 * numbers that vary. Where a key's template was still being learned, its rows differ in width; the commonest width in training counts.
 */
export function keySeries(log: ParameterLog, train: Iterable<number>, validation: Iterable<number>, options: KeySeriesOptions): { series: KeySeries[]; skipped: SkippedKey[] } {
  const trainRows = rowsByTable(log, train);
  const validationRows = rowsByTable(log, validation);
  const widest = new Map<number, number>();
  for (const [table, rows] of trainRows) {
    const { key } = log.tables[table];
    const other = widest.get(key);
    if (other === undefined || rows.length > (trainRows.get(other)?.length ?? 0)) widest.set(key, table);
  }
  const series: KeySeries[] = [];
  const skipped: SkippedKey[] = [];
  for (const [key, index] of [...widest].sort(([a], [b]) => a - b)) {
    const table = log.tables[index];
    const rows = trainRows.get(index) ?? [];
    const held = validationRows.get(index) ?? [];
    const made = seriesOf(key, table, rows, held, options);
    if (typeof made === 'string') skipped.push({ key, rows: rows.length, why: made });
    else series.push(made);
  }
  return { series, skipped };
}

/** One key's series, or why it can have none. Rows are in order. */
export function seriesOf(key: number, table: KeyRows, rows: readonly number[], held: readonly number[], { minRows, maxRows, windowSize }: KeySeriesOptions): KeySeries | string {
  if (key === 0) return 'no template';
  if (rows.length < Math.max(minRows, windowSize + 1)) return `${rows.length} training rows`;
  if (held.length < 2) return `${held.length} validation rows`;
  const train = rows.slice(-maxRows);
  const { columns, report } = fitColumns(table, train);
  if (columns.length === 0) return `no column with numbers that vary (${report.map((c) => `${c.name}: ${c.use}`).join(', ')})`;
  return { key, columns, report, train: { table, rows: train }, validation: { table, rows: held } };
}

/** The lines of all sessions of a source. */
export function* linesOf(source: SessionSource): Iterable<number> {
  for (const { session } of source.distinct()) {
    const { lines } = session;
    if (lines === undefined) continue;
    for (let i = 0; i < lines.length; i++) yield lines[i];
  }
}

/** Rows by table, in line order; a line in several windows counts once. */
function rowsByTable(log: ParameterLog, lines: Iterable<number>): Map<number, number[]> {
  const out = new Map<number, number[]>();
  for (const line of [...new Set(lines)].sort((a, b) => a - b)) {
    const at = log.at(line);
    if (at === null) continue;
    const rows = out.get(at.table);
    if (rows === undefined) out.set(at.table, [at.row]);
    else rows.push(at.row);
  }
  return out;
}
