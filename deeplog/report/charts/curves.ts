import * as Plot from '@observablehq/plot';
import type { CellResult } from '../../evaluation/index.js';
import { chart, count, decades, figure, GREY, unitOf } from './plot.js';
import { scoreAxis, type ScoreAxis } from './score_axis.js';

interface Point { readonly detector: string; readonly x: number; readonly y: number }

/** Precision by recall and recall by false-alarm rate, a line per detector; those without a threshold are dots. */
export function curveFigures(cells: readonly CellResult[], colour: (detector: string) => string): string {
  const [{ row }] = cells;
  const abnormal = row.tp + row.fn;
  const normal = row.fp + row.tn;
  const n = `n = ${count(abnormal + normal)} test ${unitOf(row.unit)}, ${count(abnormal)} abnormal`;
  const least = 1 / Math.max(2, normal);
  const lines = cells.filter((c) => c.row.at_target_fpr !== null);
  const dots = cells.filter((c) => c.row.at_target_fpr === null);
  const pr = lines.flatMap((c) => c.curves.pr.map(([x, y]): Point => ({ detector: c.row.detector, x, y })));
  const roc = lines.flatMap((c) => c.curves.roc.map(([x, y]): Point => ({ detector: c.row.detector, x: Math.max(x, least), y })));
  const chosen = (c: CellResult, of: 'pr' | 'roc'): Point => (of === 'pr' ? { detector: c.row.detector, x: c.row.recall ?? 0, y: c.row.precision ?? 0 } : { detector: c.row.detector, x: Math.max(c.row.fp / Math.max(1, normal), least), y: c.row.recall ?? 0 });
  const rates = decades(least, 1);
  const marks = (points: readonly Point[], of: 'pr' | 'roc'): Plot.Markish[] => [
    Plot.gridX({ strokeOpacity: 0.12, ...(of === 'roc' ? { ticks: rates } : {}) }), Plot.gridY({ strokeOpacity: 0.12 }),
    Plot.line([...points], { x: 'x', y: 'y', z: 'detector', stroke: (p: Point) => colour(p.detector), strokeWidth: (p: Point) => (colour(p.detector) === GREY ? 0.8 : 1.7), curve: of === 'roc' ? 'step-after' : 'linear' }),
    Plot.dot(lines.map((c) => chosen(c, of)), { x: 'x', y: 'y', fill: (p: Point) => colour(p.detector), r: 3.6, stroke: 'var(--paper)', strokeWidth: 1, title: 'detector' }),
    Plot.dot(dots.map((c) => chosen(c, of)), { x: 'x', y: 'y', fill: (p: Point) => colour(p.detector), symbol: 'diamond', r: 4.2, stroke: 'var(--paper)', strokeWidth: 1, title: 'detector' }),
  ];
  return figure('Precision by recall', `${n}. ● the chosen threshold, ◆ detectors that need none`, chart('Precision by recall', { x: { domain: [0, 1], label: 'recall →' }, y: { domain: [0, 1], label: '↑ precision' }, marks: marks(pr, 'pr') }))
    + figure('ROC', `${n}. Logarithmic from one false alarm in ${count(normal)} normal ${unitOf(row.unit)}; ● the chosen threshold, ◆ detectors that need none`, chart('Recall by false-alarm rate', { x: { type: 'log', domain: [least, 1], label: 'false-alarm rate →', ticks: rates, tickFormat: percent }, y: { domain: [0, 1], label: '↑ recall' }, marks: marks(roc, 'roc') }));
}

