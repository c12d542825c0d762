import { escapeMarkup, svgDocument } from '../../common/index.js';
import type { ScoreCurves } from '../curves.js';
import { withBeyond } from '../histogram.js';

const WIDTH = 360;
const HEIGHT = 300;
const LEFT = 52;
const TOP = 34;
const INNER = { width: WIDTH - LEFT - 18, height: HEIGHT - TOP - 46 };
const NORMAL = '#6f8fb4';
const ABNORMAL = '#b00020';

export interface Drawn {
  readonly title: string;
  readonly curves: ScoreCurves;
  readonly threshold: number;
  readonly windows: number;
  readonly abnormal: number | null;
  readonly rocAuc: number | null;
  readonly prAuc: number | null;
  /** The point at the threshold. */
  readonly point: { readonly recall: number; readonly precision: number; readonly falseAlarms: number } | null;
}

/** The distribution of scores with the threshold, and where there are labels the ROC and PR curves with the point that the threshold gives. */
export function drawEvaluation(drawn: Drawn): string {
  const panels = [histogramPanel(drawn)];
  const { roc, pr } = drawn.curves;
  if (drawn.point !== null) {
    panels.push(curvePanel(`ROC, area ${figure(drawn.rocAuc)}`, 'share of normal windows flagged', 'recall', roc, [drawn.point.falseAlarms, drawn.point.recall]));
    panels.push(curvePanel(`PR, area ${figure(drawn.prAuc)}`, 'recall', 'precision', pr, [drawn.point.recall, drawn.point.precision]));
  }
  const width = Math.max(panels.length * WIDTH, 520);
  return svgDocument(width, HEIGHT + 36, 11, [
    `<text x="16" y="24" font-size="14" font-weight="600">${escapeMarkup(drawn.title)}</text>`,
    ...panels.map((panel, i) => `<g transform="translate(${i * WIDTH} 36)">${panel}</g>`),
  ]);
}

function histogramPanel({ curves: { histogram }, threshold, windows, abnormal }: Drawn): string {
  const { edges, normal, abnormal: bad, scale } = withBeyond(histogram);
  const at = (score: number): number => (scale === 'log' ? Math.log10(Math.max(score, edges[0])) : score);
  const [from, to] = [at(edges[0]), at(edges[edges.length - 1])];
  const x = (score: number): number => LEFT + (INNER.width * Math.min(1, Math.max(0, (at(score) - from) / (to - from || 1))));
  // Counts on a logarithmic axis: the tail is what matters.
  const top = Math.ceil(Math.log10(1 + Math.max(1, ...normal, ...bad)));
  const y = (count: number): number => TOP + INNER.height * (1 - Math.log10(1 + count) / top);
  const bars = (counts: readonly number[], colour: string): string => counts.map((n, i) => (n === 0 ? '' : `<rect x="${x(edges[i]).toFixed(1)}" y="${y(n).toFixed(1)}" width="${Math.max(1, x(edges[i + 1]) - x(edges[i]) - 0.5).toFixed(1)}" height="${(TOP + INNER.height - y(n)).toFixed(1)}" fill="${colour}" fill-opacity=".65"/>`)).join('');
  const powers = Array.from({ length: top + 1 }, (_, p) => `<text x="${LEFT - 6}" y="${(y(10 ** p - (p === 0 ? 1 : 0)) + 4).toFixed(1)}" text-anchor="end" fill="#556">${p === 0 ? 0 : (10 ** p).toLocaleString('en-US')}</text>`).join('');
  const right = x(threshold) > LEFT + INNER.width / 2;
  const parts = abnormal === null ? `${windows.toLocaleString('en-US')} windows` : `${windows.toLocaleString('en-US')} windows, ${abnormal.toLocaleString('en-US')} abnormal (red)`;
  return frame('test windows by score', `score (${parts})`, '') + powers + bars(normal, NORMAL) + bars(bad, ABNORMAL)
    + `<path d="M${x(threshold).toFixed(1)},${TOP} v${INNER.height}" stroke="#204060" stroke-dasharray="5 3"/><text x="${(x(threshold) + (right ? -4 : 4)).toFixed(1)}" y="${TOP + 12}" fill="#204060"${right ? ' text-anchor="end"' : ''}>threshold ${threshold.toPrecision(3)}</text>`
    + `<text x="${LEFT}" y="${HEIGHT - 24}" fill="#556">${edges[0].toPrecision(2)}</text><text x="${LEFT + INNER.width}" y="${HEIGHT - 24}" text-anchor="end" fill="#556">${edges[edges.length - 1].toPrecision(3)}${scale === 'log' ? ', logarithmic' : ''}</text>`;
}

function curvePanel(title: string, across: string, up: string, points: readonly (readonly [number, number])[], point: readonly [number, number]): string {
  const x = (v: number): string => (LEFT + INNER.width * v).toFixed(1);
  const y = (v: number): string => (TOP + INNER.height * (1 - v)).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((v) => `<path d="M${x(0)},${y(v)} H${x(1)} M${x(v)},${y(0)} V${y(1)}" stroke="#eef"/><text x="${LEFT - 6}" y="${Number(y(v)) + 4}" text-anchor="end" fill="#556">${v}</text><text x="${x(v)}" y="${HEIGHT - 30}" text-anchor="middle" fill="#556">${v}</text>`).join('');
  return frame(title, across, up) + ticks + `<path d="${points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x(a)},${y(b)}`).join(' ')}" fill="none" stroke="#204060" stroke-width="1.6"/><circle cx="${x(point[0])}" cy="${y(point[1])}" r="4" fill="${ABNORMAL}"/>`;
}

function frame(title: string, across: string, up: string): string {
  return `<text x="${LEFT}" y="18" font-weight="600">${escapeMarkup(title)}</text><rect x="${LEFT}" y="${TOP}" width="${INNER.width}" height="${INNER.height}" fill="none" stroke="#ccd"/>`
    + `<text x="${LEFT + INNER.width / 2}" y="${HEIGHT - 8}" text-anchor="middle" fill="#556">${escapeMarkup(across)}</text>`
    + (up === '' ? '' : `<text transform="translate(14 ${TOP + INNER.height / 2}) rotate(-90)" text-anchor="middle" fill="#556">${escapeMarkup(up)}</text>`);
}

function figure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}
