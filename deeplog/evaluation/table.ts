import type { ResultRow, Results } from './result_row.js';

interface Column {
  readonly title: string;
  readonly of: (row: ResultRow) => number | null;
  readonly digits: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'tp', of: (r) => r.tp, digits: 0 },
  { title: 'fp', of: (r) => r.fp, digits: 0 },
  { title: 'fn', of: (r) => r.fn, digits: 0 },
  { title: 'F1', of: (r) => r.f1, digits: 3 },
  { title: 'precision', of: (r) => r.precision, digits: 3 },
  { title: 'recall', of: (r) => r.recall, digits: 3 },
  { title: 'F1 @1%', of: (r) => r.at_target_fpr?.find((a) => a.target_fpr === 0.01)?.f1 ?? null, digits: 3 },
  { title: 'own F1', of: (r) => r.at_own_threshold?.f1 ?? null, digits: 3 },
  { title: 'oracle F1', of: (r) => r.oracle_f1, digits: 3 },
  { title: 'unseen F1', of: (r) => r.unseen_only?.f1 ?? null, digits: 3 },
  { title: 'MCC', of: (r) => r.mcc, digits: 3 },
  { title: 'PR-AUC', of: (r) => r.pr_auc, digits: 3 },
  { title: 'alerts/day', of: (r) => r.alerts_per_day, digits: 1 },
  { title: 'fit s', of: (r) => r.fit_seconds, digits: 1 },
];

/** Rows of one split are comparable; the table refuses to mix them. @throws RangeError when hashes differ. */
export function requireOneSplit(rows: readonly ResultRow[]): void {
  const hashes = new Set(rows.map((r) => r.split_sha256));
  if (hashes.size > 1) throw new RangeError(`rows of ${hashes.size} different splits do not belong in one table: ${[...hashes].map((h) => h.slice(0, 12)).join(', ')}`);
  const units = new Set(rows.map((r) => r.unit));
  if (units.size > 1) throw new RangeError(`rows of different units do not belong in one table: ${[...units].join(', ')}`);
}

/** The tables of a run, one a protocol: plain for a terminal, or Markdown. Several seeds become mean ± standard deviation. */
export function renderTables(results: Results, style: 'plain' | 'markdown'): string {
  const out: string[] = [];
  for (const protocol of unique(results.rows.map((r) => r.protocol))) {
    const rows = results.rows.filter((r) => r.protocol === protocol);
    for (const seed of unique(rows.map((r) => r.seed))) requireOneSplit(rows.filter((r) => r.seed === seed));
    const [first] = rows;
    const seeds = unique(rows.map((r) => r.seed));
    const labelled = first.n_test - (first.tp + first.fp + first.tn + first.fn) === 0;
    const abnormal = labelled ? `, ${count(first.tp + first.fn)} abnormal` : '';
    const seen = first.unseen_only ? `; ${(100 * (1 - first.unseen_only.share_of_test)).toFixed(1)} % of them have a sequence that occurs in training` : '';
    const heading = `${first.dataset} · ${protocol} · unit: ${first.unit} · train ${count(first.n_train)}, test ${count(first.n_test)}${abnormal}${seen}`;
    const split = `split ${seeds.length === 1 ? first.split_sha256.slice(0, 12) : `of seeds ${seeds.join(', ')}`} · thresholds from validation normals at ${100 * first.target_fpr} % false alarms`;
    const notes = unique(rows.flatMap((r) => r.notes.map((n) => (n.startsWith('ROC-AUC') || n.startsWith('fitted before') ? `${r.detector}: ${n}` : n))));
    const table = [['detector', ...COLUMNS.map((c) => c.title)], ...unique(rows.map((r) => r.detector)).map((id) => {
      const own = rows.filter((r) => r.detector === id);
      return [id, ...COLUMNS.map((c) => cell(own.map(c.of), c.digits))];
    })];
    out.push(style === 'markdown' ? `### ${heading}\n\n${split}\n\n${markdown(table)}\n` : `${heading}\n${split}\n\n${plain(table)}\n`);
    for (const note of notes) out.push(style === 'markdown' ? `- ${note}\n` : `  note: ${note}\n`);
    out.push('\n');
  }
  return `${out.join('').trimEnd()}\n`;
}

function cell(values: readonly (number | null)[], digits: number): string {
  const numbers = values.filter((v): v is number => v !== null);
  if (numbers.length === 0) return '–';
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  if (numbers.length === 1) return mean.toFixed(digits);
  const sd = Math.sqrt(numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / (numbers.length - 1));
  return `${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
}

function plain(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, c) => Math.max(...table.map((row) => row[c].length)));
  return table.map((row) => row.map((text, c) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c]))).join('  ')).join('\n');
}

function markdown(table: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [line(table[0]), line(table[0].map((_, c) => (c === 0 ? '---' : '---:'))), ...table.slice(1).map(line)].join('\n');
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
