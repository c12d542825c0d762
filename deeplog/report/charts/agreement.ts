import * as Plot from '@observablehq/plot';
import { overlap, type Agreement, type CellResult } from '../../evaluation/index.js';
import { chart, CHART_WIDTH, count, escapeHtml, figure, unitOf } from './plot.js';

const ROW_PX = 19;
/** Numbers fit into the cells of so many detectors. */
const NUMBERED = 14;

/** Sessions that two detectors both flag, as a share of those that either flags. */
export function agreementFigure(agreement: Agreement): string {
  const { detectors, both, n, unit } = agreement;
  // Those that flag nothing agree with nobody.
  const shown = detectors.flatMap((detector, i) => (both[i][i] === 0 ? [] : [{ detector, i }]));
  if (shown.length < 2) return '';
  const cells = shown.flatMap((a) => shown.flatMap((b) => { const share = overlap(agreement, a.i, b.i); return share === null ? [] : [{ a: a.detector, b: b.detector, share, both: both[a.i][b.i] }]; }));
  const order = shown.map((s) => s.detector);
  const longest = Math.max(...order.map((name) => name.length));
  const margin = Math.min(160, 14 + 6.3 * longest);
  const silent = detectors.length - shown.length;
  return figure(`Which detectors flag the same ${unitOf(unit)}`, `${unitOf(unit)} that both flag as a share of those that either flags; n = ${count(n)} test ${unitOf(unit)}${silent === 0 ? '' : silent === 1 ? '; one detector that flags none is left out' : `; ${count(silent)} detectors that flag none are left out`}`, chart('Share of alerts that two detectors have in common', {
    width: CHART_WIDTH + 60, height: margin + 12 + ROW_PX * order.length, marginLeft: margin, marginBottom: margin, marginTop: 6, x: { domain: order, label: null, tickRotate: -90, tickSize: 0 }, y: { domain: order, label: null, tickSize: 0 },
    marks: [
      Plot.cell(cells, { x: 'a', y: 'b', fill: 'var(--blue)', fillOpacity: (c: { share: number }) => 0.04 + 0.96 * c.share, inset: 0.5, title: (c: { a: string; b: string; both: number }) => `${c.a} and ${c.b}: ${count(c.both)} in common` }),
      ...(order.length > NUMBERED ? [] : [Plot.text(cells.filter((c) => c.a !== c.b), { x: 'a', y: 'b', text: (c: { share: number }) => (100 * c.share).toFixed(0), fontSize: 9, fill: (c: { share: number }) => (c.share > 0.45 ? 'var(--paper)' : 'var(--ink)') })]),
    ],
  }), ' class="wide"');
}

/** Share of the test sessions that each detector flags: all there is to draw without labels. */
export function flaggedFigure(cells: readonly CellResult[]): string {
  const [{ row }] = cells;
  const rows = cells.map(({ row: r }) => ({ detector: r.detector, share: r.alerts / r.n_test, alerts: r.alerts }));
  const order = [...rows].sort((a, b) => b.share - a.share).map((r) => r.detector);
  const longest = Math.max(...order.map((name) => name.length));
  const highest = Math.max(row.target_fpr, ...rows.map((r) => r.share));
  return figure(`What each detector flags`, `share of the n = ${count(row.n_test)} test ${unitOf(row.unit)}, and how many; dashed: the ${100 * row.target_fpr} % that thresholds allow among validation's. Without labels nobody knows which are right`, chart('Share of sessions flagged', {
    width: CHART_WIDTH + 60, height: 46 + ROW_PX * rows.length, marginLeft: Math.min(170, 14 + 6.3 * longest), marginRight: 50, x: { domain: [0, highest * 1.05], label: 'share flagged →', tickFormat: (v: number) => `${+(100 * v).toPrecision(3)} %`, ticks: 5 }, y: { domain: order, label: null, tickSize: 0 },
    marks: [
      Plot.gridX({ strokeOpacity: 0.12 }), Plot.barX(rows, { x: 'share', y: 'detector', fill: 'var(--blue)', fillOpacity: 0.6, insetTop: 3, insetBottom: 3 }),
      Plot.text(rows, { x: 'share', y: 'detector', text: (r: { alerts: number }) => count(r.alerts), dx: 5, textAnchor: 'start', fontSize: 9.5 }), Plot.ruleX([row.target_fpr], { strokeDasharray: '4 3' }),
    ],
  }), ' class="wide"');
}

/** F1 of each detector less that of the best, on the same resampled sessions. */
export function differenceTable({ against_best: against }: Agreement): string {
  if (against === null) return '';
  const signed = (v: number): string => `${v < 0 ? '−' : '+'}${Math.abs(v).toFixed(3)}`;
  const rows = against.others.map(({ detector, difference, interval }) => `<tr><th scope="row">${escapeHtml(detector)}</th><td>${signed(difference)}</td><td>${interval === null ? '–' : `${signed(interval[0])} to ${signed(interval[1])}`}</td><td class="text">${interval === null ? 'too few abnormal sessions to say' : interval[1] < 0 ? 'lower' : 'could be as good'}</td></tr>`);
  return `<div class="scroll"><table class="numbers"><thead><tr><th scope="col">against ${escapeHtml(against.best)}</th><th scope="col">F1 difference</th><th scope="col">95 %</th><th scope="col" class="text">beyond chance?</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
