export { DEEPLOG_KEYS_DEFAULTS, DeepLogKeys, type DeepLogKeysOptions } from './deep/deeplog_keys.js';
export { DeepLogWorkflow } from './deep/deeplog_workflow.js';
export { createDetector, DETECTOR_IDS, loadDetector } from './registry.js';
export { sessionAt, tableSource } from './source.js';
export type { Detector, Evidence, FitContext, Need, Session, SessionSource } from './types.js';
