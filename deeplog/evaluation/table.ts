import { renderAgreement } from './agreement_tables.js';
import { cell, count, markdown, plain, unique, type Style } from './render_table.js';
import { isLabelled, type ResultRow, type Results } from './result_row.js';
import { renderLineRanks, renderSplitGap, renderVariants, SAME_DATA } from './side_tables.js';

interface Column {
  readonly title: string;
  readonly of: (row: ResultRow) => number | null;
  readonly digits: number;
  /** Of several runs only the mean is shown. */
  readonly meanOnly?: true;
  /** In place of a number; of one run only. */
  readonly words?: (row: ResultRow) => string;
}

/** Of sets without labels: how many sessions are flagged. */
const UNLABELLED_COLUMNS: readonly Column[] = [
  { title: 'flagged', of: (r) => r.alerts, digits: 0 },
  { title: 'share', of: (r) => r.alerts / r.n_test, digits: 4, words: (r) => percentOf(r.alerts, r.n_test) },
  { title: 'flagged @1%', of: (r) => atOnePercent(r)?.alerts ?? null, digits: 0 },
  { title: 'share @1%', of: (r) => { const one = atOnePercent(r); return one === null ? null : one.alerts / r.n_test; }, digits: 4, words: (r) => { const one = atOnePercent(r); return one === null ? '–' : percentOf(one.alerts, r.n_test); } },
  { title: 'flagged/day', of: (r) => r.alerts_per_day, digits: 1 },
  { title: 'fit s', of: (r) => r.fit_seconds, digits: 1, meanOnly: true },
];

function atOnePercent(r: ResultRow): NonNullable<ResultRow['at_target_fpr']>[number] | null {
  return r.at_target_fpr?.find((a) => a.target_fpr === 0.01) ?? null;
}

function percentOf(part: number, whole: number): string {
  return `${((100 * part) / whole).toPrecision(3)} %`;
}

const COLUMNS: readonly Column[] = [
  { title: 'tp', of: (r) => r.tp, digits: 0, meanOnly: true },
  { title: 'fp', of: (r) => r.fp, digits: 0, meanOnly: true },
  { title: 'fn', of: (r) => r.fn, digits: 0, meanOnly: true },
  { title: 'F1', of: (r) => r.f1, digits: 3 },
  { title: '95 %', of: () => null, digits: 3, words: (r) => (r.f1_interval === null ? '–' : r.f1_interval.map((v) => v.toFixed(3).replace(/^0/, '')).join('–')) },
  { title: 'precision', of: (r) => r.precision, digits: 3 },
  { title: 'recall', of: (r) => r.recall, digits: 3 },
  { title: 'F1 @1%', of: (r) => r.at_target_fpr?.find((a) => a.target_fpr === 0.01)?.f1 ?? null, digits: 3 },
  { title: 'own F1', of: (r) => r.at_own_threshold?.f1 ?? null, digits: 3 },
  { title: 'oracle F1', of: (r) => r.oracle_f1, digits: 3 },
  { title: 'gap', of: (r) => (r.oracle_f1 === null || r.f1 === null ? null : r.oracle_f1 - r.f1), digits: 3 },
  { title: 'unseen F1', of: (r) => r.unseen_only?.f1 ?? null, digits: 3 },
  { title: 'MCC', of: (r) => r.mcc, digits: 3 },
  { title: 'PR-AUC', of: (r) => r.pr_auc, digits: 3 },
  { title: 'ROC-AUC', of: (r) => r.roc_auc, digits: 3 },
  { title: 'specificity', of: (r) => r.specificity, digits: 4 },
  { title: 'alerts/day', of: (r) => r.alerts_per_day, digits: 1 },
  { title: 'fit s', of: (r) => r.fit_seconds, digits: 1, meanOnly: true },
];

/** Rows of one split are comparable; the table refuses to mix them. @throws RangeError when hashes differ. */
export function requireOneSplit(rows: readonly ResultRow[]): void {
  const hashes = new Set(rows.map((r) => r.split_sha256));
  if (hashes.size > 1) throw new RangeError(`rows of ${hashes.size} different splits do not belong in one table: ${[...hashes].map((h) => h.slice(0, 12)).join(', ')}`);
  requireOneUnit(rows);
}

/** @throws RangeError when sessions and windows would stand in one table */
function requireOneUnit(rows: readonly ResultRow[]): void {
  const units = new Set(rows.map((r) => r.unit));
  if (units.size > 1) throw new RangeError(`rows of different units do not belong in one table: ${[...units].join(', ')}`);
}

/** Rows with the same key belong in one table: they differ in detector, seed and origin only. */
export function tableKey({ protocol, variant, folds, target_fpr }: Pick<ResultRow, 'protocol' | 'variant' | 'folds' | 'target_fpr'>): string {
  return JSON.stringify([protocol, variant, folds, target_fpr]);
}

