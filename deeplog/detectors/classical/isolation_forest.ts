import { seededRandom, type Random } from '../../common/index.js';
import { drawSessions } from './draw_sessions.js';
import { addNode, cutsTo, emptyTree, leafValue, type TreeNodes } from './tree_nodes.js';
import { PLAIN_COUNTS, type VectorMethod } from './vector_method.js';

/** loglizer's and scikit-learn's: 100 trees of 256 sessions each. */
const TREES = 100;
const SESSIONS_PER_TREE = 256;

interface IsolationModel {
  readonly trees: readonly TreeNodes[];
  /** Sessions that each tree was grown from. */
  readonly drawn: number;
}

/**
 * Liu, Ting & Zhou, ICDM 2008: 2^(−mean path length / c(n)). ml-isolation-forest is not used: it draws from Math.random, grows every
 * tree from all sessions instead of a sub-sample, and its c(n) counts Euler's constant once instead of twice. A vector with
 * unknown events would be cut off at once by their column, which no training session reaches: its path is 1 in every tree.
 */
export const isolationForest: VectorMethod<IsolationModel> = {
  id: 'isolation-forest',
  features: PLAIN_COUNTS,
  supervised: false,
  fit({ vectors, sessions }, seed) {
    const random = seededRandom(seed);
    const trees = Array.from({ length: TREES }, () => {
      const drawn = drawSessions(sessions, SESSIONS_PER_TREE, random);
      return { drawn: drawn.length, tree: grow(Array.from(drawn, (v) => vectors[v]), random) };
    });
    return { trees: trees.map((t) => t.tree), drawn: trees[0].drawn };
  },
  scorer({ trees, drawn }) {
    const normal = averagePath(drawn) || 1;
    return (vector) => {
      if (vector[vector.length - 1] > 0) return 2 ** (-1 / normal);
      let sum = 0;
      for (const tree of trees) sum += leafValue(tree, vector);
      return 2 ** (-sum / trees.length / normal);
    };
  },
  ownThreshold() {
    return { value: 0.5, rule: 'the paper: clearly above .5' };
  },
  explain({ trees }, vector, columns) {
    const unknown = vector.length - 1;
    if (vector[unknown] > 0) return [{ column: unknown, score: 1, reason: `${vector[unknown]} × ${columns.name(unknown)}: cut off by them alone` }];
    // The columns whose cuts set the session apart in few steps.
    const credit = new Float64Array(vector.length);
    for (const tree of trees) {
      const cuts = cutsTo(tree, vector);
      for (const c of cuts) credit[c.column] += 1 / cuts.length / trees.length;
    }
    return Array.from(credit, (score, column) => ({ column, score, reason: `${columns.name(column)} (${vector[column]} ×) is ${(100 * score).toFixed(0)} % of the cuts that set it apart` }))
      .filter(({ score }) => score > 0.1).sort((a, b) => b.score - a.score);
  },
};

/** A leaf's value is its path length: its depth, and what further cuts would add for the sessions left in it. */
function grow(sample: readonly Float64Array[], random: Random): TreeNodes {
  const tree = emptyTree();
  const deepest = Math.ceil(Math.log2(Math.max(2, sample.length)));
  const add = (rows: readonly Float64Array[], depth: number): number => {
    const varying = depth < deepest && rows.length > 1 ? varyingColumns(rows) : [];
    if (varying.length === 0) return addNode(tree, -1, depth + averagePath(rows.length));
    const { column, low, high } = varying[Math.floor(random() * varying.length)];
    const cut = low + random() * (high - low);
    const node = addNode(tree, column, cut);
    tree.left[node] = add(rows.filter((x) => x[column] <= cut), depth + 1);
    tree.right[node] = add(rows.filter((x) => x[column] > cut), depth + 1);
    return node;
  };
  add(sample, 0);
  return tree;
}

function varyingColumns(rows: readonly Float64Array[]): { column: number; low: number; high: number }[] {
  const out: { column: number; low: number; high: number }[] = [];
  for (let column = 0; column < rows[0].length; column++) {
    let low = Infinity;
    let high = -Infinity;
    for (const x of rows) {
      if (x[column] < low) low = x[column];
      if (x[column] > high) high = x[column];
    }
    if (low < high) out.push({ column, low, high });
  }
  return out;
}

/** c(n): the mean path length of an unsuccessful search in a binary tree of n, 2 H(n − 1) − 2 (n − 1) / n. */
export function averagePath(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

const EULER = 0.5772156649015329;