/** F1, precision and recall by threshold, with the chosen and the oracle's. */
export function sweepFigure({ row, curves }: CellResult): string {
  const { options, at, beyond } = scoreAxis(curves.histogram, 'threshold (score) →');
  const points = curves.sweep.flatMap((p) => [{ x: p.threshold, y: p.f1, what: 'F1' }, { x: p.threshold, y: p.recall, what: 'recall' }, ...(p.precision === null ? [] : [{ x: p.threshold, y: p.precision, what: 'precision' }])]);
  const best = curves.sweep.reduce((a, b) => (b.f1 > a.f1 ? b : a));
  // A logarithmic axis begins at the least score above 0.
  const shownFrom = curves.histogram.scale === 'log' ? curves.histogram.edges[0] : -Infinity;
  const tint: Record<string, string> = { F1: 'var(--ink)', precision: 'var(--blue)', recall: 'var(--red)' };
  return figure(row.detector, `F1 ${shown(row.f1)} at the chosen threshold ${number(row.threshold)}; the best on these very sessions would be ${shown(row.oracle_f1)} at ${number(best.threshold)}. n = ${count(row.n_test)}${saysBeyond(beyond)}`, chart(`Threshold sweep of ${row.detector}`, {
    height: 190, x: options, y: { domain: [0, 1], label: null, ticks: 5 },
    marks: [
      Plot.gridY({ strokeOpacity: 0.12 }), ...breakAt(beyond, curves.histogram.edges),
      Plot.line(points.filter((p) => p.x >= shownFrom), { x: (p: { x: number }) => at(p.x), y: 'y', z: 'what', stroke: (p: { what: string }) => tint[p.what], strokeWidth: (p: { what: string }) => (p.what === 'F1' ? 2 : 1.1), curve: 'step-before' }),
      Plot.ruleX([at(row.threshold)], { stroke: 'var(--ink)', strokeDasharray: '4 3' }),
      Plot.dot([best], { x: (p: typeof best) => at(p.threshold), y: 'f1', r: 4, stroke: 'var(--ink)', fill: 'var(--paper)' }),
    ],
  }));
}

/** Scores of normal and abnormal test sessions, as shares of their class; without labels of all. */
export function histogramFigure({ row, curves }: CellResult): string {
  const { histogram } = curves;
  const { edges } = histogram;
  const { options, at, beyond } = scoreAxis(histogram, 'score →');
  const classes = [{ what: 'normal', list: histogram.normal, far: histogram.beyond?.normal ?? 0 }, { what: 'abnormal', list: histogram.abnormal, far: histogram.beyond?.abnormal ?? 0 }].map((c) => ({ ...c, total: c.list.reduce((a, b) => a + b, c.far) }));
  const bars = classes.flatMap(({ what, list, far, total }) => [
    ...list.flatMap((value, i) => (value === 0 ? [] : [{ from: edges[i], to: edges[i + 1], share: value / total, what }])),
    ...(beyond === null || far === 0 ? [] : [{ from: beyond.from, to: beyond.to, share: far / total, what }]),
  ]);
  const labelled = row.f1 !== null;
  const n = labelled ? `n = ${count(classes[0].total)} normal, ${count(classes[1].total)} abnormal` : `n = ${count(classes[0].total)}, without labels`;
  return figure(row.detector, `share of ${labelled ? 'each class' : `the ${unitOf(row.unit)}`} by score; ${n}; dashed: the threshold ${number(row.threshold)}, ${count(row.alerts)} above it${saysBeyond(beyond)}`, chart(`Scores of ${row.detector}`, {
    height: 190, x: options, y: { type: 'sqrt', domain: [0, 1], label: labelled ? '↑ share of class' : '↑ share', tickFormat: percent, ticks: [0.01, 0.1, 0.25, 0.5, 1] },
    marks: [
      Plot.gridY({ strokeOpacity: 0.12, ticks: [0.01, 0.1, 0.25, 0.5, 1] }), ...breakAt(beyond, edges),
      Plot.rect(bars, { x1: 'from', x2: 'to', y1: 0, y2: 'share', fill: (b: { what: string }) => (b.what === 'normal' ? 'var(--blue)' : 'var(--red)'), fillOpacity: 0.55 }),
      Plot.ruleY([0]), Plot.ruleX([at(row.threshold)], { stroke: 'var(--ink)', strokeDasharray: '4 3' }),
    ],
  }));
}

function saysBeyond(beyond: ScoreAxis['beyond']): string {
  return beyond === null ? '' : `; the axis is cut, at its end stand scores of ${beyond.name}`;
}

/** A dotted line where the axis is cut, and what stands behind it. */
function breakAt(beyond: ScoreAxis['beyond'], edges: readonly number[]): Plot.Markish[] {
  if (beyond === null) return [];
  const end = edges[edges.length - 1];
  return [
    Plot.ruleX([end + (beyond.from - end) / 2], { stroke: 'var(--soft)', strokeDasharray: '1 3' }),
    Plot.text([beyond], { x: 'to', y: 1, text: 'name', dy: -9, textAnchor: 'end', fill: 'var(--soft)', fontSize: 10 }),
  ];
}

function shown(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

function number(value: number): string {
  return Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(+value.toPrecision(4));
}

export function percent(value: number): string {
  return `${+(100 * value).toPrecision(2)} %`;
}
