export { benchmark, type BenchmarkOptions, type ResultRow, type Results } from './benchmark.js';
export { evaluate, scoreDistinct, type Evaluation } from './evaluate.js';
export { averagePrecision, confusionAt, countScores, oracleF1, pointMetrics, rocAuc, thresholdFor, type Confusion, type PointMetrics, type ScoreCounts } from './metrics.js';
export { PROTOCOL_IDS, Protocols, type ProtocolId, type Task } from './protocols.js';
export { newRunFolder, writeReport } from './report.js';
export { renderTables, requireOneSplit } from './table.js';
export { detect, type Detected, type DetectOptions, type Verdict } from './detect.js';
export { trainLogKey, type TrainedLogKey, type TrainLogKeyOptions } from './train_log_key.js';
export { trainWorkflow, type TrainedWorkflow, type TrainWorkflowOptions } from './train_workflow.js';
