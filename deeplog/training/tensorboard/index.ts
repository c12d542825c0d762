export { crc32c, maskedCrc32c } from './crc32c.js';
export { histogramOf, type Histogram } from './histogram.js';
export { frameRecord } from './record.js';
export { tensorboardReporter, type TensorboardOptions } from './reporter.js';
