import { binNames, type Values } from './series.js';

/** What of tfjs-vis is used; the page loads it as a script, and shows all but the charts without it. */
interface Tfvis {
  render: {
    linechart(container: HTMLElement, data: { values: { x: number; y: number | null }[][]; series: string[] }, options: object): Promise<void>;
    barchart(container: HTMLElement, data: { index: number; value: number }[], options: object): Promise<void>;
  };
}

/** The library, once its script is there. */
function library(): Promise<Tfvis> {
  const { tfvis } = globalThis as { tfvis?: Tfvis };
  if (tfvis !== undefined) return Promise.resolve(tfvis);
  return new Promise((resolve, reject) => {
    const script = document.getElementById('tfjs-vis');
    script?.addEventListener('load', () => { resolve(library()); });
    script?.addEventListener('error', () => { reject(new Error('the charts could not be loaded')); });
  });
}

export const COLOURS = ['#2f6feb', '#e8590c', '#2b8a3e', '#9c36b5', '#c2255c', '#0b7285', '#a66900', '#5f3dc4'];
const AXIS = { fontSize: 11 };
/** So few epochs are marked one by one: an axis of numbers would show halves of them. */
const FEW_PLACES = 25;

/** A line of a chart, by its name. */
export interface Line {
  readonly name: string;
  readonly values: Values;
  readonly colour: string;
}

/** Lines over 0, 1, 2, …; `nothing` is said where there is nothing to draw. */
export async function drawLines(id: string, lines: readonly Line[], nothing: string, y = ''): Promise<void> {
  // vega hands out colours by the names' alphabet.
  const filled = lines.filter(({ values }) => values.some((v) => v !== null)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const area = drawArea(id, filled.length === 0 ? nothing : null);
  if (area === null) return;
  const length = Math.max(...filled.map(({ values }) => values.length));
  // tfjs-vis takes a value's place for its x and needs lines of equal length.
  const values = filled.map((line) => Array.from({ length }, (_, x) => ({ x, y: line.values[x] ?? null })));
  // A dot in a name would be a path to vega.
  await (await library()).render.linechart(area, { values, series: filled.map(({ name }) => name.replace(/[.[\]]/g, '_')) }, { ...AXIS, ...size(area), xLabel: '', yLabel: y, zoomToFit: true, xType: length <= FEW_PLACES ? 'ordinal' : 'quantitative', seriesColors: filled.map(({ colour }) => colour) });
}

/** Numbers of sessions by score, each bar named by the middle of its bin; log10(1 + n), since abnormal ones are few. */
export async function drawBars(id: string, { edges, scale }: Parameters<typeof binNames>[0], counts: readonly number[], what: string, colour: string): Promise<void> {
  const area = drawArea(id, counts.some((n) => n > 0) ? null : `no ${what}`);
  if (area === null) return;
  const names = binNames({ edges, scale });
  const bars = counts.map((n, i) => ({ index: names[i], value: Math.log10(1 + n) }));
  await (await library()).render.barchart(area, bars, { fontSize: 10, ...size(area), xLabel: '', yLabel: '', xType: 'ordinal', yType: 'quantitative', color: colour });
}

/** A table, each cell shaded by its share of its row: tfjs-vis shades by counts, of which the normal ones drown the others. */
export function drawConfusion(id: string, c: { tp: number; fp: number; tn: number; fn: number } | null): void {
  const area = drawArea(id, c === null ? 'The test sessions have no labels.' : null);
  if (area === null || c === null) return;
  const table = Object.assign(document.createElement('table'), { className: 'confusion' });
  const head = table.createTHead().insertRow();
  for (const text of ['', 'flagged', 'not flagged']) head.append(Object.assign(document.createElement('th'), { textContent: text }));
  const body = table.createTBody();
  for (const [label, flagged, quiet, right] of [['abnormal', c.tp, c.fn, 0], ['normal', c.fp, c.tn, 1]] as const) {
    const row = body.insertRow();
    row.append(Object.assign(document.createElement('th'), { textContent: label }));
    [flagged, quiet].forEach((count, i) => {
      const share = count / Math.max(1, flagged + quiet);
      const cell = row.insertCell();
      cell.className = i === right ? 'good' : 'bad';
      cell.style.setProperty('--share', share.toFixed(3));
      cell.append(count.toLocaleString('en-US'), Object.assign(document.createElement('small'), { textContent: `${(100 * share).toFixed(1)} % of ${label}` }));
    });
  }
  area.replaceChildren(table);
}

/** The element to draw into; null where words take its place. */
function drawArea(id: string, words: string | null): HTMLElement | null {
  const area = document.getElementById(id);
  if (area === null) return null;
  area.querySelector('.none')?.remove();
  if (words === null) return area;
  area.replaceChildren(Object.assign(document.createElement('div'), { className: 'none', textContent: words }));
  return null;
}

function size(area: HTMLElement): { width: number; height: number } {
  return { width: area.clientWidth, height: area.clientHeight };
}

export function short(x: number | null | undefined): string {
  if (x === null || x === undefined) return '–';
  return Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(2) : String(+x.toPrecision(4));
}
