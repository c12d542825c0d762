export type { Pattern } from './automaton.js';
export { WideLine } from './wide.js';
export { EDGE } from './regex_parser.js';
export { neededBytes } from './needed_bytes.js';
export { compilePattern } from './compile.js';
export { LinePattern } from './line_pattern.js';
export { behindCharacter, SafeRegex } from './safe_regex.js';
export { compilePythonRegex, translatePythonRegex } from './python_regex.js';
