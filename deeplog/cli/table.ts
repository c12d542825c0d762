/** Rows of text in aligned columns, two blanks apart; numbers to the right. The first row is the heading. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const numeric = rows[0].map((_, c) => rows.slice(1).every((row) => /^[-–+\d.,/%: e]*$/.test(row[c])) && rows.length > 1);
  return rows.map((row) => `${row.map((text, c) => (numeric[c] ? text.padStart(widths[c]) : text.padEnd(widths[c]))).join('  ').trimEnd()}\n`).join('');
}
