import path from 'node:path';
import { describeMachine, newRunId, writeAtomic, writeJson } from '../artifacts/index.js';
import type { DriftResult } from './drift.js';
import { NOVELTY_KINDS } from './novelty.js';
import { isLabelled, type CellResult, type Results } from './result_row.js';
import { renderTables } from './table.js';

const LEGEND = `Every session gets a verdict. Thresholds come from the validation part's normal sessions; the test part is only scored. F1 is at
the target false-alarm rate; "F1 @1%" at 1 %; "own F1" at the threshold that the method itself proposes (a Q-statistic, p = .5); "oracle F1" is what picking the threshold on the test set would have reported;
"unseen F1" counts only sessions whose event sequence never occurs in training.`;
const UNLABELLED_LEGEND = 'Every session gets a verdict. Nothing here has labels: thresholds come from the whole validation part, taken for normal, and which verdicts are right was not measured; the test part is only scored.';

/** Writes results.json, curves.json and report.md into a run folder. */
export async function writeReport(folder: string, results: Results, cells: readonly CellResult[], command: string, leftOut: readonly string[] = []): Promise<void> {
  await writeJson(path.join(folder, 'results.json'), results);
  await writeAtomic(path.join(folder, 'curves.json'), `${JSON.stringify({ schema: 'deeplog.curves/1', cells: cells.map(({ row: { protocol, detector, seed, fold, folds, variant, target_fpr, split_sha256 }, curves }) => ({ protocol, detector, seed, fold, folds, variant, target_fpr, split_sha256, ...curves })) })}\n`);
  const costs = results.rows.map((r) => [r.protocol, r.detector, r.seed, r.fit_seconds, r.score_per_second.toLocaleString('en-US'), r.peak_rss_mb, r.model_bytes?.toLocaleString('en-US') ?? '–', r.engine ?? '–']);
  const points = results.rows.flatMap((r) => (r.at_target_fpr ?? [{ ...r, target_fpr: null, validation_fpr: null }]).map((a) => [r.protocol, r.detector, r.seed, a.target_fpr === null ? 'none needed' : `${100 * a.target_fpr} %`, a.threshold.toPrecision(4), a.validation_fpr === null ? '–' : `${(100 * a.validation_fpr).toFixed(3)} %`, counted(a.tp), counted(a.fp), counted(a.fn), shown(a.precision), shown(a.recall), shown(a.f1), shown(r.oracle_f1)]));
  // Operating points and triage are told in figures that need labels.
  const labelled = isLabelled(results.rows);
  const triage = !labelled ? [] : results.rows.flatMap((r) => (r.triage === null ? [] : [r.triage, ...(r.triage.others ?? [])]).flatMap(({ pattern_kind, runs }) => runs.map((t) => [r.protocol, r.detector, r.seed, pattern_kind, t.rules, shown(r.f1), shown(t.f1), t.questions, t.settled])));
  const flagged = cells.flatMap(({ row: r, curves: { flagged_keys: keys = [] } }) => (keys.length === 0 ? [] : [[r.protocol, r.detector, r.seed, r.alerts, keys.join(', ')]]));
  await writeAtomic(path.join(folder, 'report.md'), `# Benchmark report

Command: \`${command}\` · ${new Date().toISOString()} · ${describeMachine()} · Node ${process.version}

${labelled ? LEGEND : UNLABELLED_LEGEND} The charts are in report.html.
${leftOut.length === 0 ? '' : `\nLeft out: ${leftOut.join(' ')}\n`}
${renderTables(results, 'markdown').replace(/^### /gm, '## ')}${flagged.length === 0 ? '' : `
## Flagged sessions

Those with the highest scores, ten a detector at most; \`detect\` with a trained model says of each why.

${markdown([['protocol', 'detector', 'seed', 'flagged', 'the first of them'], ...flagged])}
`}${labelled ? `
## Operating points

${markdown([['protocol', 'detector', 'seed', 'target', 'threshold', 'on validation', 'tp', 'fp', 'fn', 'precision', 'recall', 'F1', 'oracle F1'], ...points])}
` : ''}${triage.length === 0 ? '' : `
## Triage

An operator answers alerts by their pattern, later sessions with it follow silently (docs/benchmark.md); a question counts as an alert.

${markdown([['protocol', 'detector', 'seed', 'pattern', 'way of asking', 'F1 before', 'F1', 'questions', 'patterns settled'], ...triage])}
`}
## Cost

${markdown([['protocol', 'detector', 'seed', 'fit s', 'sessions scored/s', 'peak MB (process)', 'model bytes', 'engine'], ...costs])}
${(results.drift ?? []).map(driftSection).join('')}`);
}

function driftSection(d: DriftResult): string {
  const detectors = [...new Set(d.points.flatMap((p) => p.detectors.map((x) => x.detector)))];
  const late = d.templates.filter((t) => t.first >= d.trained_until);
  return `
## Drift: ${d.protocol}

F1 on the last ${(100 * (1 - d.test_from)).toFixed(0)} % (${d.n_test.toLocaleString('en-US')} ${d.unit}s, ${d.n_abnormal.toLocaleString('en-US')} abnormal) by how much of what came before was learned from:

${markdown([['trained on the first', 'sessions', ...detectors], ...d.points.map((p) => [`${100 * p.train_until} %`, p.n_train, ...detectors.map((id) => shown(p.detectors.find((x) => x.detector === id)?.f1 ?? null))])])}
${d.notes.length === 0 ? '' : `\n\n${d.notes.map((note) => `- ${note}`).join('\n')}`}

Share of normal ${d.unit}s with something that the first ${(100 * d.trained_until).toFixed(0)} % never held:

${markdown([['stretch', ...NOVELTY_KINDS], ...d.novelty.filter((_, i) => i % 5 === 4).map((b) => [`${(100 * b.from).toFixed(0)}–${(100 * b.to).toFixed(0)} %`, ...NOVELTY_KINDS.map((kind) => `${(100 * b.unseen[kind]).toFixed(2)} %`)])])}

${late.length} of ${d.templates.length} templates first occur after the training part.
`;
}

/** Cells as a Markdown table, the first row its header; numbers to the right. */
function markdown(rows: readonly (readonly (string | number)[])[]): string {
  const [head, ...body] = rows;
  const line = (row: readonly (string | number)[]): string => `| ${row.map((text) => String(text).replace(/\|/g, '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, c) => (typeof body[0]?.[c] === 'number' || /^[\d–.,]+( %)?$/.test(String(body[0]?.[c] ?? '')) ? '---:' : '---'))), ...body.map(line)].join('\n');
}

/** A count; of a set without labels there is none. */
function counted(value: number | null): number | string {
  return value ?? '–';
}

function shown(value: number | null): string {
  return value?.toFixed(4) ?? '–';
}

/** A run folder that no other run has. */
export function newRunFolder(parent: string): string {
  return path.join(parent, newRunId());
}
