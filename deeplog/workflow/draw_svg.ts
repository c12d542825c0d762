import { escapeMarkup, svgDocument } from '../common/index.js';
import { boxLines, percent } from './draw_dot.js';
import { inLayers, type Layered } from './layers.js';
import type { Outline } from './outline.js';

const BOX_WIDTH = 330;
const LANE_WIDTH = 44;
const GAP_X = 24;
const LINE_HEIGHT = 16;
const PADDING = 9;
const CHARACTERS = 44;
const TOP = 108;
const MARGIN = 34;
const HEADER_WIDTH = 520;
/** Between layers: straight down past the label, a curve, the arrow's tip. */
const CURVE = 44;
const TIP = 6;
const LABEL_HEIGHT = 15;
const LABEL_WIDTH = 40;
/** The last label may stand out a little, but not as far as the next box. */
const PORTS_WIDTH = BOX_WIDTH - 2 * PADDING - LABEL_WIDTH;
/** Where edges leave a box and where they arrive: so far apart at most. */
const LEAVING = 52;
const ARRIVING = 26;

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The outline as an SVG, top to bottom: each box one layer below the lowest of those before it, an edge that skips layers in a lane of its own
 * beside the boxes, its share at its beginning. Self-contained: no font, script or image from elsewhere.
 */
export function drawSvg(outline: Outline, title: string, templates: Readonly<Record<string, string>> = {}): string {
  const { nodes, edges, sessions } = outline;
  const texts = nodes.map((node) => [...boxLines(node, templates, CHARACTERS), ...(node.ends > 0 ? [`${percent(node.ends, sessions)} of sessions end here`] : [])]);
  const heights = texts.map((lines) => lines.length * LINE_HEIGHT + 2 * PADDING);
  const layered = inLayers(nodes.length, edges, (box) => nodes[box].visits, { width: BOX_WIDTH, lane: LANE_WIDTH, gap: GAP_X });
  const { slots, routes } = layered;
  const left = Math.min(...slots.map((s) => s.x - s.width / 2)) - MARGIN;
  for (const slot of slots) slot.x -= left;
  const { tops, bottoms, end } = rows(layered, heights);
  const width = Math.max(HEADER_WIDTH, ...slots.map((s) => s.x + s.width / 2 + LABEL_WIDTH)) + MARGIN;

  const out: string[] = [
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#667"/></marker></defs>',
    `<text x="${MARGIN}" y="24" font-size="15" font-weight="600">${escapeMarkup(title)}</text>`,
    `<text x="${MARGIN}" y="42" fill="#556">${sessions.toLocaleString('en-US')} training sessions; ${percent(outline.coverage, 1)} of them end in a drawn step.</text>`,
    `<text x="${MARGIN}" y="58" fill="#556">#: event. Rounded: in any order. ↻ may repeat. Double border: sessions end here. Shares: of all sessions.</text>`,
  ];
  const labels: string[] = [];
  const [leaving, arriving] = [ports(layered, 'leaving'), ports(layered, 'arriving')];
  edges.forEach(({ visits }, e) => {
    const route = routes[e];
    const start: Point = { x: leaving[e].x, y: tops[slots[route[0]].layer] + heights[route[0]] + 4 };
    const tip: Point = { x: arriving[e], y: tops[slots[route[route.length - 1]].layer] - TIP };
    const lanes = route.slice(1, -1).map((s) => ({ x: slots[s].x, from: tops[slots[s].layer], to: bottoms[slots[s].layer] }));
    const straight = LABEL_HEIGHT * (leaving[e].low ? 2 : 1) + 5;
    out.push(`<path d="${way(start, bottoms[slots[route[0]].layer] + 4 + straight, lanes, tip)}" fill="none" stroke="#667" stroke-width="${(1 + (2 * visits) / sessions).toFixed(2)}" stroke-linejoin="round" marker-end="url(#arrow)"/>`);
    labels.push(label(start.x + 5, start.y + straight - 5, percent(visits, sessions)));
  });
  nodes.forEach((node, i) => {
    const [x, y, h] = [slots[i].x - BOX_WIDTH / 2, tops[slots[i].layer], heights[i]];
    const radius = node.anyOrder ? 12 : 2;
    out.push(`<g><title>${escapeMarkup(`${Math.round(node.visits).toLocaleString('en-US')} sessions come here, ${node.ends.toLocaleString('en-US')} end here`)}</title>`);
    if (node.ends > 0) out.push(`<rect x="${x - 4}" y="${y - 4}" width="${BOX_WIDTH + 8}" height="${h + 8}" rx="${radius + 3}" fill="none" stroke="#356"/>`);
    out.push(`<rect class="box" x="${x}" y="${y}" width="${BOX_WIDTH}" height="${h}" rx="${radius}" fill="${node.anyOrder ? '#eef4fb' : '#fafafa'}" stroke="#356"/>`);
    texts[i].forEach((line, k) => out.push(`<text x="${x + PADDING}" y="${y + PADDING + 11 + k * LINE_HEIGHT}"${line === 'in any order:' || line.endsWith('end here') ? ' fill="#678" font-style="italic"' : ''}>${escapeMarkup(line)}</text>`));
    out.push('</g>');
    if (!node.start) return;
    out.push(`<circle cx="${slots[i].x}" cy="${y - 26}" r="5"/><path d="M${slots[i].x},${y - 21} V${y - TIP}" stroke="#667" marker-end="url(#arrow)"/>`);
    labels.push(label(slots[i].x + 10, y - 20, percent(node.visits, sessions)));
  });
  return svgDocument(width, end + MARGIN, 12, [...out, ...labels]);
}

