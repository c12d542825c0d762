import { boxLines, percent } from './draw_dot.js';
import type { Outline } from './outline.js';

const BOX_WIDTH = 330;
const GAP_X = 34;
const GAP_Y = 56;
const LINE_HEIGHT = 16;
const PADDING = 9;
const CHARACTERS = 44;
const TOP = 78;
const MARGIN = 40;
const HEADER_WIDTH = 400;

interface Placed {
  readonly lines: readonly string[];
  readonly height: number;
  readonly layer: number;
  x: number;
  y: number;
}

/**
 * The outline as an SVG, top to bottom: each box one layer below the lowest of those before it, boxes of a layer ordered by the mean
 * place of those they come from (Sugiyama's barycentre rule, two sweeps). Self-contained: no font, script or image from elsewhere.
 */
export function drawSvg(outline: Outline, title: string, templates: Readonly<Record<string, string>> = {}): string {
  const placed = place(outline, templates);
  const width = Math.max(HEADER_WIDTH, ...placed.map((p) => p.x + BOX_WIDTH)) + GAP_X + MARGIN;
  const height = Math.max(TOP, ...placed.map((p) => p.y + p.height)) + 40;
  const out: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#667"/></marker></defs>',
    `<text x="${GAP_X}" y="24" font-size="15" font-weight="600">${escape(title)}</text>`,
    `<text x="${GAP_X}" y="42" fill="#556">${outline.sessions.toLocaleString('en-US')} training sessions; ${percent(outline.coverage, 1)} of them end in a drawn step.</text>`,
    `<text x="${GAP_X}" y="58" fill="#556">Rounded: in any order. ↻ may repeat. Double border: sessions end here.</text>`,
  ];
  for (const { from, to, visits } of outline.edges) out.push(edge(placed[from], placed[to], percent(visits, outline.sessions)));
  outline.nodes.forEach((node, i) => {
    const { x, y, lines, height: h } = placed[i];
    const radius = node.anyOrder ? 12 : 2;
    out.push(`<g><title>${escape(`${node.visits.toLocaleString('en-US')} sessions come here, ${node.ends.toLocaleString('en-US')} end here`)}</title>`);
    if (node.ends > 0) out.push(`<rect x="${x - 4}" y="${y - 4}" width="${BOX_WIDTH + 8}" height="${h + 8}" rx="${radius + 3}" fill="none" stroke="#356"/>`);
    out.push(`<rect x="${x}" y="${y}" width="${BOX_WIDTH}" height="${h}" rx="${radius}" fill="${node.anyOrder ? '#eef4fb' : '#fafafa'}" stroke="#356"/>`);
    lines.forEach((line, k) => out.push(`<text x="${x + PADDING}" y="${y + PADDING + 11 + k * LINE_HEIGHT}"${line === 'in any order:' || line.endsWith('end here') ? ' fill="#678" font-style="italic"' : ''}>${escape(line)}</text>`));
    if (node.start) out.push(`<circle cx="${x + BOX_WIDTH / 2}" cy="${y - 20}" r="5"/><path d="M${x + BOX_WIDTH / 2},${y - 15} V${y - 5}" stroke="#667" marker-end="url(#arrow)"/><text x="${x + BOX_WIDTH / 2 + 10}" y="${y - 15}" fill="#556" font-size="11">${percent(node.visits, outline.sessions)}</text>`);
    out.push('</g>');
  });
  return `${out.join('\n')}\n</svg>\n`;
}

function place({ nodes, edges, sessions }: Outline, templates: Readonly<Record<string, string>>): Placed[] {
  const layers = new Array<number>(nodes.length).fill(0);
  // Edges lead from smaller bags to larger ones, so longest paths settle in as many rounds as there are layers.
  for (let changed = true; changed;) {
    changed = false;
    for (const { from, to } of edges) if (layers[to] <= layers[from]) [layers[to], changed] = [layers[from] + 1, true];
  }
  const placed = nodes.map((node, i): Placed => {
    const lines = [...boxLines(node, templates, CHARACTERS), ...(node.ends > 0 ? [`${percent(node.ends, sessions)} of sessions end here`] : [])];
    return { lines, height: lines.length * LINE_HEIGHT + 2 * PADDING, layer: layers[i], x: 0, y: 0 };
  });
  let y = TOP + 30;
  for (let layer = 0; layer <= Math.max(0, ...layers); layer++) {
    const members = placed.map((p, i) => ({ p, i })).filter(({ p }) => p.layer === layer);
    const weight = ({ i }: { i: number }): number => {
      const parents = edges.filter((e) => e.to === i).map((e) => placed[e.from].x);
      return parents.length === 0 ? -nodes[i].visits : parents.reduce((a, b) => a + b, 0) / parents.length;
    };
    members.sort((a, b) => weight(a) - weight(b) || nodes[b.i].visits - nodes[a.i].visits);
    members.forEach(({ p }, column) => {
      p.x = GAP_X + column * (BOX_WIDTH + GAP_X);
      p.y = y;
    });
    y += Math.max(0, ...members.map(({ p }) => p.height)) + GAP_Y;
  }
  return placed;
}

function edge(from: Placed, to: Placed, label: string): string {
  const [x1, y1, x2, y2] = [from.x + BOX_WIDTH / 2, from.y + from.height + 4, to.x + BOX_WIDTH / 2, to.y - 5];
  // An edge that skips layers swings out to the right of the boxes between.
  const out = to.layer - from.layer > 1 ? BOX_WIDTH / 2 + GAP_X / 2 : 0;
  const middle = (y1 + y2) / 2;
  const path = out > 0
    ? `M${x1},${y1} C${x1},${y1 + 34} ${x1 + out},${y1 + 20} ${x1 + out},${y1 + 54} V${y2 - 54} C${x1 + out},${y2 - 20} ${x2},${y2 - 34} ${x2},${y2}`
    : `M${x1},${y1} C${x1},${middle} ${x2},${middle} ${x2},${y2}`;
  const [lx, ly] = out > 0 ? [x1 + out + 5, middle] : [x1 + (x2 - x1) * 0.5 + 6, middle + 4];
  return `<path d="${path}" fill="none" stroke="#667" marker-end="url(#arrow)"/><text x="${lx}" y="${ly}" fill="#445" font-size="11" stroke="#fff" stroke-width="4" paint-order="stroke">${label}</text>`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
