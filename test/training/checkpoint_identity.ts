import type { TrainingIdentity } from '../../deeplog/training/index.js';

/** A megabyte per group: long enough to be killed in the middle of. */
export const SIZE = 1 << 18;
export const IDENTITY: TrainingIdentity = { model: 'm', parameters: { w: [SIZE] }, examples: [1], validationExamples: 1, batchSize: 1, seed: 1, firstBatch: '' };
