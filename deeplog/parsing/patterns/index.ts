export type { Pattern } from './automaton.js';
export { WideLine } from './wide.js';
export { EDGE, neededBytes } from './regex_program.js';
export { compilePattern } from './compile.js';
export { LinePattern } from './line_pattern.js';
export { behindCharacter, SafeRegex } from './safe_regex.js';
export { compilePythonRegex, translatePythonRegex } from './python_regex.js';