/** Top and bottom of each layer. What leaves a layer from many places needs more room below it. */
function rows({ layers, slots, routes }: Layered, heights: readonly number[]): { tops: number[]; bottoms: number[]; end: number } {
  const tops: number[] = [];
  const bottoms: number[] = [];
  let y = TOP;
  layers.forEach((layer, i) => {
    tops.push(y);
    bottoms.push(y + Math.max(0, ...layer.map((s) => heights[s] ?? 0)));
    const leaving = new Map<number, number>();
    for (const [from] of routes) if (slots[from].layer === i) leaving.set(from, (leaving.get(from) ?? 0) + 1);
    y = bottoms[i] + LABEL_HEIGHT * (crowded(Math.max(0, ...leaving.values())) ? 2 : 1) + 5 + CURVE + TIP;
  });
  return { tops, bottoms, end: bottoms[bottoms.length - 1] ?? TOP };
}

/** Labels side by side no longer fit, so every other one stands lower. */
function crowded(leaving: number): boolean {
  return (leaving - 1) * LABEL_WIDTH > PORTS_WIDTH;
}

type Leaving = { readonly x: number; readonly low: boolean };

/** Where each edge leaves its box, or arrives at it: spread along the side, in the order of the places where they lead. */
function ports(layered: Layered, side: 'leaving'): Leaving[];
function ports(layered: Layered, side: 'arriving'): number[];
function ports({ slots, routes }: Layered, side: 'leaving' | 'arriving'): (number | Leaving)[] {
  const [own, next] = side === 'leaving' ? [0, 1] : [-1, -2];
  const out: (number | Leaving)[] = new Array<number>(routes.length).fill(0);
  for (const box of new Set(routes.map((r) => r.at(own) ?? 0))) {
    const at = Array.from(routes.keys()).filter((e) => routes[e].at(own) === box).sort((a, b) => slots[routes[a].at(next) ?? 0].x - slots[routes[b].at(next) ?? 0].x);
    const apart = Math.min(side === 'leaving' ? LEAVING : ARRIVING, PORTS_WIDTH / Math.max(1, at.length - 1));
    at.forEach((e, i) => {
      const x = slots[box].x + (i - (at.length - 1) / 2) * apart;
      out[e] = side === 'leaving' ? { x, low: crowded(at.length) && i % 2 === 1 } : x;
    });
  }
  return out;
}

/** Straight down to `y`, then from lane to lane in curves. */
function way(start: Point, y: number, lanes: readonly { readonly x: number; readonly from: number; readonly to: number }[], tip: Point): string {
  let path = `M${start.x},${start.y} V${y}`;
  let at: Point = { x: start.x, y };
  const curve = (to: Point): void => {
    const middle = (at.y + to.y) / 2;
    path += ` C${at.x},${middle} ${to.x},${middle} ${to.x},${to.y}`;
    at = to;
  };
  for (const lane of lanes) {
    curve({ x: lane.x, y: lane.from });
    path += ` V${lane.to}`;
    at = { x: lane.x, y: lane.to };
  }
  curve(tip);
  return path;
}

function label(x: number, y: number, text: string): string {
  return `<text class="share" x="${x}" y="${y}" fill="#445" font-size="11" stroke="#fff" stroke-width="4" paint-order="stroke">${escapeMarkup(text)}</text>`;
}
