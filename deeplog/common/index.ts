export { DataError, UsageError, messageOf } from './errors.js';
export { csvCell } from './csv.js';
export { codeCell } from './markdown.js';
export { escapeMarkup, svgDocument } from './markup.js';
export { permutation, seededRandom, shuffle, type Random } from './random.js';
export { parsePythonLiteral, type Literal } from './python_literal.js';
export { Message } from './protobuf.js';
export { packageRoot, packageVersions, shippedVersion } from './package_root.js';
export { startThread } from './thread.js';
