import { describe, expect, it } from 'vitest';
import { completeLinkage } from '../../../deeplog/detectors/classical/complete_linkage.js';
import { CountVectors } from '../../../deeplog/detectors/classical/count_vectors.js';
import { decisionTree } from '../../../deeplog/detectors/classical/decision_tree.js';
import { averagePath } from '../../../deeplog/detectors/classical/isolation_forest.js';
import { kNearestNeighbours } from '../../../deeplog/detectors/classical/k_nearest_neighbours.js';
import { fitLinear, logisticLoss, squaredHinge } from '../../../deeplog/detectors/classical/linear_solver.js';
import { solveOneClass } from '../../../deeplog/detectors/classical/one_class_solver.js';
import { pca, qLimit } from '../../../deeplog/detectors/classical/pca.js';
import { sparse } from '../../../deeplog/detectors/classical/sparse.js';
import type { TrainingVectors } from '../../../deeplog/detectors/classical/vector_method.js';

/** Six patterns of three events, 90 sessions, 11 of them abnormal; the expected values below are scikit-learn 1.9's (or NumPy's, SciPy's) on the sessions written out one by one. */
const COUNTS = [[1, 0, 3], [2, 1, 0], [0, 2, 1], [3, 3, 1], [1, 1, 1], [4, 0, 2]];
const SESSIONS = Float64Array.of(30, 12, 5, 2, 40, 1);
const ABNORMAL = Float64Array.of(0, 3, 5, 2, 1, 0);

const train: TrainingVectors = { vectors: COUNTS.map((c) => Float64Array.from(c)), sessions: SESSIONS, abnormal: ABNORMAL, total: 90 };
const patterns = COUNTS.map((c, i) => ({ events: Uint32Array.from(c.flatMap((n, e) => new Array<number>(n).fill(e + 1))), sessions: SESSIONS[i], abnormal: ABNORMAL[i] }));
const close = (found: ArrayLike<number>, expected: readonly number[], digits: number): void => expected.forEach((x, i) => expect(found[i]).toBeCloseTo(x, digits));

describe('linear methods', () => {
  const problem = { width: 3, vectors: train.vectors.map(sparse), normal: SESSIONS.map((n, i) => n - ABNORMAL[i]), abnormal: ABNORMAL };

  it('LogisticRegression(C=100, solver="newton-cholesky", tol=1e-12)', () => {
    const { weights, intercept } = fitLinear(problem, logisticLoss, 100);
    close(weights, [-1.4637946421485812, 6.520128640186352, -3.9120408788824172], 6);
    expect(intercept).toBeCloseTo(-4.708614388666058, 6);
  });

  it('LinearSVC(C=1, tol=1e-12, intercept_scaling=1e4), and scipy.optimize on the same objective', () => {
    const { weights, intercept } = fitLinear(problem, squaredHinge, 1);
    close(weights, [-0.418108776942802, 1.3750351011395228, -0.8076401768848014], 6);
    expect(intercept).toBeCloseTo(-1.0724692312877808, 6);
  });
});

it('DecisionTreeClassifier: the abnormal share of each leaf', () => {
  const model = decisionTree.fit(train, 1) as Awaited<ReturnType<typeof decisionTree.fit>>;
  const score = decisionTree.scorer(model);
  close(train.vectors.map(score), [0, 0.25, 1, 1, 0.025, 0], 12);
  expect(model.column.filter((c) => c < 0)).toHaveLength(4);
});

it("IsolationForest's average path length", () => {
  close([1, 2, 3, 5, 256].map(averagePath), [0, 1, 1.207392357589623, 2.327020052042847, 10.244770920119917], 10);
});

it('OneClassSVM(nu=.2, gamma=.5) with sample weights', () => {
  const kernel = (i: number, j: number): number => Math.exp(-0.5 * COUNTS[i].reduce((sum, x, c) => sum + (x - COUNTS[j][c]) ** 2, 0));
  const { alphas, rho } = solveOneClass(6, kernel, SESSIONS, 0.2);
  close(alphas, [4.936212954133074, 4.217225127435018, 4.2830172264853354, 2, 1.5635446919465736, 1], 2);
  expect(rho).toBeCloseTo(5.136516259601512, 2);
});

it("SciPy's complete linkage", () => {
  const points = [[0, 0], [0, 1], [1, 0], [5, 5], [5, 6], [9, 0], [2, 2.5], [9.2, 0.1]];
  const distance = (a: number, b: number): number => Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1]);
  // fcluster gives 1 1 1 4 4 3 2 3 and 1 1 1 3 3 2 1 2: the same clusters, numbered otherwise.
  expect([...completeLinkage(8, distance, 2)]).toEqual([0, 0, 0, 1, 1, 2, 3, 2]);
  expect([...completeLinkage(8, distance, 4)]).toEqual([0, 0, 0, 1, 1, 2, 0, 2]);
});

describe('features and methods that use them', () => {
  const tfIdf = CountVectors.fit(patterns, { weighting: 'tf-idf', normalization: 'zero-mean', minSessions: 1 });

  it('tf-idf and means are of the training sessions, each counted; unknown events have a column, weighed as one of a single session', () => {
    close(tfIdf.weights, [0.05715841383994862, 0.4222722264245456, 0.14310084364067324, Math.log(90)], 12);
    close(tfIdf.means, [0.06604972265949609, 0.31905012663187915, 0.22101130295615093, 0], 12);
    expect(tfIdf.vector([77, 78, 77])[3]).toBeCloseTo(3 * Math.log(90), 12);
  });

  it('PCA: squared prediction errors and the limit of the Q-statistic (NumPy, loglizer\'s formula)', () => {
    const vectors = patterns.map((p) => tfIdf.vector(p.events));
    const model = pca.fit({ ...train, vectors }, 1) as Awaited<ReturnType<typeof pca.fit>>;
    expect(model.components).toHaveLength(2);
    expect(model.limit).toBeCloseTo(0.012688848936864103, 10);
    const spe = [1.3330827797572625e-05, 0.0006093169983718348, 0.0028076173183684, 0.018179601071733255, 0.0002004292032667558, 0.024278927711830687];
    close(vectors.map(pca.scorer(model)), spe.map((s) => s / 0.012688848936864103), 8);
    expect(qLimit([0.5, 0.2, 0.1])).toBeCloseTo(7.362646921936489, 10);
    expect(qLimit([0.001, 0.0002, 1e-5, 1e-6])).toBeCloseTo(0.014152656061574462, 12);
    expect(qLimit([])).toBeNull();
  });

  it('NearestNeighbors(n_neighbors=5): mean distances, a pattern of n sessions being n neighbours', () => {
    const plain = CountVectors.fit(patterns, kNearestNeighbours.features);
    const model = kNearestNeighbours.fit({ ...train, vectors: patterns.map((p) => plain.vector(p.events)) }, 1) as Awaited<ReturnType<typeof kNearestNeighbours.fit>>;
    const of = (counts: number[]): Float64Array => plain.vector(counts.flatMap((n, e) => new Array<number>(n).fill(e + 1)));
    close([[1, 0, 3], [3, 3, 1], [4, 0, 2], [0, 0, 0], [5, 5, 5]].map((c) => kNearestNeighbours.scorer(model)(of(c))), [0, 0.2734562725537295, 0.17867353004621475, 0.4197352126413046, 1.2621759559812369], 9);
  });
});
