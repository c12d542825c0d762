import * as Plot from '@observablehq/plot';
import type { CellResult } from '../../evaluation/index.js';
import { chart, count, decades, escapeHtml, figure, GREY, unitOf } from './plot.js';

const RULES = ['ask once', 'careful blame', 'frugal', 'largest backlog first'] as const;
const MEANING: Readonly<Record<(typeof RULES)[number], string>> = {
  'ask once': 'the first session with a new pattern is asked about; the answer holds for all its patterns',
  'careful blame': 'as before, but of several patterns only one that is proved is blamed',
  frugal: 'asked at the second sighting, careful blame, and like sessions follow two answers that agree',
  'largest backlog first': 'a hundred reviews, so many answers at each, the patterns with most waiting alerts first',
};

/** F1 by number of questions, one figure per way of asking. Nothing is drawn where no detector flags anything. */
export function triageFigures(cells: readonly CellResult[], colour: (detector: string) => string): string {
  const with_ = cells.filter((c) => c.curves.triage !== null);
  if (with_.length === 0) return '';
  const [{ row }] = with_;
  return RULES.map((rules) => {
    const points = with_.flatMap((c) => (c.curves.triage?.runs.find((r) => r.rules === rules)?.curve ?? []).map((p) => ({ detector: c.row.detector, questions: Math.max(0.5, p.questions), f1: p.f1 ?? 0 })));
    const ends = with_.flatMap((c) => points.filter((p) => p.detector === c.row.detector).slice(-1));
    const most = Math.max(1, ...points.map((p) => p.questions));
    return figure(`Triage: ${rules}`, `${MEANING[rules]}. Questions logarithmic, from none; n = ${count(row.n_test)} test ${unitOf(row.unit)}`, chart(`F1 by questions, ${rules}`, {
      x: { type: 'log', domain: [0.5, most * 1.3], label: 'questions answered →', ticks: [0.5, ...decades(1, most)], tickFormat: (v: number) => (v <= 0.5 ? '0' : Intl.NumberFormat('en-US', { notation: 'compact' }).format(v)) }, y: { domain: [0, 1], label: '↑ F1' },
      marks: [
        Plot.gridX({ strokeOpacity: 0.12, ticks: decades(1, most) }), Plot.gridY({ strokeOpacity: 0.12 }),
        Plot.line(points, { x: 'questions', y: 'f1', z: 'detector', stroke: (p: { detector: string }) => colour(p.detector), strokeWidth: (p: { detector: string }) => (colour(p.detector) === GREY ? 0.8 : 1.7) }),
        Plot.dot(ends, { x: 'questions', y: 'f1', fill: (p: { detector: string }) => colour(p.detector), r: 3.2, title: 'detector' }),
      ],
    }));
  }).join('');
}

/** The same in numbers. */
export function triageTable(cells: readonly CellResult[]): string {
  const rows = cells.flatMap(({ row, curves: { triage } }) => {
    if (triage === null) return [];
    return [triage, ...(triage.others ?? [])].map(({ pattern_kind, runs }) => {
      const of = (rules: string): string => { const run = runs.find((r) => r.rules === rules); return run === undefined ? '<td>–</td><td>–</td>' : `<td>${run.f1?.toFixed(3) ?? '–'}</td><td>${count(run.questions)}</td>`; };
      return `<tr><th scope="row">${escapeHtml(row.detector)}</th><td class="text">${escapeHtml(pattern_kind)}</td><td>${triage.f1_before?.toFixed(3) ?? '–'}</td>${RULES.map(of).join('')}</tr>`;
    });
  });
  if (rows.length === 0) return '';
  return `<div class="scroll"><table class="numbers"><thead><tr><th rowspan="2" scope="col">detector</th><th rowspan="2" scope="col" class="text">pattern</th><th rowspan="2" scope="col">F1 before</th>${RULES.map((r) => `<th colspan="2" scope="colgroup">${escapeHtml(r)}</th>`).join('')}</tr><tr>${RULES.map(() => '<th scope="col">F1</th><th scope="col">asked</th>').join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
