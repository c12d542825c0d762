export * from './node.js';
export { Graph, liveNodes, usersOf } from './graph.js';
export { computeByRows } from './by_rows.js';
export { batchAxes } from './batch_axis.js';
export { NotShardableError, shardOutputs, shardOverBatch, type Join } from './shard.js';
export { rebuild } from './rebuild.js';
export * from './elementwise.js';
export * from './views.js';
export * from './contractions.js';
