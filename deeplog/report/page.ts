import { agreements, isLabelled, STRETCHES, tableKey, tableOf, type Agreement, type CellResult, type DriftResult } from '../evaluation/index.js';
import { agreementFigure, differenceTable, flaggedFigure } from './charts/agreement.js';
import { curveFigures, histogramFigure, sweepFigure } from './charts/curves.js';
import { driftFigures } from './charts/drift.js';
import { confusionTable, costFigures, overviewFigure } from './charts/overview.js';
import { colourOf, count, escapeHtml as esc, legend, unitOf } from './charts/plot.js';
import { triageFigures, triageTable } from './charts/triage.js';
import { STYLE } from './style.js';

/** What a report is of, and what made it. */
export interface ReportFacts {
  readonly command: string;
  readonly created: string;
  readonly machine: string;
  readonly node: string;
  readonly commit: string | null;
  readonly code: string;
  readonly wallSeconds: number;
  readonly failures: readonly string[];
  /** Detectors that a set has not enough for, with the reason. */
  readonly leftOut: readonly string[];
}

/** Curves in colour at most; the others are grey. */
const IN_COLOUR = 8;
/** Sweeps, histograms and confusion matrices are shown open for this many detectors, the best; the rest is folded away. */
const SHOWN_OPEN = 4;

const LEGEND = "<p>Every session gets a verdict. Thresholds come from the validation part's normal sessions, the test part is only scored: “F1” is at the target false-alarm rate, “@1 %” at one percent, “own” at the threshold that a method itself proposes, “oracle” what picking the threshold on the test part would have reported, “unseen” over the sessions whose sequence never occurs in training. “±” is the standard deviation over seeds or origins, “95 %” what resampling the test sessions gives.</p>";
const UNLABELLED_LEGEND = '<p>Every session gets a verdict. Nothing here has labels: thresholds come from the whole validation part, taken for normal, and which verdicts are right was not measured; the test part is only scored. “@1%” is at a threshold for one percent.</p>';

