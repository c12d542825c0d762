import { countColumns, growTree } from './classification_tree.js';
import { cutsTo, leafValue, type TreeNodes } from './tree_nodes.js';
import { LABELLED_COUNTS, type VectorMethod } from './vector_method.js';

/**
 * Chen et al., ICAC 2004 (loglizer's DecisionTree): one CART, grown until its leaves are pure; the score is the abnormal share of the
 * leaf. ml-cart is not used: it has no weights, splits every session by every candidate cut (quadratic), and stops at gains below .01.
 */
export const decisionTree: VectorMethod<TreeNodes> = {
  id: 'decision-tree',
  features: LABELLED_COUNTS,
  supervised: true,
  fit({ vectors, sessions, abnormal }) {
    return growTree(countColumns(vectors, sessions, abnormal), null);
  },
  scorer(tree) {
    return (vector) => leafValue(tree, vector);
  },
  ownThreshold() {
    return { value: 0.5, rule: 'majority of the leaf' };
  },
  explain(tree, vector, columns) {
    const score = leafValue(tree, vector);
    return cutsTo(tree, vector).reverse().map(({ column, cut, above }) => ({
      column, score, reason: `${columns.name(column)}: ${vector[column]} ×, ${above ? 'above' : 'not above'} ${cut}, on the way to a leaf with ${(100 * score).toFixed(1)} % abnormal training sessions`,
    }));
  },
  pattern: {
    kind: 'leaves of the tree',
    names(tree, vector, columns) {
      return [`leaf ${cutsTo(tree, vector).map(({ column, cut, above }) => `${columns.events[column] ?? 'unknown'}${above ? '>' : '≤'}${cut}`).join(' ')}`];
    },
  },
  notes(tree) {
    return [`${tree.column.filter((c) => c < 0).length} leaves`];
  },
};
