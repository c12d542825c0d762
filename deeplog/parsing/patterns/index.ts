export { BytePattern } from './automaton.js';
export { LinePattern } from './line_pattern.js';
export { SafeRegex } from './safe_regex.js';
export { compilePythonRegex, translatePythonRegex } from './python_regex.js';
