import * as Plot from '@observablehq/plot';
import type { CellResult } from '../../evaluation/index.js';
import { chart, count, CHART_WIDTH, decades, escapeHtml, figure, unitOf } from './plot.js';

const ROW_PX = 19;
const ONE_PERCENT = 0.01;

/** F1 at the target rate, at 1 % and with the oracle's threshold, a line per detector, the best first. */
export function overviewFigure(cells: readonly CellResult[]): string {
  const [{ row }] = cells;
  // Where one percent is the target itself, it is the full dot.
  const beside = row.target_fpr !== ONE_PERCENT;
  const rows = cells.map(({ row: r }) => ({ detector: r.detector, f1: r.f1 ?? 0, one: beside ? r.at_target_fpr?.find((a) => a.target_fpr === ONE_PERCENT)?.f1 ?? null : null, oracle: r.oracle_f1, low: r.f1_interval?.[0] ?? null, high: r.f1_interval?.[1] ?? null }));
  const order = [...rows].sort((a, b) => b.f1 - a.f1).map((r) => r.detector);
  const spans = rows.flatMap((r) => { const all = [r.f1, r.one ?? r.f1, r.oracle ?? r.f1]; return [{ detector: r.detector, low: Math.min(...all), high: Math.max(...all) }]; });
  const longest = Math.max(...order.map((name) => name.length));
  return figure(`F1 at ${100 * row.target_fpr} % false alarms, and what else it could have been`, `n = ${count(row.n_test)} test ${unitOf(row.unit)}, ${count(row.tp + row.fn)} abnormal. ● threshold for ${100 * row.target_fpr} % of validation normals (under it: 95 % of what resampled test ${unitOf(row.unit)} give), ${beside ? '○ for 1 %, ' : ''}| the best threshold on the test part itself (oracle)`, chart('F1 by detector', {
    height: 46 + ROW_PX * rows.length, width: CHART_WIDTH + 60, marginLeft: Math.min(170, 14 + 6.3 * longest), x: { domain: [0, 1], label: 'F1 →', grid: false }, y: { domain: order, label: null, tickSize: 0 },
    marks: [
      Plot.gridX({ strokeOpacity: 0.12 }),
      Plot.link(spans, { x1: 'low', x2: 'high', y1: 'detector', y2: 'detector', stroke: 'currentColor', strokeOpacity: 0.25, strokeWidth: 3 }),
      Plot.link(rows.filter((r) => r.low !== null), { x1: 'low', x2: 'high', y1: 'detector', y2: 'detector', dy: 6, stroke: 'var(--blue)', strokeWidth: 1.3 }),
      Plot.tickX(rows.filter((r) => r.oracle !== null), { x: 'oracle', y: 'detector', stroke: 'var(--amber)', strokeWidth: 2, inset: 3 }),
      Plot.dot(rows.filter((r) => r.one !== null), { x: 'one', y: 'detector', r: 3.6, stroke: 'var(--blue)', fill: 'var(--paper)' }),
      Plot.dot(rows, { x: 'f1', y: 'detector', r: 4, fill: 'var(--blue)' }),
      Plot.text(rows, { x: 'f1', y: 'detector', text: (r: { f1: number }) => r.f1.toFixed(3).replace(/^0/, ''), dx: 8, textAnchor: 'start', fontSize: 9.5, fill: 'currentColor', stroke: 'var(--paper)', strokeWidth: 3 }),
    ],
  }), ' class="wide"');
}

/** Two by two, as counts. */
export function confusionTable({ row }: CellResult): string {
  const cell = (n: number, of: number, good: boolean): string => `<td class="${good ? 'good' : 'bad'}" style="--share:${of === 0 ? 0 : Math.sqrt(n / of).toFixed(3)}">${count(n)}</td>`;
  return `<table class="confusion"><caption>${escapeHtml(row.detector)}</caption><thead><tr><th></th><th scope="col">alert</th><th scope="col">none</th></tr></thead><tbody>`
    + `<tr><th scope="row">abnormal</th>${cell(row.tp, row.tp + row.fn, true)}${cell(row.fn, row.tp + row.fn, false)}</tr>`
    + `<tr><th scope="row">normal</th>${cell(row.fp, row.fp + row.tn, false)}${cell(row.tn, row.fp + row.tn, true)}</tr></tbody></table>`;
}

/** What a detector costs, on logarithmic scales; memory, which never differs by much, from zero. */
export function costFigures(cells: readonly CellResult[]): string {
  const kinds: [string, string, (c: CellResult) => number | null][] = [
    ['Fitting', 'seconds', (c) => Math.max(0.001, c.row.fit_seconds)],
    ['Scoring', `${unitOf(cells[0].row.unit)} per second`, (c) => Math.max(1, c.row.score_per_second)],
    ['Peak memory of the process', 'MB', (c) => c.row.peak_rss_mb],
    ['Model', 'bytes', (c) => (c.row.model_bytes === null ? null : Math.max(1, c.row.model_bytes))],
  ];
  const order = cells.map((c) => c.row.detector);
  const longest = Math.max(...order.map((name) => name.length));
  return kinds.map(([title, unit, of]) => {
    const rows = cells.flatMap((c) => { const value = of(c); return value === null ? [] : [{ detector: c.row.detector, value }]; });
    if (rows.length === 0) return '';
    const values = rows.map((r) => r.value);
    const log = unit !== 'MB';
    const low = log ? 10 ** Math.floor(Math.log10(Math.min(...values))) : 0;
    const high = log ? 10 ** Math.ceil(Math.log10(Math.max(...values)) + 0.01) : 1.1 * Math.max(...values);
    const ticks = log ? decades(low, high) : 5;
    return figure(title, `${unit}${log ? ', logarithmic' : ''}; n = ${count(cells[0].row.n_train)} fitted on, ${count(cells[0].row.n_test)} scored`, chart(title, {
      height: 46 + 15 * rows.length, marginLeft: Math.min(160, 14 + 6.3 * longest), marginRight: 44, x: { type: log ? 'log' : 'linear', domain: [low, high], label: `${unit} →`, ticks, tickFormat: (v: number) => (v < 1 ? String(v) : compact(v)) }, y: { domain: order.filter((d) => rows.some((r) => r.detector === d)), label: null, tickSize: 0 },
      marks: [
        Plot.gridX({ strokeOpacity: 0.12, ticks }),
        Plot.ruleY(rows, { y: 'detector', x1: low, x2: 'value', stroke: 'var(--blue)', strokeOpacity: 0.5, strokeWidth: 2 }),
        Plot.dot(rows, { x: 'value', y: 'detector', r: 3, fill: 'var(--blue)' }),
        Plot.text(rows, { x: 'value', y: 'detector', text: (r: { value: number }) => compact(r.value), dx: 7, textAnchor: 'start', fontSize: 9.5 }),
      ],
    }));
  }).join('');
}

function compact(value: number): string {
  return value >= 1000 ? Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value) : String(+value.toPrecision(2));
}
