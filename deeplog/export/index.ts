export { exportModel, type Exported, type ExportOptions } from './export_model.js';
export { fileOf, FORMATS, formatsOf, type Format } from './formats.js';
export { writeFormats, type ExportedFiles } from './write_formats.js';
export { checkParity, TOLERANCE, type Parity } from './parity.js';
export { writeH5 } from './write_h5.js';
