import { BytePattern } from './automaton.js';
import { compilePythonRegex } from './python_regex.js';

/**
 * One user-given regular expression, searched in a slice of a line's bytes. ASCII lines go through the automaton where
 * the pattern allows; everything else through RegExp on the decoded text, with offsets turned back into bytes.
 */
export class LinePattern {
  matchStart = 0;
  matchEnd = 0;
  readonly bytes: BytePattern | null;
  private readonly regex: RegExp;

  /** @throws UsageError when JavaScript cannot express the Python pattern. */
  constructor(readonly pattern: string) {
    this.regex = compilePythonRegex(pattern, 'g');
    this.bytes = BytePattern.compile(pattern);
  }

  /** Leftmost non-empty match in buffer[from, end). `ascii`: the slice holds no byte above 127. */
  find(buffer: Buffer, from: number, end: number, ascii: boolean): boolean {
    if (ascii && this.bytes !== null) {
      if (!this.bytes.find(buffer, from, end)) return false;
      this.matchStart = this.bytes.matchStart;
      this.matchEnd = this.bytes.matchEnd;
      return true;
    }
    const text = ascii ? buffer.toString('latin1', from, end) : buffer.toString('utf8', from, end);
    this.regex.lastIndex = 0;
    for (let match = this.regex.exec(text); match; match = this.regex.exec(text)) {
      if (match[0].length === 0) { this.regex.lastIndex++; continue; }
      this.matchStart = from + (ascii ? match.index : Buffer.byteLength(text.slice(0, match.index)));
      this.matchEnd = this.matchStart + (ascii ? match[0].length : Buffer.byteLength(match[0]));
      return true;
    }
    return false;
  }
}
