import { describe, expect, it } from 'vitest';
import { describeColumns } from '../../../deeplog/detectors/index.js';
import { fitColumns, scaled } from '../../../deeplog/detectors/deep/parameters/columns.js';
import type { KeyRows } from '../../../deeplog/sequences/index.js';

/** Columns: a number with a hole, a word, a constant, mostly missing, a number with an infinite value. */
const rows = [
  [2, 'a', 7, null, 1], [4, 'b', 7, null, 2], [4, 'c', 7, null, Infinity], [4, 'd', 7, 5, 3],
  [5, 'e', 7, null, 4], [5, 'f', 7, null, 5], [7, 'g', 7, null, 6], [9, 'h', 7, 6, 7], [null, 'i', 7, null, 8],
] as const;
const table: KeyRows = {
  key: 1, columnNames: ['a', 'b', 'c', 'd', 'e'], rows: rows.length, lines: new Float64Array(0),
  values: Float64Array.from(rows.flat(), (v) => (typeof v === 'number' ? v : NaN)), text: Uint8Array.from(rows.flat(), (v) => (typeof v === 'string' ? 1 : 0)),
};
const all = rows.map((_, i) => i);

describe('columns of parameters', () => {
  const { columns, report } = fitColumns(table, all);

  it('are used when they are numbers that vary, and reported when they are not', () => {
    expect(report.map((c) => c.use)).toEqual(['used', 'not numeric', 'constant', 'missing', 'used']);
    expect(describeColumns(report)).toEqual([
      'a: 1 missing values: not learned from; where they come before others the mean stands in', 'b: not numeric: left out', 'c: constant (always 7): left out',
      'd: too few numbers (2 of 9 rows): left out', 'e: 1 infinite values: kept out of the scale, outside every interval',
    ]);
  });

  it('are scaled by the numbers that are there', () => {
    expect(columns[0]).toMatchObject({ mean: 5, deviation: 2 });
    expect(scaled(table, 7, columns[0])).toBe(2);
    expect(scaled(table, 8, columns[0])).toBeNaN();
    expect(columns[1].mean).toBe(4.5);
    expect(scaled(table, 2, columns[1])).toBe(1e6);
  });

  it('take their scale from the training rows only', () => {
    expect(fitColumns(table, [0, 1, 2, 3]).columns[0]).toMatchObject({ mean: 3.5, deviation: Math.sqrt(0.75) });
  });
});
