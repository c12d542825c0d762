import { escapeMarkup, svgDocument } from '../common/index.js';

/** One panel: the errors of a key's test rows in order, its bound, and which rows are abnormal where that is known. */
export interface ErrorPanel {
  readonly title: string;
  readonly errors: readonly number[];
  readonly bound: number;
  readonly abnormal: readonly boolean[];
}

const WIDTH = 720;
const HEIGHT = 170;
const LEFT = 64;
const RIGHT = 16;
const TOP = 30;
const BOTTOM = 26;
const MOST_POINTS = 2000;
const LEAST = 1e-4;

/** Error against bound on a logarithmic scale, one panel a key. Of more than 2,000 rows all above the bound are drawn, and evenly spaced others. */
export function plotErrors(panels: readonly ErrorPanel[], heading: string): string {
  const height = 40 + panels.length * (HEIGHT + 14);
  return svgDocument(WIDTH, height, 11, [
    `<text x="16" y="22" font-size="14" font-weight="600">${escapeMarkup(heading)}</text>`,
    ...panels.map((panel, i) => `<g transform="translate(0 ${40 + i * (HEIGHT + 14)})">${draw(panel)}</g>`),
  ]);
}

function draw({ title, errors, bound, abnormal }: ErrorPanel): string {
  const finite = errors.filter((e) => Number.isFinite(e)).map((e) => Math.max(LEAST, e));
  const low = Math.floor(Math.log10(Math.min(Math.max(LEAST, bound), ...finite)));
  const high = Math.ceil(Math.log10(Math.max(bound, ...finite)) + 0.01);
  const x = (index: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * (index + 0.5)) / Math.max(1, errors.length);
  const y = (error: number): number => TOP + ((HEIGHT - TOP - BOTTOM) * (high - Math.log10(Math.max(LEAST, error)))) / Math.max(1, high - low);
  const out = [`<text x="16" y="16"><tspan font-weight="600">${escapeMarkup(title)}</tspan> <tspan fill="#204060">bound ${bound.toPrecision(3)}</tspan></text>`, `<rect x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM}" fill="none" stroke="#ccd"/>`];
  const every = Math.max(1, Math.ceil((high - low) / 4));
  for (let power = low; power <= high; power += every) out.push(`<text x="${LEFT - 6}" y="${y(10 ** power) + 4}" text-anchor="end" fill="#556">1e${power}</text><path d="M${LEFT},${y(10 ** power)} H${WIDTH - RIGHT}" stroke="#eef"/>`);
  const step = Math.max(1, Math.ceil(errors.length / MOST_POINTS));
  errors.forEach((error, i) => {
    if (!Number.isFinite(error) || (error <= bound && i % step !== 0)) return;
    const colour = abnormal[i] ? '#b00020' : error > bound ? '#e08a00' : '#8aa4c0';
    out.push(`<circle cx="${x(i).toFixed(1)}" cy="${y(error).toFixed(1)}" r="${error > bound ? 2.4 : 1.4}" fill="${colour}"/>`);
  });
  out.push(`<path d="M${LEFT},${y(bound)} H${WIDTH - RIGHT}" stroke="#204060" stroke-dasharray="5 3"/>`);
  out.push(`<text x="${LEFT}" y="${HEIGHT - 8}" fill="#556">test rows in order, n = ${errors.length.toLocaleString('en-US')}; above the bound: ${errors.filter((e) => e > bound).length.toLocaleString('en-US')}${abnormal.some(Boolean) ? '; red: rows of abnormal sessions' : ''}</text>`);
  return out.join('');
}
