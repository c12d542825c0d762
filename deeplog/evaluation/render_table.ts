/** Primitives that every table of a report is made of. */
export type Style = 'plain' | 'markdown';

/** A heading and a table. */
export function section(heading: string, table: readonly (readonly string[])[], style: Style): string {
  return style === 'markdown' ? `### ${heading}\n\n${markdown(table)}\n\n` : `${heading}\n\n${plain(table)}\n\n`;
}

/** Of the numbers that there are; null when there are none. */
export function mean(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((v): v is number => v !== null);
  return numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

/** Several runs as mean ± sample standard deviation. */
export function cell(values: readonly (number | null)[], digits: number, meanOnly = false): string {
  const numbers = values.filter((v): v is number => v !== null);
  const middle = mean(values);
  if (middle === null) return '–';
  if (numbers.length === 1 || meanOnly) return middle.toFixed(digits);
  const sd = Math.sqrt(numbers.reduce((a, b) => a + (b - middle) ** 2, 0) / (numbers.length - 1));
  return `${middle.toFixed(digits)} ± ${sd.toFixed(digits)}`;
}

export function plain(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, c) => Math.max(...table.map((row) => row[c].length)));
  return table.map((row) => row.map((text, c) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c]))).join('  ')).join('\n');
}

export function markdown(table: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [line(table[0]), line(table[0].map((_, c) => (c === 0 ? '---' : '---:'))), ...table.slice(1).map(line)].join('\n');
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
