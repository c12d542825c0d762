import type { KeyRows } from '../../../sequences/index.js';

/** A column the model reads, with its scaler: (x − mean) / deviation. */
export interface ScaledColumn {
  readonly index: number;
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
}

/** What the training rows hold in one column, and whether the model can use it. */
export interface ColumnReport {
  readonly name: string;
  readonly use: 'used' | 'not numeric' | 'constant' | 'missing';
  readonly rows: number;
  readonly missing: number;
  readonly infinite: number;
  readonly text: number;
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** Above this share of text a column is no number; single words in it count as missing. */
const TEXT_SHARE = 0.1;
/** A column that is mostly missing has nothing to learn from. */
const MISSING_SHARE = 0.5;

/**
 * Looks at every column of the training rows: which can be used, and its scale. Missing and infinite values are left out of the scale;
 * an infinite value later is always outside its interval.
 */
export function fitColumns(table: KeyRows, trainRows: ArrayLike<number>): { columns: ScaledColumn[]; report: ColumnReport[] } {
  const width = table.columnNames.length;
  const report = table.columnNames.map((name, c): ColumnReport => {
    let [missing, infinite, text, n, mean, squares, min, max] = [0, 0, 0, 0, 0, 0, Infinity, -Infinity];
    for (let i = 0; i < trainRows.length; i++) {
      const at = trainRows[i] * width + c;
      const value = table.values[at];
      if (table.text[at]) text++;
      else if (Number.isNaN(value)) missing++;
      else if (!Number.isFinite(value)) infinite++;
      else {
        n++;
        // Welford 1962: one pass, no cancellation.
        const delta = value - mean;
        mean += delta / n;
        squares += delta * (value - mean);
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }
    const deviation = n === 0 ? 0 : Math.sqrt(squares / n);
    const rows = trainRows.length;
    const use = text > TEXT_SHARE * rows ? 'not numeric' : n < (1 - MISSING_SHARE) * rows || n === 0 ? 'missing' : min === max ? 'constant' : 'used';
    const known = n > 0;
    return { name, use, rows, missing, infinite, text, mean: known ? mean : null, deviation: known ? deviation : null, min: known ? min : null, max: known ? max : null };
  });
  const columns = report.flatMap(({ name, use, mean, deviation }, index) => (use === 'used' && mean !== null && deviation !== null ? [{ index, name, mean, deviation }] : []));
  return { columns, report };
}

/** What stands in for an infinite value, in deviations: beyond any bound, yet a number. */
export const INFINITE_SCALED = 1e6;

/** A value in deviations from the training mean; NaN where it is missing. */
export function scaled(table: KeyRows, row: number, { index, mean, deviation }: ScaledColumn): number {
  const value = table.values[row * table.columnNames.length + index];
  if (value === Infinity || value === -Infinity) return Math.sign(value) * INFINITE_SCALED;
  return (value - mean) / deviation;
}

/** What is wrong with columns, and what was done: columns with the same trouble in one line. */
export function describeColumns(report: readonly ColumnReport[]): string[] {
  const notes = new Map<string, string[]>();
  const note = (what: string, { name }: ColumnReport): void => { notes.set(what, [...(notes.get(what) ?? []), name]); };
  for (const c of report) {
    if (c.use === 'not numeric') note('not numeric: left out', c);
    if (c.use === 'constant') note(`constant (always ${c.min ?? ''}): left out`, c);
    if (c.use === 'missing') note(`too few numbers (${c.rows - c.missing - c.text - c.infinite} of ${c.rows} rows): left out`, c);
    if (c.use === 'used' && c.missing + c.text > 0) note(`${c.missing + c.text} missing values: not learned from; where they come before others the mean stands in`, c);
    if (c.use === 'used' && c.infinite > 0) note(`${c.infinite} infinite values: kept out of the scale, outside every interval`, c);
  }
  return Array.from(notes, ([what, names]) => `${names.join(', ')}: ${what}`);
}
