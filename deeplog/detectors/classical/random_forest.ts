import { seededRandom } from '../../common/index.js';
import { countColumns, growTree } from './classification_tree.js';
import { bootstrap } from './draw_sessions.js';
import { cutsTo, leafValue, type TreeNodes } from './tree_nodes.js';
import { LABELLED_COUNTS, type VectorMethod } from './vector_method.js';

const TREES = 100;

/**
 * Breiman 2001, with scikit-learn's defaults: 100 trees, each of a bootstrap sample of the sessions, √width columns a cut; the score is the mean
 * abnormal share of the leaves. ml-random-forest is made of ml-cart's trees, and not used for the same reasons.
 */
export const randomForest: VectorMethod<{ readonly trees: readonly TreeNodes[] }> = {
  id: 'random-forest',
  features: LABELLED_COUNTS,
  supervised: true,
  fit({ vectors, sessions, abnormal }, seed) {
    const random = seededRandom(seed);
    const { columns, normal } = countColumns(vectors, sessions, abnormal);
    // Normal and abnormal sessions of one pattern are drawn apart: they have different labels.
    const both = Float64Array.from([...normal, ...abnormal]);
    const count = Math.max(1, Math.floor(Math.sqrt(columns.length)));
    return {
      trees: Array.from({ length: TREES }, () => {
        const drawn = bootstrap(both, random);
        return growTree({ columns, normal: drawn.subarray(0, normal.length), abnormal: drawn.subarray(normal.length) }, { count, random });
      }),
    };
  },
  scorer({ trees }) {
    return (vector) => trees.reduce((sum, tree) => sum + leafValue(tree, vector), 0) / trees.length;
  },
  ownThreshold() {
    return { value: 0.5, rule: 'majority of the trees' };
  },
  explain({ trees }, vector, columns) {
    const credit = new Float64Array(vector.length);
    for (const tree of trees) {
      const cuts = cutsTo(tree, vector);
      for (const { column } of cuts) credit[column] += leafValue(tree, vector) / cuts.length / trees.length;
    }
    return Array.from(credit, (score, column) => ({ column, score, reason: `${columns.name(column)}: ${vector[column]} ×, ${score.toFixed(2)} of the trees' votes` }))
      .filter(({ score }) => score > 0.05).sort((a, b) => b.score - a.score);
  },
};
