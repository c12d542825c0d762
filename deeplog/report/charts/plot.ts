import * as Plot from '@observablehq/plot';
import { JSDOM } from 'jsdom';
import { escapeMarkup as escapeHtml } from '../../common/index.js';

const { document } = new JSDOM('').window;

/** Charts are drawn at about the width of a phone, so that their text keeps its size there; wide screens show several side by side. */
export const CHART_WIDTH = 420;

/** One chart as inline SVG; `label` says what it shows to those who cannot see it. */
export function chart(label: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    document, width: CHART_WIDTH, height: 260, marginLeft: 48, marginBottom: 38, marginRight: 16, marginTop: 22, ariaLabel: label,
    style: { fontSize: '11px', background: 'none', overflow: 'visible' }, ...options,
  } as Plot.PlotOptions);
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}

export { escapeHtml };

/** Colours that stand out on white and on near-black; the order is that of Observable's palette, without its grey. */
export const COLOURS = ['#4269d0', '#e0982a', '#e8566d', '#3fa897', '#3ca951', '#d966b8', '#8d6ef0', '#9c6b4e', '#2f97c9'] as const;
/** What is in the background. */
export const GREY = '#9498a0';

/** A colour for each of the names that matter, grey for the rest. */
export function colourOf(names: readonly string[]): (name: string) => string {
  const colours = new Map(names.slice(0, COLOURS.length).map((name, i) => [name, COLOURS[i]]));
  return (name) => colours.get(name) ?? GREY;
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A figure: what it is, what its axes and n are, the chart. */
export function figure(title: string, caption: string, content: string, more = ''): string {
  return `<figure${more}><h4>${escapeHtml(title)}</h4>${content}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

/** Sessions are sessions; windows are named by their size and stride. */
export function unitOf(unit: string): string {
  return unit.startsWith('window') ? 'windows' : `${unit}s`;
}

/** Powers of ten within a range: the grid of a logarithmic axis. */
export function decades(from: number, to: number): number[] {
  const out: number[] = [];
  for (let power = Math.ceil(Math.log10(from) - 1e-9); power <= Math.log10(to) + 1e-9; power++) out.push(10 ** power);
  return out;
}

/** Names with their colours. */
export function legend(names: readonly string[], colour: (name: string) => string): string {
  return `<p class="legend">${names.map((name) => `<span><i style="background:${colour(name)}"></i>${escapeHtml(name)}</span>`).join('')}</p>`;
}
