export * from './node.js';
export { Graph, liveNodes, usersOf } from './graph.js';
export * from './elementwise.js';
export * from './views.js';
export * from './contractions.js';
