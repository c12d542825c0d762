import { UsageError } from '../common/index.js';
import { EDGE, LinePattern, SafeRegex, type Pattern } from './patterns/index.js';

/** One entry of `[MASKING] masking`: what matches becomes `<mask_with>`. */
export interface MaskingInstruction {
  readonly regexPattern: string;
  readonly maskWith: string;
}

/**
 * Finds what the masks replace in a message, as disjoint spans of its bytes in order. Masks apply one after the other, as
 * in Drain3; a later mask may swallow an earlier one's replacement whole, never a part of it.
 */
export class Masker {
  /** The spans of the last {@link run}: absolute byte offsets and the instruction's index. */
  count = 0;
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  masks = new Int32Array(64);
  /** Replacement text of each instruction, as bytes. */
  readonly replacements: readonly Buffer[];
  private readonly patterns: readonly LinePattern[];
  private readonly regexes: readonly SafeRegex[];
  /** No mask can match a character that an earlier one puts in, so each can run on the raw bytes between spans. */
  private readonly independent: boolean;
  private spareStarts = new Int32Array(64);
  private spareEnds = new Int32Array(64);
  private spareMasks = new Int32Array(64);

  constructor(readonly instructions: readonly MaskingInstruction[], prefix = '<', suffix = '>') {
    this.replacements = instructions.map(({ maskWith }) => {
      const text = prefix + maskWith + suffix;
      if (/\s/.test(text)) throw new UsageError(`[MASKING] mask_with ${JSON.stringify(maskWith)} holds white space and would split into several tokens. Use a name without.`);
      return Buffer.from(text);
    });
    this.patterns = instructions.map((i) => new LinePattern(i.regexPattern));
    this.regexes = instructions.map((i) => new SafeRegex(i.regexPattern));
    this.independent = this.patterns.every(({ bytes }, k) => bytes !== null
      && this.replacements.slice(0, k).every((text) => text.every((b) => b < 128 && bytes.alphabet[b] === 0) && (text.length > 0 || !bytes.looksAround)));
  }

  /**
   * The masks' first pattern is `pattern`, sees nothing but what it takes, and what it found is never swallowed: the first span of mask 0 of an ASCII message is the
   * leftmost match of the pattern in it.
   */
  findsFirst(pattern: string): boolean {
    return this.independent && this.instructions[0]?.regexPattern === pattern && this.patterns[0].bytes?.looksAround === false;
  }

  /** Index of the first span of mask 0, or −1. */
  firstOfMaskZero(): number {
    for (let s = 0; s < this.count; s++) if (this.masks[s] === 0) return s;
    return -1;
  }

  /** Fills starts, ends, masks and count for buffer[start, end). */
  run(buffer: Buffer, start: number, end: number, ascii: boolean): void {
    this.count = 0;
    if (this.patterns.length === 0) return;
    if (ascii && this.independent) {
      for (let k = 0; k < this.patterns.length; k++) this.scanGaps(buffer, start, end, k);
    } else this.runOnText(buffer, start, end, ascii);
  }

  private scanGaps(buffer: Buffer, start: number, end: number, k: number): void {
    const pattern = this.patterns[k].bytes;
    if (pattern === null) return;
    const { looksAround } = pattern;
    const before = this.count;
    let written = 0;
    let from = start;
    let changed = false;
    for (let gap = 0; gap <= before; gap++) {
      const until = gap < before ? this.starts[gap] : end;
      while (from < until && (looksAround ? this.findBeside(pattern, buffer, start, from, until, gap) : pattern.find(buffer, from, until))) {
        this.spare(written++, pattern.matchStart, pattern.matchEnd, k);
        from = pattern.matchEnd;
        changed = true;
      }
      if (gap < before) {
        this.spare(written++, this.starts[gap], this.ends[gap], this.masks[gap]);
        from = this.ends[gap];
      }
    }
    if (!changed) return;
    this.swap();
    this.count = written;
  }

  /** Beside a gap stand the ends of what earlier masks put in; within it, what this mask has just taken. */
  private findBeside(pattern: Pattern, buffer: Buffer, start: number, from: number, until: number, gap: number): boolean {
    const { starts, ends, masks, count, replacements } = this;
    const text = gap > 0 && ends[gap - 1] === from ? replacements[masks[gap - 1]] : null;
    const before = text !== null ? text[text.length - 1] : from > start ? buffer[from - 1] : EDGE;
    return pattern.find(buffer, from, until, before, gap < count && starts[gap] === until ? replacements[masks[gap]][0] : EDGE);
  }

