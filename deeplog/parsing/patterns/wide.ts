import { compilePythonRegex } from './python_regex.js';

/**
 * Four control characters stand for what is not ASCII when a line is searched by automata: nothing else is told apart by a pattern that names
 * no such character itself.
 */
export const WIDE = { letter: 14, digit: 15, space: 16, other: 17 } as const;
const FIRST_WIDE = WIDE.letter;
const LAST_WIDE = WIDE.other;

const [isDigit, isWord, isSpace] = ['\\d', '\\w', '\\s'].map((c) => compilePythonRegex(c));
/** Class of each character of the first plane; 0: not looked at yet. */
const classes = new Uint8Array(1 << 16);

function classOf(code: number): number {
  const known = code < classes.length ? classes[code] : 0;
  if (known !== 0) return known;
  const c = String.fromCodePoint(code);
  const found = isDigit.test(c) ? WIDE.digit : isWord.test(c) ? WIDE.letter : isSpace.test(c) ? WIDE.space : WIDE.other;
  if (code < classes.length) classes[code] = found;
  return found;
}

/** A line of UTF-8 as one byte a character, what is not ASCII by its class, and where each character stands. */
export class WideLine {
  bytes = Buffer.alloc(1 << 10);
  /** Offset of each character in the line's buffer; one more for the end. */
  offsets = new Int32Array((1 << 10) + 1);
  length = 0;

  /** False: the line holds one of the characters that stand for others. `buffer[start, end)` must be valid UTF-8. */
  read(buffer: Buffer, start: number, end: number): boolean {
    if (end - start > this.bytes.length) {
      this.bytes = Buffer.alloc((end - start) * 2);
      this.offsets = new Int32Array((end - start) * 2 + 1);
    }
    const { bytes, offsets } = this;
    let n = 0;
    for (let i = start; i < end; n++) {
      const b = buffer[i];
      offsets[n] = i;
      if (b < 128) {
        if (b >= FIRST_WIDE && b <= LAST_WIDE) return false;
        bytes[n] = b;
        i++;
      } else if (b < 0xe0) {
        bytes[n] = classOf(((b & 31) << 6) | (buffer[i + 1] & 63));
        i += 2;
      } else if (b < 0xf0) {
        bytes[n] = classOf(((b & 15) << 12) | ((buffer[i + 1] & 63) << 6) | (buffer[i + 2] & 63));
        i += 3;
      } else {
        bytes[n] = classOf(((b & 7) << 18) | ((buffer[i + 1] & 63) << 12) | ((buffer[i + 2] & 63) << 6) | (buffer[i + 3] & 63));
        i += 4;
      }
    }
    offsets[n] = end;
    this.length = n;
    return true;
  }
}
