export { MlflowClient, MlflowError } from './client.js';
export { mlflowReporter, type MlflowOptions } from './reporter.js';