/** The tables of a run, one a protocol, variant, number of origins and target rate: plain for a terminal, or Markdown. Several seeds or origins become mean ± standard deviation and the worst. */
export function renderTables(results: Results, style: Style): string {
  const groups = groupsOf(results.rows);
  const out = groups.map((rows) => renderGroup(rows, style));
  const swept = (r: ResultRow): string => tableKey({ ...r, variant: null });
  for (const own of unique(groups.map(([first]) => swept(first)))) {
    const variants = groups.filter(([first]) => swept(first) === own);
    if (variants.length > 1) out.push(renderVariants(variants[0][0].protocol, variants, style));
  }
  for (const target of unique(results.rows.map((r) => r.target_fpr))) for (const [inOrder, shuffled] of SAME_DATA) out.push(renderSplitGap(results.rows.filter((r) => r.target_fpr === target && r.folds === 1), inOrder, shuffled, style));
  out.push(renderLineRanks(results.rows, style), ...(results.agreement ?? []).map((a) => renderAgreement(a, style)));
  return `${out.join('').trimEnd()}\n`;
}

/** Rows that belong in one table. @throws RangeError when those of one seed and origin are of different splits */
function groupsOf(rows: readonly ResultRow[]): (readonly ResultRow[])[] {
  const groups = unique(rows.map(tableKey)).map((key) => rows.filter((r) => tableKey(r) === key));
  for (const group of groups) {
    for (const run of unique(group.map((r) => `${r.seed} ${r.fold ?? 0}`))) requireOneSplit(group.filter((r) => `${r.seed} ${r.fold ?? 0}` === run));
    requireOneUnit(group);
  }
  return groups;
}

/** One table in words: what it is of, its split, its cells with a header row, what a reader should know. Rows have one {@link tableKey}. */
export function tableOf(rows: readonly ResultRow[]): { heading: string; split: string; table: string[][]; notes: string[] } {
  const [first] = rows;
  const seeds = unique(rows.map((r) => r.seed));
  const labelled = isLabelled([first]);
  const abnormal = labelled ? `, ${range(rows.map((r) => r.tp + r.fn))} abnormal` : '';
  const seen = first.unseen_only && first.folds === 1 ? `; ${(100 * (1 - first.unseen_only.share_of_test)).toFixed(1)} % of them have a sequence that occurs in training` : '';
  const variant = first.variant === null ? '' : ` · ${first.variant}`;
  const origins = first.folds === 1 ? '' : ` · ${first.folds} origins`;
  const heading = `${first.dataset} · ${first.protocol}${variant}${origins} · unit: ${first.unit} · train ${first.folds === 1 ? count(first.n_train) : range(rows.map((r) => r.n_train))}, test ${range(rows.map((r) => r.n_test))}${abnormal}${seen}`;
  const split = `split ${rows.every((r) => r.split_sha256 === first.split_sha256) ? first.split_sha256.slice(0, 12) : `of seed${seeds.length === 1 ? '' : 's'} ${seeds.join(', ')}${origins}`} · thresholds from validation ${labelled ? 'normals' : `${first.unit}s, all taken for normal,`} at ${100 * first.target_fpr} % false alarms`;
  // What differs between runs in its numbers only is said once.
  const said = new Map<string, string>();
  for (const r of rows) {
    for (const n of r.notes) {
      const note = n.startsWith('ROC-AUC') || n.startsWith('fitted before') ? `${r.detector}: ${n}` : n;
      const kind = note.replace(/[\d.,]+/g, '#');
      if (!said.has(kind)) said.set(kind, note);
    }
  }
  const notes = [...said.values()];
  const repeated = unique(rows.map((r) => `${r.seed} ${r.fold ?? 0}`)).length > 1;
  // Labelled tables have all their columns, so that they can be read one beside another.
  const columns = labelled ? COLUMNS : UNLABELLED_COLUMNS.filter((c) => rows.some((r) => c.of(r) !== null));
  const table = [['detector', ...columns.map((c) => c.title), ...(repeated && labelled ? ['worst F1'] : [])], ...unique(rows.map((r) => r.detector)).map((id) => {
    const own = rows.filter((r) => r.detector === id);
    return [id, ...columns.map((c) => (c.words !== undefined && own.length === 1 ? c.words(own[0]) : cell(own.map(c.of), c.digits, c.meanOnly))), ...(repeated && labelled ? [worst(own)] : [])];
  })];
  return { heading, split, table, notes };
}

function renderGroup(rows: readonly ResultRow[], style: 'plain' | 'markdown'): string {
  const { heading, split, table, notes } = tableOf(rows);
  const lines = notes.map((note) => (style === 'markdown' ? `- ${note}\n` : `  note: ${note}\n`)).join('');
  return style === 'markdown' ? `### ${heading}\n\n${split}\n\n${markdown(table)}\n${notes.length === 0 ? '' : '\n'}${lines}\n` : `${heading}\n${split}\n\n${plain(table)}\n${lines}\n`;
}

function worst(rows: readonly ResultRow[]): string {
  const values = rows.map((r) => r.f1).filter((v): v is number => v !== null);
  return values.length === 0 ? '–' : Math.min(...values).toFixed(3);
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? count(low) : `${count(low)}–${count(high)}`;
}

