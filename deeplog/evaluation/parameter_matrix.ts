import { readJson } from '../artifacts/index.js';
import { DataError, messageOf } from '../common/index.js';
import { numberOf, type KeyRows } from '../sequences/index.js';

/**
 * Reads one key's matrix, `{"data": [[…], …]}`: a row per occurrence in order, numbers, texts or null. Small tables go through danfojs.
 * @throws DataError naming the row that is wrong.
 */
export async function readMatrix(file: string): Promise<KeyRows> {
  const { data } = (await readJson(file)) as { data?: unknown };
  if (!Array.isArray(data) || data.length === 0 || !data.every(Array.isArray)) throw new DataError(`${file}: expected {"data": [[…], …]}, one list of values per row.`);
  const rows = data as unknown[][];
  const width = rows[0].length;
  const ragged = rows.findIndex((r) => r.length !== width);
  if (width === 0 || ragged >= 0) throw new DataError(`${file}, row ${Math.max(0, ragged) + 1}: has ${rows[Math.max(0, ragged)].length} values, the first row has ${width}. All rows need the same columns.`);
  const { DataFrame } = await import('danfojs-node');
  let cells: unknown[][];
  try {
    cells = new DataFrame(rows).values as unknown[][];
  } catch (error) {
    throw new DataError(`${file}: is no table (${messageOf(error)}).`);
  }
  const values = new Float64Array(rows.length * width);
  const text = new Uint8Array(values.length);
  cells.forEach((row, r) => row.forEach((cell, c) => {
    const parsed = typeof cell === 'number' ? cell : cell === null || cell === undefined ? NaN : numberOf(String(cell));
    values[r * width + c] = parsed ?? NaN;
    text[r * width + c] = parsed === null ? 1 : 0;
  }));
  return { key: 1, columnNames: Array.from({ length: width }, (_, c) => `column ${c + 1}`), rows: rows.length, lines: new Float64Array(0), values, text };
}

/** Records as csv text, by danfojs; the columns are those of the first record. */
export async function toCsv(records: readonly Readonly<Record<string, string | number>>[]): Promise<string> {
  if (records.length === 0) return '';
  const { DataFrame, toCSV } = await import('danfojs-node');
  return `${(toCSV(new DataFrame(records.map((r) => ({ ...r }))), {}) as string | undefined) ?? ''}`;
}
