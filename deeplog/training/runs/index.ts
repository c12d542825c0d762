export { eventReporter, type RunEvent } from './events.js';
export { compareRuns, type ComparedRow } from './compare.js';
export { findRun, listRunFolders, removeRun } from './find_runs.js';
export { FolderCheckpoints, readCheckpoint } from './folder_checkpoints.js';
export { parseEvents, readEvents } from './metrics_file.js';
export { Run, type Closable, type RunOptions, type RunPlace } from './run.js';
export { readState, statusOf, type RunState, type RunStatus } from './run_state.js';
export { damagedRun, readConfigSnapshot, summariseRun, summaryOf, type RunSummary } from './summary.js';
