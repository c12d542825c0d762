export { exportModel, type Exported, type ExportOptions } from './export_model.js';
export { fileOf, FORMATS, formatsOf, type Format } from './formats.js';
export { writeFormats, type ExportedFiles } from './write_formats.js';
export { checkParity, TOLERANCE, type Parity } from './parity.js';
export type { ExportSubject, Samples } from './subject.js';
export { writeH5 } from './keras/write_h5.js';
export { importKeras, type Imported, type ImportOptions } from './import_keras.js';
export { readKerasFile } from './keras/read_h5.js';
export { toStack } from './keras/to_stack.js';
