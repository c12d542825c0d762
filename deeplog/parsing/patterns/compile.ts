import { BytePattern, type Pattern } from './automaton.js';
import { ContextPattern } from './context_pattern.js';
import { regexProgram } from './regex_program.js';

/**
 * The pattern as automata over ASCII bytes, or, `wide`, over the bytes of a {@link WideLine}; null when it has back-references, looks around
 * further than one character, or can match the empty string.
 */
export function compilePattern(pattern: string, { wide = false } = {}): Pattern | null {
  const program = regexProgram(pattern, false, wide);
  const reversed = regexProgram(pattern, true, wide);
  if (program === null || reversed === null) return null;
  return program.some((i) => i.op === 'assert') ? ContextPattern.of(program, reversed) : BytePattern.of(program, reversed);
}
