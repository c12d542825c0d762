import { fitLinear, logisticLoss, squaredHinge, type LinearModel, type MarginLoss } from './linear_solver.js';
import { sparse } from './sparse.js';
import { LABELLED_COUNTS, type VectorMethod } from './vector_method.js';

function linear(id: string, loss: MarginLoss, cost: number, rule: string): VectorMethod<LinearModel> {
  return {
    id,
    features: { ...LABELLED_COUNTS, weighting: 'tf-idf' },
    supervised: true,
    fit({ vectors, sessions, abnormal }) {
      return fitLinear({ width: vectors[0].length, vectors: vectors.map(sparse), normal: sessions.map((n, v) => n - abnormal[v]), abnormal }, loss, cost);
    },
    scorer({ weights, intercept }) {
      return (vector) => vector.reduce((sum, x, c) => sum + x * weights[c], intercept);
    },
    ownThreshold() {
      return { value: 0, rule };
    },
    explain({ weights }, vector, columns) {
      return Array.from(vector, (x, column) => ({ column, score: x * weights[column], reason: `${columns.name(column)}: adds ${(x * weights[column]).toFixed(2)}` }))
        .filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
    },
  };
}

/**
 * Bodik et al., EuroSys 2010 (loglizer's LR, with its C = 100): the score is the log-odds of being abnormal. The intercept is free, so
 * that zero-mean columns would change nothing.
 */
export const logisticRegression = linear('logistic-regression', logisticLoss, 100, 'p = .5');

/** Liang et al., ICDM 2007 (loglizer's SVM, with its C = 1 and squared hinge, but the penalty |w|² of LinearSVC's default): the score is the signed margin. */
export const linearSvm = linear('linear-svm', squaredHinge, 1, 'the separating plane');
