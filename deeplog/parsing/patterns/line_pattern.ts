import type { Pattern } from './automaton.js';
import { compilePattern } from './compile.js';
import { behindCharacter, SafeRegex } from './safe_regex.js';

/**
 * One user-given regular expression, searched in a slice of a line's bytes. ASCII lines go through the automaton where
 * the pattern allows; everything else through SafeRegex on the decoded text, with offsets turned back into bytes.
 */
export class LinePattern {
  matchStart = 0;
  matchEnd = 0;
  readonly bytes: Pattern | null;
  private readonly regex: SafeRegex;

  /** @throws UsageError when JavaScript cannot express the Python pattern. */
  constructor(readonly pattern: string) {
    this.regex = new SafeRegex(pattern);
    this.bytes = compilePattern(pattern);
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
    let from16 = 0;
    for (let match = this.regex.exec(text, 0); match !== null; match = this.regex.exec(text, from16)) {
      if (match.end === match.start) {
        from16 = behindCharacter(text, match.end);
        if (from16 > text.length) return false;
        continue;
      }
      this.matchStart = from + (ascii ? match.start : Buffer.byteLength(text.slice(0, match.start)));
      this.matchEnd = this.matchStart + (ascii ? match.end - match.start : Buffer.byteLength(text.slice(match.start, match.end)));
      return true;
    }
    return false;
  }
}