  private spare(at: number, start: number, end: number, mask: number): void {
    if (at === this.spareStarts.length) {
      this.spareStarts = grown(this.spareStarts);
      this.spareEnds = grown(this.spareEnds);
      this.spareMasks = grown(this.spareMasks);
      this.starts = grown(this.starts);
      this.ends = grown(this.ends);
      this.masks = grown(this.masks);
    }
    this.spareStarts[at] = start;
    this.spareEnds[at] = end;
    this.spareMasks[at] = mask;
  }

  /** Written out: swapping by destructuring allocates on every line until the optimiser has seen it. */
  private swap(): void {
    const { starts, ends, masks } = this;
    this.starts = this.spareStarts;
    this.ends = this.spareEnds;
    this.masks = this.spareMasks;
    this.spareStarts = starts;
    this.spareEnds = ends;
    this.spareMasks = masks;
  }

  private runOnText(buffer: Buffer, start: number, end: number, ascii: boolean): void {
    const raw = ascii ? buffer.toString('latin1', start, end) : buffer.toString('utf8', start, end);
    const spans = maskText(raw, this.regexes, this.replacements.map((r) => r.toString()));
    // Characters to bytes, walking along: counting from the front for each span would be quadratic.
    let chars = 0;
    let bytes = start;
    const byteAt = (position: number): number => {
      bytes += ascii ? position - chars : Buffer.byteLength(raw.slice(chars, position));
      chars = position;
      return bytes;
    };
    for (const [i, span] of spans.entries()) {
      const from = byteAt(span.rawStart);
      this.spare(i, from, byteAt(span.rawEnd), span.mask);
    }
    this.swap();
    this.count = spans.length;
  }
}

interface Span {
  /** In the text as masked so far. */
  start: number;
  end: number;
  /** In the raw text. */
  rawStart: number;
  rawEnd: number;
  mask: number;
}

/** Masks applied one after the other to the text itself: the general case, and what the fast path must equal. */
function maskText(raw: string, regexes: readonly SafeRegex[], replacements: readonly string[]): Span[] {
  let text = raw;
  let spans: Span[] = [];
  for (const [mask, regex] of regexes.entries()) {
    const next: Span[] = [];
    let out = '';
    let at = 0;
    let kept = 0; // spans before this one stand in `next`, or were swallowed
    let first = 0; // first span that ends after the match's beginning
    const keepSpansUntil = (position: number): void => {
      for (; kept < spans.length && spans[kept].end <= position; kept++) {
        const s = spans[kept];
        out += text.slice(at, s.start);
        next.push({ ...s, start: out.length, end: out.length + s.end - s.start });
        out += text.slice(s.start, s.end);
        at = s.end;
      }
    };
    let next16 = 0;
    for (let match = regex.exec(text, 0); match !== null; match = next16 > text.length ? null : regex.exec(text, next16)) {
      const { start: from, end: to } = match;
      next16 = to === from ? to + 1 : to;
      if (to === from) continue;
      while (first < spans.length && spans[first].end <= from) first++;
      let after = first; // first span beyond the match
      while (after < spans.length && spans[after].end <= to) after++;
      const cutAtStart = first < spans.length && spans[first].start < from;
      const cutAtEnd = after < spans.length && spans[after].start < to;
      if (cutAtStart || cutAtEnd) continue;
      keepSpansUntil(from);
      out += text.slice(at, from);
      // Raw offsets: undo the length changes of the spans before; a span's own edges are known.
      const shiftBefore = (k: number): number => (k === 0 ? 0 : spans[k - 1].rawEnd - spans[k - 1].end);
      const startsSpan = first < after && spans[first].start === from;
      next.push({
        start: out.length,
        end: out.length + replacements[mask].length,
        rawStart: startsSpan ? spans[first].rawStart : from + shiftBefore(first),
        rawEnd: to + shiftBefore(after),
        mask,
      });
      out += replacements[mask];
      at = to;
      kept = Math.max(kept, after);
    }
    keepSpansUntil(text.length);
    text = out + text.slice(at);
    spans = next;
  }
  return spans;
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
