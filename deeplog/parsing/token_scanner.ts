import type { Masker } from './masking.js';

// The same recurrence as token_table.ts: an imported constant costs a load per byte in the hot loop (measured: 1.5×).
const HASH_SEED = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

const NORMAL = 0;
const SPACE = 1;
const HIGH = 2;
const DELIMITER_START = 3;

/**
 * Splits one masked message into tokens, as Python's `str.split()` after Drain3's masking and extra delimiters.
 * A token without masks is the bytes of the message itself; one with masks is spelled out in `spelled`.
 */
export class TokenScanner {
  count = 0;
  /** Masked tokens, with their replacements put in. */
  spelled = Buffer.alloc(1 << 10);
  /** Each token's bytes: in `spelled` when it holds masks, else in the message's buffer. */
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  rawStarts = new Int32Array(256);
  rawEnds = new Int32Array(256);
  hashes = new Int32Array(256);
  /** The token holds the masker's spans [maskFrom, maskTo). */
  maskFrom = new Int32Array(256);
  maskTo = new Int32Array(256);
  private readonly kinds = new Uint8Array(256);
  private readonly longDelimiters: Buffer[] = [];

  constructor(extraDelimiters: readonly string[]) {
    for (const b of [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]) this.kinds[b] = SPACE;
    this.kinds.fill(HIGH, 128);
    for (const delimiter of extraDelimiters) {
      const bytes = Buffer.from(delimiter);
      if (bytes.length === 1) this.kinds[bytes[0]] = SPACE;
      else if (bytes.length > 1) {
        this.longDelimiters.push(bytes);
        if (this.kinds[bytes[0]] === NORMAL) this.kinds[bytes[0]] = DELIMITER_START;
      }
    }
  }

  /** Scans buffer[start, end) with the spans that `masker` found in it. */
  scan(buffer: Buffer, start: number, end: number, masker: Masker): void {
    const kinds = this.kinds;
    const spans = masker.count;
    let count = 0;
    let spelledLength = 0;
    let span = 0;
    let nextSpan = spans > 0 ? masker.starts[0] : end;
    let i = start;
    while (i < end) {
      const rawStart = i;
      const maskFrom = span;
      const spelledStart = spelledLength;
      let pieceStart = i;
      let hash = HASH_SEED;
      let skip = 0;
      for (;;) {
        // The hot loop: ordinary bytes up to white space or the next mask.
        while (i < nextSpan) {
          const c = buffer[i];
          if (kinds[c] !== NORMAL) break;
          hash = Math.imul(hash ^ c, HASH_PRIME);
          i++;
        }
        if (i === nextSpan) {
          if (i === end && span === spans) break;
          const replacement = masker.replacements[masker.masks[span]];
          spelledLength = this.spell(buffer, pieceStart, i, spelledLength);
          spelledLength = this.spell(replacement, 0, replacement.length, spelledLength);
          for (let j = 0; j < replacement.length; j++) hash = Math.imul(hash ^ replacement[j], HASH_PRIME);
          i = pieceStart = masker.ends[span++];
          nextSpan = span < spans ? masker.starts[span] : end;
          continue;
        }
        const c = buffer[i];
        const kind = kinds[c];
        if (kind === SPACE) skip = 1;
        else {
          // Neither may reach into a mask.
          if (kind === HIGH) skip = unicodeSpace(buffer, i, nextSpan);
          if (skip === 0 && this.longDelimiters.length > 0) skip = this.delimiterAt(buffer, i, nextSpan);
        }
        if (skip > 0) break;
        hash = Math.imul(hash ^ c, HASH_PRIME);
        i++;
      }
      if (i > rawStart) {
        if (count === this.starts.length) this.growTokens();
        if (span > maskFrom) {
          spelledLength = this.spell(buffer, pieceStart, i, spelledLength);
          this.starts[count] = spelledStart;
          this.ends[count] = spelledLength;
        } else {
          this.starts[count] = rawStart;
          this.ends[count] = i;
        }
        this.rawStarts[count] = rawStart;
        this.rawEnds[count] = i;
        this.hashes[count] = hash;
        this.maskFrom[count] = maskFrom;
        this.maskTo[count] = span;
        count++;
      }
      i += skip;
    }
    this.count = count;
  }

  /** The buffer that token `i`'s starts and ends refer to. */
  source(i: number, buffer: Buffer): Buffer {
    return this.maskTo[i] > this.maskFrom[i] ? this.spelled : buffer;
  }

  private spell(from: Buffer, start: number, end: number, at: number): number {
    const length = end - start;
    if (at + length > this.spelled.length) {
      const larger = Buffer.alloc((at + length) * 2);
      this.spelled.copy(larger, 0, 0, at);
      this.spelled = larger;
    }
    const { spelled } = this;
    for (let i = start, j = at; i < end; i++, j++) spelled[j] = from[i];
    return at + length;
  }

  private delimiterAt(buffer: Buffer, at: number, end: number): number {
    for (const d of this.longDelimiters) {
      if (at + d.length <= end && buffer.compare(d, 0, d.length, at, at + d.length) === 0) return d.length;
    }
    return 0;
  }

  private growTokens(): void {
    const grow = (a: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(a.length * 2);
      larger.set(a);
      return larger;
    };
    this.starts = grow(this.starts);
    this.ends = grow(this.ends);
    this.rawStarts = grow(this.rawStarts);
    this.rawEnds = grow(this.rawEnds);
    this.hashes = grow(this.hashes);
    this.maskFrom = grow(this.maskFrom);
    this.maskTo = grow(this.maskTo);
  }
}

/** Length in bytes of the Unicode white space at `at` (Python's str.isspace beyond ASCII), or 0. */
function unicodeSpace(b: Buffer, at: number, end: number): number {
  const c = b[at];
  if (c === 0xc2 && at + 1 < end) return b[at + 1] === 0x85 || b[at + 1] === 0xa0 ? 2 : 0;
  if (at + 2 >= end) return 0;
  const [d, e] = [b[at + 1], b[at + 2]];
  if (c === 0xe1) return d === 0x9a && e === 0x80 ? 3 : 0;
  if (c === 0xe2 && d === 0x80) return (e >= 0x80 && e <= 0x8a) || e === 0xa8 || e === 0xa9 || e === 0xaf ? 3 : 0;
  if (c === 0xe2) return d === 0x81 && e === 0x9f ? 3 : 0;
  if (c === 0xe3) return d === 0x80 && e === 0x80 ? 3 : 0;
  return 0;
}
