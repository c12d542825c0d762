import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParameterColumns, type PlainParameters } from '../../deeplog/artifacts/index.js';

/** A row: the text that its values are spans of, and whether it is taken from other columns. */
const row = fc.record({
  values: fc.array(fc.oneof(fc.string({ maxLength: 7 }), fc.string({ minLength: 60, maxLength: 70 }), fc.constantFrom('', 'é', '日本語')), { maxLength: 6 }),
  before: fc.nat(6), behind: fc.nat(6), copied: fc.boolean(),
});

function rowsOf(p: PlainParameters, rows: number): string[][] {
  const value = (v: number): string => Buffer.from(p.text.subarray(p.valueOffsets[v], p.valueOffsets[v + 1])).toString();
  return Array.from({ length: rows }, (_, r) => Array.from({ length: p.rowOffsets[r + 1] - p.rowOffsets[r] }, (_, i) => value(p.rowOffsets[r] + i)));
}

describe('Columns of parameters', () => {
  it('hold the values of every row, however little room there was, wherever in a buffer a value stands, and when they start over', () => {
    const columns = new ParameterColumns(1, 1);
    fc.assert(fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
      columns.clear();
      const other = new ParameterColumns(1, 1);
      for (const { values, before, behind, copied } of rows) {
        const text = Buffer.concat([Buffer.alloc(before, 88), ...values.map((v) => Buffer.from(v)), Buffer.alloc(behind, 89)]);
        const buffer = new Uint8Array(text.length).fill(0); // of just this size: reading beyond it would throw
        buffer.set(text);
        const starts: number[] = [];
        const ends: number[] = [];
        for (const v of values) {
          const start = ends.at(-1) ?? before;
          starts.push(start);
          ends.push(start + Buffer.byteLength(v));
        }
        other.append(buffer, Int32Array.from(starts), Int32Array.from(ends), values.length);
        if (copied) columns.appendRows(other, other.rows - 1, other.rows);
        else columns.append(buffer, Int32Array.from(starts), Int32Array.from(ends), values.length);
      }
      expect(rowsOf(columns, columns.rows)).toEqual(rows.map((r) => r.values));
      expect(columns.textBytes).toBe(Buffer.byteLength(rows.flatMap((r) => r.values).join('')));
    }), { numRuns: 200, seed: 5 });
  });
});
