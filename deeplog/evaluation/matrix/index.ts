export { configHash, Ledger, type LedgerEntry } from './ledger.js';
export type { Job, MatrixSettings } from './messages.js';
export { checkParts, planJobs, rowNames, sharingGroups, type MatrixPart } from './plan.js';
export { runMatrix, type MatrixOptions, type MatrixResult } from './run_matrix.js';
