export { mlflowReporter, type MlflowOptions } from './reporter.js';
