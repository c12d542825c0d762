export { applyWindows, type Applied } from './apply.js';
export { detectWindows, type DetectedWindows } from './detect.js';
export { encodeLog, type Encoded } from './encode.js';
export { evaluateWindows, markdown as evaluationMarkdown, type EvaluatedWindows } from './evaluate.js';
export { prepareLines, type Prepared } from './prepare.js';
export { trainLines } from './train.js';
export { openStagedAutoencoder } from './exported.js';
