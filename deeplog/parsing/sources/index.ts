export { HeaderError, RecordTooLongError } from './csv.js';
export { eachLine } from './each_line.js';
export { FLAT_TIME_FORMAT, type FieldMap } from './fields.js';
export { inOrderOfTime, inputFiles } from './files.js';
export { countLines, INPUT_FORMATS, isStructured, logInput, quoteLines, type InputFormat, type InputOptions, type LogInput } from './input.js';
export { LineSource, LineTooLongError, wholeLines } from './line_source.js';
export { recordLayout, RecordReader, type RecordFormat, type RecordLayout } from './record_layout.js';
export { multiLineRecords } from './records.js';
export type { LineChunk, LogSource } from './types.js';
