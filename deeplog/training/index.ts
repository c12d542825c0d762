export { bucketed, type Compiler, type ModelFamily } from './bucketed.js';
export { DivergedError, InterruptedError, SILENT, trainLoop, type BatchSource, type Checkpoint, type EpochReport, type Reporter, type TrainOptions, type TrainResult } from './loop.js';
export { windowBatches } from './window_batches.js';
export { trainTogether, type TogetherResult, type TogetherSource } from './train_together.js';
export { CONSTANT, warmupInverseSquareRoot, type Schedule } from './schedule.js';
