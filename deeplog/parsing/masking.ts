import { UsageError } from '../common/index.js';
import { finder, maskOnce, type Span } from './mask_text.js';
import { compilePattern, EDGE, LinePattern, neededBytes, SafeRegex, WideLine, type Pattern } from './patterns/index.js';

/** One entry of `[MASKING] masking`: what matches becomes `<mask_with>`. */
export interface MaskingInstruction {
  readonly regexPattern: string;
  readonly maskWith: string;
}

/** How a mask is searched for in lines of ASCII. */
interface Search {
  /** On the raw bytes between what earlier masks took; null: on the text as masked so far. */
  readonly bytes: Pattern | null;
  /** A byte that every match holds and no earlier mask puts in; −1: none is known. A line without it need not be searched. */
  readonly needed: number;
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
  private readonly searches: readonly Search[];
  /** The same for lines that are not ASCII, made when the first of them comes. */
  private wide: { readonly patterns: readonly (Pattern | null)[]; readonly searches: readonly Search[]; readonly line: WideLine } | null = null;
  private readonly texts: readonly string[];
  private spareStarts = new Int32Array(64);
  private spareEnds = new Int32Array(64);
  private spareMasks = new Int32Array(64);

  constructor(readonly instructions: readonly MaskingInstruction[], prefix = '<', suffix = '>') {
    this.replacements = instructions.map(({ maskWith }) => {
      const text = prefix + maskWith + suffix;
      if (/\s/.test(text)) throw new UsageError(`[MASKING] mask_with ${JSON.stringify(maskWith)} holds white space and would split into several tokens. Use a name without.`);
      return Buffer.from(text);
    });
    this.texts = this.replacements.map((r) => r.toString());
    this.patterns = instructions.map((i) => new LinePattern(i.regexPattern));
    this.regexes = instructions.map((i) => new SafeRegex(i.regexPattern));
    this.searches = this.searchesOf(this.patterns.map(({ bytes }) => bytes));
  }

  private searchesOf(patterns: readonly (Pattern | null)[]): Search[] {
    return patterns.map((bytes, k): Search => {
      const earlier = this.replacements.slice(0, k);
      return {
        bytes: bytes !== null && earlier.every((text) => leavesAlone(bytes, text)) ? bytes : null,
        needed: neededBytes(this.instructions[k].regexPattern).find((b) => !earlier.some((text) => text.includes(b))) ?? -1,
      };
    });
  }

  /**
   * The masks' first pattern is `pattern`, sees nothing but what it takes, and what it found is never swallowed: the first span of mask 0 of an ASCII message is the
   * leftmost match of the pattern in it.
   */
  findsFirst(pattern: string): boolean {
    return this.instructions[0]?.regexPattern === pattern && this.searches.every(({ bytes }) => bytes !== null) && this.searches[0].bytes?.looksAround === false;
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
    if (!ascii) {
      if (!this.runWide(buffer, start, end)) this.runOnText(buffer, start, end);
      return;
    }
    const { searches } = this;
    for (let k = 0; k < searches.length; k++) {
      const { bytes, needed } = searches[k];
      if (bytes !== null) this.scanGaps(bytes, buffer, start, end, k);
      else if (needed < 0 || holds(buffer, start, end, needed)) this.scanText(buffer, start, end, k, this.patterns[k].bytes);
    }
  }

  /** By automata over the line's characters; false: some mask has none that could be needed here. */
  private runWide(buffer: Buffer, start: number, end: number): boolean {
    this.wide ??= this.widened();
    const { patterns, searches, line } = this.wide;
    for (let k = 0; k < searches.length; k++) if (patterns[k] === null && (searches[k].needed < 0 || holds(buffer, start, end, searches[k].needed))) return false;
    if (!line.read(buffer, start, end)) return false;
    for (let k = 0; k < searches.length; k++) {
      const { bytes } = searches[k];
      const pattern = patterns[k];
      if (bytes !== null) this.scanGaps(bytes, line.bytes, 0, line.length, k);
      else if (pattern !== null) this.scanText(line.bytes, 0, line.length, k, pattern);
    }
    const { starts, ends, count } = this;
    for (let s = 0; s < count; s++) {
      starts[s] = line.offsets[starts[s]];
      ends[s] = line.offsets[ends[s]];
    }
    return true;
  }

  private widened(): { patterns: readonly (Pattern | null)[]; searches: readonly Search[]; line: WideLine } {
    // What masks put in must be of characters that stand for themselves.
    const plain = this.replacements.every((text) => text.every((b) => b >= 32 && b < 128));
    const patterns = this.instructions.map(({ regexPattern }) => (plain ? compilePattern(regexPattern, { wide: true }) : null));
    return { patterns, searches: this.searchesOf(patterns), line: new WideLine() };
  }

  private scanGaps(pattern: Pattern, buffer: Buffer, start: number, end: number, k: number): void {
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

  /** One mask on the text as masked so far, of an ASCII line. */
  private scanText(buffer: Buffer, start: number, end: number, k: number, pattern: Pattern | null): void {
    const { starts, ends, masks, texts } = this;
    let text = '';
    let at = start;
    const spans = Array.from({ length: this.count }, (_, s): Span => {
      const [from, to, mask] = [starts[s], ends[s], masks[s]];
      text += buffer.toString('latin1', at, from);
      const span = { start: text.length, end: text.length + texts[mask].length, rawStart: from - start, rawEnd: to - start, mask };
      text += texts[mask];
      at = to;
      return span;
    });
    text += buffer.toString('latin1', at, end);
    const found = maskOnce(text, spans, k, finder(pattern, this.regexes[k], text), texts);
    if (found === null) return;
    for (const [i, s] of found.spans.entries()) this.spare(i, start + s.rawStart, start + s.rawEnd, s.mask);
    this.swap();
    this.count = found.spans.length;
  }

  /** All masks on the text of a line that is not ASCII. */
  private runOnText(buffer: Buffer, start: number, end: number): void {
    const raw = buffer.toString('utf8', start, end);
    let text = raw;
    let spans: readonly Span[] = [];
    for (const [k, regex] of this.regexes.entries()) {
      const found = maskOnce(text, spans, k, (t, from) => regex.exec(t, from), this.texts);
      if (found !== null) ({ text, spans } = found);
    }
    // Characters to bytes, walking along: counting from the front for each span would be quadratic.
    let chars = 0;
    let bytes = start;
    const byteAt = (position: number): number => {
      bytes += Buffer.byteLength(raw.slice(chars, position));
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

/**
 * No match can hold a character that an earlier mask put in: its ends are none of the pattern's, and between them the pattern finds nothing.
 * Then it can be searched for in the raw bytes between.
 */
function leavesAlone(pattern: Pattern, text: Buffer): boolean {
  const { alphabet } = pattern;
  if (!text.every((b) => b < 128) || (text.length === 0 && pattern.looksAround)) return false;
  if (text.every((b) => alphabet[b] === 0)) return true;
  return alphabet[text[0]] === 0 && alphabet[text[text.length - 1]] === 0 && !pattern.find(text, 0, text.length);
}

function holds(buffer: Buffer, start: number, end: number, byte: number): boolean {
  for (let i = start; i < end; i++) if (buffer[i] === byte) return true;
  return false;
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
