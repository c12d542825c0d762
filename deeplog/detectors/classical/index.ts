import { CountVectorDetector } from './count_vector_detector.js';
import { decisionTree } from './decision_tree.js';
import { invariantsMining } from './invariants_mining.js';
import { isolationForest } from './isolation_forest.js';
import { kNearestNeighbours } from './k_nearest_neighbours.js';
import { linearSvm, logisticRegression } from './linear_methods.js';
import { logClustering } from './log_clustering.js';
import { oneClassSvm } from './one_class_svm.js';
import { pca } from './pca.js';
import { randomForest } from './random_forest.js';
import type { VectorMethod } from './vector_method.js';
import type { Detector } from '../types.js';

export type ClassicalDetector = Detector & { restore(folder: string): Promise<Detector> };

function entry<M>(method: VectorMethod<M>): [string, () => ClassicalDetector] {
  return [method.id, () => new CountVectorDetector(method)];
}

/** The classical detectors of count vectors, by id; those that need labels last. */
export const CLASSICAL_DETECTORS: Readonly<Record<string, () => ClassicalDetector>> = Object.fromEntries([
  entry(pca), entry(isolationForest), entry(oneClassSvm), entry(logClustering), entry(invariantsMining), entry(kNearestNeighbours),
  entry(logisticRegression), entry(linearSvm), entry(decisionTree), entry(randomForest),
]);
