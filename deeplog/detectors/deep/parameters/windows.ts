import type { KeyRows } from '../../../sequences/index.js';
import { scaled, type ScaledColumn } from './columns.js';

/** Rows of one key in order; the row at position p is predicted from those just before it. */
export interface RowOrder {
  readonly table: KeyRows;
  /** Row of each position. */
  readonly rows: ArrayLike<number>;
}

/** Rows further out than this say nothing more as a context; one wild value must not spoil the predictions after it. */
const CONTEXT_LIMIT = 10;

/** Every row of the table, in line order. */
export function allRows(table: KeyRows): RowOrder {
  return { table, rows: Uint32Array.from({ length: table.rows }, (_, i) => i) };
}

/**
 * Writes the window before `position` into `windows` [K, W, B, C] at key k and slot b. What is before the first row, missing or
 * infinite is the training mean.
 */
export function writeWindow(windows: Float32Array, shape: WindowShape, k: number, b: number, order: RowOrder, columns: readonly ScaledColumn[], position: number): void {
  const { windowSize, batchSize, columns: width } = shape;
  for (let t = 0; t < windowSize; t++) {
    const p = position - windowSize + t;
    const at = ((k * windowSize + t) * batchSize + b) * width;
    for (let c = 0; c < columns.length; c++) {
      const value = p < 0 ? NaN : scaled(order.table, order.rows[p], columns[c]);
      windows[at + c] = Number.isNaN(value) ? 0 : Math.max(-CONTEXT_LIMIT, Math.min(CONTEXT_LIMIT, value));
    }
  }
}

export interface WindowShape {
  readonly keys: number;
  readonly windowSize: number;
  readonly batchSize: number;
  readonly columns: number;
}
