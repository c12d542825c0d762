// Boxes in layers and the ways between them, after Sugiyama, Tagawa & Toda (1981): an edge that skips layers gets a lane of its own in each
// layer that it passes, so that it runs beside the boxes and not behind them.

export interface Edge {
  readonly from: number;
  readonly to: number;
}

/** A box, or a lane that an edge passes between boxes. */
export interface Slot {
  readonly layer: number;
  readonly width: number;
  /** Horizontal middle, in pixels. */
  x: number;
}

export interface Layered {
  /** The boxes first, by their index, then the lanes. */
  readonly slots: readonly Slot[];
  /** For each edge the slots that it leads through, both ends included. */
  readonly routes: readonly (readonly number[])[];
  readonly layers: readonly (readonly number[])[];
}

const SWEEPS = 8;
/** Lanes would rather be straight than boxes be centred. */
const LANE_WEIGHT = 8;

/**
 * Places `count` boxes of `width`, every edge leading to a lower layer, with `gap` pixels between neighbours of a layer.
 * @param importance the greater, the further left at the start
 */
export function inLayers(count: number, edges: readonly Edge[], importance: (box: number) => number, { width, lane, gap }: { readonly width: number; readonly lane: number; readonly gap: number }): Layered {
  const depth = depths(count, edges);
  const slots = depth.map((layer): Slot => ({ layer, width, x: 0 }));
  const routes = edges.map(({ from, to }) => {
    const through = Array.from({ length: depth[to] - depth[from] - 1 }, (_, i) => slots.push({ layer: depth[from] + 1 + i, width: lane, x: 0 }) - 1);
    return [from, ...through, to];
  });
  const above: number[][] = slots.map(() => []);
  const below: number[][] = slots.map(() => []);
  for (const route of routes) {
    for (let i = 1; i < route.length; i++) {
      below[route[i - 1]].push(route[i]);
      above[route[i]].push(route[i - 1]);
    }
  }
  let layers: number[][] = Array.from({ length: Math.max(0, ...depth) + 1 }, () => []);
  slots.forEach(({ layer }, i) => layers[layer].push(i));
  for (const layer of layers) layer.sort((a, b) => Number(a >= count) - Number(b >= count) || (a < count ? importance(b) - importance(a) : 0) || a - b);
  layers = fewestCrossings(layers, above, below);

  for (const layer of layers) settle(layer, slots, layer.map(() => 0), layer.map(() => 1), gap);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const neighbours = sweep % 2 === 0 ? above : below;
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const wanted = layer.map((s) => (neighbours[s].length === 0 ? slots[s].x : neighbours[s].reduce((sum, n) => sum + slots[n].x, 0) / neighbours[s].length));
      settle(layer, slots, wanted, layer.map((s) => (s >= count ? LANE_WEIGHT : 1)), gap);
    }
  }
  return { slots, routes, layers };
}

/** The layer of each box: one below the lowest of those before it. Edges lead from smaller bags to larger ones, so this settles. */
function depths(count: number, edges: readonly Edge[]): number[] {
  const depth = new Array<number>(count).fill(0);
  for (let changed = true; changed;) {
    changed = false;
    for (const { from, to } of edges) if (depth[to] <= depth[from]) [depth[to], changed] = [depth[from] + 1, true];
  }
  return depth;
}

/** Orders each layer by the mean place of its neighbours, down and up again, and keeps the order with the fewest crossings. */
function fewestCrossings(start: readonly (readonly number[])[], above: readonly (readonly number[])[], below: readonly (readonly number[])[]): number[][] {
  let layers = start.map((layer) => [...layer]);
  const place = new Map<number, number>();
  const number = (layer: readonly number[]): void => layer.forEach((s, i) => place.set(s, i));
  layers.forEach(number);
  let best = layers;
  let fewest = crossings(layers, below, place);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const neighbours = sweep % 2 === 0 ? above : below;
    const mean = (s: number): number => (neighbours[s].length === 0 ? place.get(s) ?? 0 : neighbours[s].reduce((sum, n) => sum + (place.get(n) ?? 0), 0) / neighbours[s].length);
    layers = layers.map((layer) => [...layer]);
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const means = new Map(layer.map((s) => [s, mean(s)]));
      layer.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0) || (place.get(a) ?? 0) - (place.get(b) ?? 0));
      number(layer);
    }
    const found = crossings(layers, below, place);
    if (found < fewest) [best, fewest] = [layers, found];
  }
  return best;
}

function crossings(layers: readonly (readonly number[])[], below: readonly (readonly number[])[], place: ReadonlyMap<number, number>): number {
  let n = 0;
  for (const layer of layers) {
    const links = layer.flatMap((s, i) => below[s].map((b) => [i, place.get(b) ?? 0] as const));
    for (const [i, a] of links) for (const [j, b] of links) if (i < j && a > b) n++;
  }
  return n;
}

/**
 * Puts a layer's slots, in their order and at least `gap` apart, as near as can be to where they want to be: weighted least squares by pooling
 * adjacent violators (Barlow et al. 1972).
 */
function settle(layer: readonly number[], slots: readonly Slot[], wanted: readonly number[], weights: readonly number[], gap: number): void {
  let offset = 0;
  const offsets = layer.map((s, i) => (offset += i === 0 ? 0 : (slots[layer[i - 1]].width + slots[s].width) / 2 + gap));
  const pools: { sum: number; weight: number; count: number }[] = [];
  layer.forEach((_, i) => {
    let pool = { sum: weights[i] * (wanted[i] - offsets[i]), weight: weights[i], count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.sum / last.weight > pool.sum / pool.weight; last = pools.at(-1)) {
      pool = { sum: pool.sum + last.sum, weight: pool.weight + last.weight, count: pool.count + last.count };
      pools.pop();
    }
    pools.push(pool);
  });
  const settled = pools.flatMap(({ sum, weight, count }) => new Array<number>(count).fill(sum / weight));
  layer.forEach((s, i) => { slots[s].x = settled[i] + offsets[i]; });
}
