import type { Random } from '../../common/index.js';
import { addNode, emptyTree, type TreeNodes } from './tree_nodes.js';

/** Training count vectors by column: whole numbers, as trees cut between them. */
export interface CountColumns {
  /** [width][patterns] */
  readonly columns: readonly Uint16Array[];
  /** Sessions of each pattern that are labelled normal, abnormal. */
  readonly normal: Float64Array;
  readonly abnormal: Float64Array;
}

export function countColumns(vectors: readonly Float64Array[], sessions: Float64Array, abnormal: Float64Array): CountColumns {
  return {
    columns: Array.from({ length: vectors[0].length }, (_, c) => Uint16Array.from(vectors, (x) => Math.min(65535, x[c]))),
    normal: sessions.map((n, v) => n - abnormal[v]),
    abnormal,
  };
}

interface Cut {
  readonly column: number;
  readonly at: number;
  /** Gini impurity after the cut, times the sessions. */
  readonly impurity: number;
}

/**
 * CART (Breiman et al. 1984): cuts at the middle between neighbouring counts that leave the least Gini impurity, until leaves are
 * pure. A leaf's value is its share of abnormal sessions. `features`: with a generator, how many columns, drawn anew, each cut may choose
 * from; more when none of them can be cut (scikit-learn's rule).
 */
export function growTree(data: CountColumns, features: { readonly count: number; readonly random: Random } | null): TreeNodes {
  const tree = emptyTree();
  const width = data.columns.length;
  const order = Uint32Array.from({ length: width }, (_, c) => c);
  const histogram = new Histogram(data);
  const add = (rows: Uint32Array): number => {
    let normal = 0;
    let abnormal = 0;
    for (const r of rows) {
      normal += data.normal[r];
      abnormal += data.abnormal[r];
    }
    const cut = normal === 0 || abnormal === 0 ? null : bestCut(rows, normal, abnormal);
    if (cut === null) return addNode(tree, -1, abnormal / (normal + abnormal));
    const node = addNode(tree, cut.column, cut.at);
    const values = data.columns[cut.column];
    tree.left[node] = add(rows.filter((r) => values[r] <= cut.at));
    tree.right[node] = add(rows.filter((r) => values[r] > cut.at));
    return node;
  };
  const bestCut = (rows: Uint32Array, normal: number, abnormal: number): Cut | null => {
    let best: Cut | null = null;
    for (let tried = 0; tried < width; tried++) {
      if (features !== null) {
        if (tried >= features.count && best !== null) break;
        const other = tried + Math.floor(features.random() * (width - tried));
        [order[tried], order[other]] = [order[other], order[tried]];
      }
      const cut = histogram.cut(order[tried], rows, normal, abnormal);
      if (cut !== null && (best === null || cut.impurity < best.impurity - 1e-12)) best = cut;
    }
    return best;
  };
  add(Uint32Array.from(data.normal.keys()).filter((r) => data.normal[r] + data.abnormal[r] > 0));
  return tree;
}

/** Sessions by count, normal and abnormal ones: the best cut of a column in one pass over its rows. */
class Histogram {
  private readonly normal = new Float64Array(65536);
  private readonly abnormal = new Float64Array(65536);

  constructor(private readonly data: CountColumns) {}

  cut(column: number, rows: Uint32Array, totalNormal: number, totalAbnormal: number): Cut | null {
    const values = this.data.columns[column];
    let low = 65535;
    let high = 0;
    for (const r of rows) {
      const v = values[r];
      if (v < low) low = v;
      if (v > high) high = v;
    }
    if (low === high) return null;
    for (const r of rows) {
      this.normal[values[r]] += this.data.normal[r];
      this.abnormal[values[r]] += this.data.abnormal[r];
    }
    let best: Cut | null = null;
    let n = 0;
    let a = 0;
    let before = -1;
    for (let v = low; v <= high; v++) {
      if (this.normal[v] + this.abnormal[v] === 0) continue;
      if (before >= 0) {
        const impurity = gini(n, a) + gini(totalNormal - n, totalAbnormal - a);
        if (best === null || impurity < best.impurity) best = { column, at: (before + v) / 2, impurity };
      }
      n += this.normal[v];
      a += this.abnormal[v];
      before = v;
    }
    this.normal.fill(0, low, high + 1);
    this.abnormal.fill(0, low, high + 1);
    return best;
  }
}

/** Gini impurity times the number of sessions: 2 n a / (n + a). */
function gini(n: number, a: number): number {
  return n + a === 0 ? 0 : (2 * n * a) / (n + a);
}