/** The whole report as one page: no script, no network. */
export function reportPage(cells: readonly CellResult[], drift: readonly DriftResult[], facts: ReportFacts): string {
  const sections = sectionsOf(cells);
  const title = `Benchmark: ${[...new Set(cells.map((c) => c.row.protocol))].join(', ') || 'nothing was run'}`;
  const links = [...sections.map((s, i) => [`s${i}`, s.name]), ...drift.map((d, i) => [`d${i}`, `drift of ${d.protocol}`])];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${esc(title)}</title><style>${STYLE}</style></head>
<body>
<header><h1>${esc(title)}</h1>
<dl class="facts"><dt>command</dt><dd><code>${esc(facts.command)}</code></dd><dt>run</dt><dd>${esc(facts.created.slice(0, 16).replace('T', ' '))} UTC, ${facts.wallSeconds.toFixed(0)} s</dd><dt>machine</dt><dd>${esc(facts.machine)}, Node ${esc(facts.node)}</dd><dt>code</dt><dd>commit ${esc(facts.commit?.slice(0, 12) ?? 'unknown')}, code version ${esc(facts.code.slice(0, 12))}</dd><dt>engine</dt><dd>${esc([...new Set(cells.map((c) => c.row.engine).filter((e) => e !== null))].join(', ') || 'none was needed')}</dd></dl>
${cells.length === 0 || isLabelled(cells.map((c) => c.row)) ? LEGEND : UNLABELLED_LEGEND}
${facts.failures.length === 0 ? '' : `<p><strong>Not run:</strong> ${facts.failures.map(esc).join(' · ')}</p>`}
${facts.leftOut.length === 0 ? '' : `<p><strong>Left out:</strong> ${facts.leftOut.map(esc).join(' · ')}</p>`}
<nav>${links.map(([id, name]) => `<a href="#${id}">${esc(name)}</a>`).join('')}</nav></header>
<main>
${sections.map((s, i) => section(s, `s${i}`, i === 0)).join('\n')}
${drift.map((d, i) => `<section id="d${i}"><h2>Drift: ${esc(d.dataset)} · ${esc(d.protocol)}</h2>${d.notes.length === 0 ? '' : `<ul class="notes">${d.notes.map((n) => `<li>${esc(n)}</li>`).join('')}</ul>`}${driftFigures(d)}</section>`).join('\n')}
</main>
</body></html>
`;
}

interface Section { readonly name: string; readonly cells: readonly CellResult[] }

/** Cells that belong in one table. */
function sectionsOf(cells: readonly CellResult[]): Section[] {
  const out = new Map<string, CellResult[]>();
  for (const cell of cells) out.set(tableKey(cell.row), [...(out.get(tableKey(cell.row)) ?? []), cell]);
  const rates = new Set(cells.map((c) => c.row.target_fpr)).size;
  return [...out.values()].map((list) => {
    const { protocol, variant, folds, target_fpr } = list[0].row;
    return { name: [protocol, ...(variant === null ? [] : [variant]), ...(folds === 1 ? [] : [`${folds} origins`]), ...(rates === 1 ? [] : [`at ${100 * target_fpr} %`])].join(', '), cells: list };
  });
}

function section({ name, cells }: Section, id: string, first: boolean): string {
  const { heading, split, table, notes } = tableOf(cells.map((c) => c.row));
  // Curves are of one run of each detector: the first seed and origin.
  const [one] = cells;
  const drawn = cells.filter((c) => c.row.seed === one.row.seed && c.row.fold === one.row.fold);
  const repeated = drawn.length < cells.length ? `<p class="facts">The charts below are of seed ${one.row.seed}${one.row.fold === null ? '' : `, origin ${one.row.fold}`}.</p>` : '';
  const labelled = one.curves.roc.length > 0;
  const ranked = [...drawn].sort((a, b) => (b.row.f1 ?? 0) - (a.row.f1 ?? 0));
  const colour = colourOf(ranked.slice(0, IN_COLOUR).map((c) => c.row.detector));
  const key = legend([...ranked.slice(0, IN_COLOUR).map((c) => c.row.detector), ...(ranked.length > IN_COLOUR ? [`${ranked.length - IN_COLOUR} others`] : [])], colour);
  const [agreement] = agreements(drawn);
  const scored = ranked.filter((c) => c.row.at_target_fpr !== null);
  return `<section id="${id}"><h2${first ? ' class="first"' : ''}>${esc(name)}</h2><p class="facts">${esc(heading)}</p><p class="facts">${esc(split)} · split sha256 <code>${esc([...new Set(cells.map((c) => c.row.split_sha256))].slice(0, 3).join(' '))}</code></p>
${numbers(table)}
${notes.length === 0 ? '' : `<ul class="notes">${notes.map((n) => `<li>${esc(n)}</li>`).join('')}</ul>`}${repeated}
${labelled ? `<h3>Detectors side by side</h3>${key}<div class="grid">${overviewFigure(drawn)}${curveFigures(ranked, colour)}</div>` : ''}
${agreement === undefined ? '' : agreed(agreement, labelled ? '' : flaggedFigure(drawn))}
${flaggedList(drawn)}
${labelled && scored.length > 0 ? folded('Threshold sweeps', scored, 'grid small', sweepFigure, legend(['F1', 'precision', 'recall'], (name) => `var(--${{ F1: 'ink', precision: 'blue' }[name] ?? 'red'})`)) : ''}
${scored.length > 0 ? folded(labelled ? 'Scores by class' : 'Scores', scored, 'grid small', histogramFigure, labelled ? legend(['normal', 'abnormal'], (name) => `var(--${name === 'normal' ? 'blue' : 'red'})`) : '') : ''}
${labelled ? folded('Confusion matrices', ranked, 'confusions', confusionTable) : ''}
${labelled && triageTable(ranked) !== '' ? `<h3>Triage: what answers to alerts buy</h3><p class="facts">An operator is asked about a flagged session (in evaluation, its label is the answer); later sessions with the same pattern follow the answer. A question counts as an alert.</p>${triageTable(ranked)}${key}<div class="grid small">${triageFigures(ranked, colour)}</div>` : ''}
<h3>Cost</h3><div class="grid small">${costFigures(drawn)}</div></section>`;
}

/** Who flags the same sessions, and who is worse than the best beyond chance. */
function agreed(agreement: Agreement, more: string): string {
  const differences = differenceTable(agreement);
  const explained = differences === '' ? '' : `<p class="facts">“95 %” here and in the table above: the test part is cut into ${STRETCHES} stretches of consecutive ${unitOf(agreement.unit)} (${unitOf(agreement.unit)} of the same time are alike), as many are drawn with replacement 2,000 times, and F1 is worked out anew; differences on the same draws. It says how much rests on these very ${unitOf(agreement.unit)}, not what another training run would give (that is “±”).</p>`;
  return `<h3>${differences === '' ? 'Alerts and agreement' : 'Agreement, and differences beyond chance'}</h3>${explained}<div class="grid">${more}${agreementFigure(agreement)}<div class="rest">${differences}</div></div>`;
}

/** Which sessions are flagged, where no label says so: the first few of each detector. */
function flaggedList(cells: readonly CellResult[]): string {
  const rows = cells.flatMap(({ row, curves: { flagged_keys: keys = [] } }) => (keys.length === 0 ? [] : [`<tr><th scope="row">${esc(row.detector)}</th><td>${count(row.alerts)}</td><td class="text">${keys.map((key) => `<code>${esc(key)}</code>`).join(' ')}</td></tr>`]));
  if (rows.length === 0) return '';
  return `<h3>Flagged ${unitOf(cells[0].row.unit)}</h3><p class="facts">Those with the highest scores, ten a detector at most; <code>detect</code> with a trained model says of each why.</p><div class="scroll"><table class="numbers"><thead><tr><th scope="col">detector</th><th scope="col">flagged</th><th scope="col" class="text">the first of them</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** The best few open, the rest behind a word. */
function folded(title: string, cells: readonly CellResult[], layout: string, draw: (c: CellResult) => string, key = ''): string {
  const [open, rest] = [cells.slice(0, SHOWN_OPEN), cells.slice(SHOWN_OPEN)];
  return `<h3>${esc(title)}</h3>${key}<div class="${layout}">${open.map(draw).join('')}</div>${rest.length === 0 ? '' : `<details><summary>${count(rest.length)} more</summary><div class="${layout}">${rest.map(draw).join('')}</div></details>`}`;
}

/** The table, the best value of each quality column in bold. */
function numbers(table: readonly (readonly string[])[]): string {
  // A column in which nothing applies says nothing.
  const kept = table[0].map((_, c) => c === 0 || table.slice(1).some((row) => row[c] !== '–'));
  const [head, ...rows] = table.map((row) => row.filter((_, c) => kept[c]));
  const best = head.map((title, c) => (/F1|precision|recall|MCC|AUC/.test(title) && !/oracle/.test(title) ? Math.max(...rows.map((r) => Number.parseFloat(r[c])).filter((v) => !Number.isNaN(v))) : NaN));
  return `<div class="scroll"><table class="numbers"><thead><tr>${head.map((t) => `<th scope="col">${esc(t)}</th>`).join('')}</tr></thead><tbody>${rows.map((r) => `<tr>${r.map((text, c) => (c === 0 ? `<th scope="row">${esc(text)}</th>` : `<td${rows.length > 1 && Number.parseFloat(text) === best[c] ? ' class="best"' : ''}>${esc(text)}</td>`)).join('')}</tr>`).join('')}</tbody></table></div>`;
}
