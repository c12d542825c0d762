import { messageOf, UsageError } from '../common/index.js';
import { LayoutMatcher } from './layout_matcher.js';
import { SafeRegex, translatePythonRegex } from './patterns/index.js';

const BLANK = new Uint8Array(256);
for (const b of [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]) BLANK[b] = 1;

/**
 * A line layout such as `<Date> <Time> <Pid> <Level> <Component>: <Content>`. What stands between the fields is a regular
 * expression, runs of blanks meaning `\s+`, each field as short as it can be and `<Content>` the rest (logpai's convention).
 *
 * Plain separators are matched on bytes by taking each one's first occurrence, which is the first path a backtracking
 * matcher would try; optional parts by {@link LayoutMatcher}. Regular expressions only serve layouts whose separators truly are some.
 */
export class LogFormat {
  readonly fields: readonly string[];
  readonly contentField: number;
  /** Byte offsets of the fields of the last line matched. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly regex: SafeRegex;
  /** The capture group of each field. */
  private readonly groups: readonly number[];
  private readonly matcher: LayoutMatcher | null;
  /** Separators before each field and after the last, as byte pieces; null when one is a regular expression. */
  private readonly plain: readonly Piece[][] | null;

  /** @throws UsageError when there is no `<Content>`, a field occurs twice, or a separator is no regular expression. */
  constructor(readonly layout: string) {
    const parts = layout.trim().split(/<([^<>\s]+)>/);
    const separators = parts.filter((_, i) => i % 2 === 0).map(escapeLoneBrackets);
    this.fields = parts.filter((_, i) => i % 2 === 1);
    this.contentField = this.fields.indexOf('Content');
    if (this.contentField < 0) throw new UsageError(`The log format ${JSON.stringify(layout)} has no <Content> field. Add one for the message, e.g. "<Date> <Time> <Level> <Content>".`);
    const bar = separators.some((s) => topLevelBar(s));
    if (bar) throw new UsageError(`The log format ${JSON.stringify(layout)} has a plain | between its fields, which in a regular expression separates alternatives: every line would fit, with empty fields. Write \\| for the character.`);
    const twice = this.fields.find((f, i) => this.fields.indexOf(f) !== i);
    if (twice !== undefined) throw new UsageError(`The log format ${JSON.stringify(layout)} names <${twice}> twice. Give each field its own name.`);
    const source = separators.map((s, i) => s.replace(/ +/g, '\\s+') + (i < this.fields.length ? '(.*?)' : '')).join('');
    try {
      this.regex = new SafeRegex(`^${source}$`);
    } catch (error) {
      throw new UsageError(`The log format ${JSON.stringify(layout)} cannot be used: what stands between its fields is a regular expression, and ${messageOf(error).replace(/^.* is broken: /, 'is broken: ').replace(/ Correct it\.$/, '')} Write \\( \\[ \\| for plain characters.`);
    }
    this.groups = fieldGroups(translatePythonRegex(`^${source}$`).source);
    const plain = separators.map(plainPieces);
    this.plain = plain.every((p) => p !== null) ? plain : null;
    this.matcher = this.plain === null ? LayoutMatcher.compile(layout, this.fields) : null;
    this.starts = this.matcher?.starts ?? new Int32Array(this.fields.length);
    this.ends = this.matcher?.ends ?? new Int32Array(this.fields.length);
  }

  /** Splits buffer[start, end) into fields; false when the line does not fit. */
  match(buffer: Buffer, start: number, end: number, ascii: boolean): boolean {
    let from = start;
    let to = end;
    while (from < to && isBlank(buffer[from])) from++;
    while (to > from && isBlank(buffer[to - 1])) to--;
    // Plain separators never go to RegExp: on a long line that does not fit, its backtracking takes minutes.
    if (this.plain !== null) return this.matchPlain(buffer, from, to, this.plain, true) || this.matchPlain(buffer, from, to, this.plain, false);
    return this.matcher === null ? this.matchRegex(buffer, from, to, ascii) : this.matcher.match(buffer, from, to);
  }

  /** `greedy`: a run of blanks is taken whole; else one blank at a time, which leaves the others to fields that are then empty. */
  private matchPlain(buffer: Buffer, from: number, to: number, plain: readonly Piece[][], greedy: boolean): boolean {
    const { starts, ends } = this;
    const last = starts.length - 1;
    let at = skipPieces(buffer, from, to, plain[0], greedy);
    if (at < 0) return false;
    for (let f = 0; f < last; f++) {
      const separator = plain[f + 1];
      starts[f] = at;
      const { blank, bytes } = separator[0];
      const alone = separator.length === 1;
      const head = blank ? 0 : bytes[0];
      for (;;) {
        if (blank) while (at < to && BLANK[buffer[at]] === 0) at++;
        else while (at < to && buffer[at] !== head) at++;
        if (at >= to) return false;
        // The commonest separator, a blank or a run of them, without a call.
        if (blank && alone) {
          ends[f] = at;
          do at++; while (greedy && at < to && BLANK[buffer[at]] === 1);
          break;
        }
        const after = skipPieces(buffer, at, to, separator, greedy);
        if (after >= 0) {
          ends[f] = at;
          at = after;
          break;
        }
        at++;
      }
    }
    starts[last] = at;
    const tail = plain[last + 1];
    if (tail.length > 0) return false;
    ends[last] = to;
    return true;
  }

  private matchRegex(buffer: Buffer, from: number, to: number, ascii: boolean): boolean {
    const text = ascii ? buffer.toString('latin1', from, to) : buffer.toString('utf8', from, to);
    const match = this.regex.exec(text, 0);
    if (match === null) return false;
    // Layouts may hold groups of their own: the fields are found by their order among all groups.
    for (let f = 0; f < this.fields.length; f++) {
      const [a, b] = match.groups[this.groups[f] - 1];
      this.starts[f] = from + (a < 0 ? 0 : ascii ? a : Buffer.byteLength(text.slice(0, a)));
      this.ends[f] = from + (a < 0 ? 0 : ascii ? b : Buffer.byteLength(text.slice(0, b)));
    }
    return true;
  }
}

interface Piece {
  readonly blank: boolean;
  readonly bytes: Buffer;
}

/** Alternating literals and runs of blanks, or null when the separator needs a regular expression. */
function plainPieces(separator: string): Piece[] | null {
  const literal = separator.replace(/\\([^A-Za-z0-9])/g, '$1');
  const bare = separator.replace(/\\[^A-Za-z0-9]/g, '');
  if (/[\\^$.|?*+()[\]{}]/.test(bare)) return null;
  return literal.split(/( +)/).filter((p) => p !== '').map((p) => ({ blank: p.startsWith(' '), bytes: Buffer.from(p) }));
}

/** Position after the pieces when they stand at `at`, else −1. */
function skipPieces(buffer: Buffer, at: number, to: number, pieces: readonly Piece[], greedy: boolean): number {
  let i = at;
  for (let p = 0; p < pieces.length; p++) {
    const piece = pieces[p];
    if (piece.blank) {
      if (i >= to || !isBlank(buffer[i])) return -1;
      // Blanks before a literal must all go, or the literal would not be reached.
      do i++; while ((greedy || p < pieces.length - 1) && i < to && isBlank(buffer[i]));
    } else {
      const { bytes } = piece;
      if (i + bytes.length > to) return -1;
      for (let j = 0; j < bytes.length; j++) if (buffer[i + j] !== bytes[j]) return -1;
      i += bytes.length;
    }
  }
  return i;
}

function isBlank(b: number): boolean {
  return BLANK[b] === 1;
}

/** A bracket whose partner stands in another separator cannot be a character class: `[<Time>]` means brackets. */
function escapeLoneBrackets(separator: string): string {
  const masked = separator.replace(/\\./g, '  ');
  const opens = masked.indexOf('[');
  const closes = masked.indexOf(']');
  const paired = opens >= 0 && closes > opens;
  if (paired) return separator;
  return [...separator].map((c, i) => ((c === '[' || c === ']') && masked[i] === c ? `\\${c}` : c)).join('');
}

/** A field's `(.*?)` as the translation writes it. */
const FIELD_COMPILED = '([^\\n]*?)';

/** Index of the capture group of each field in the compiled source. */
function fieldGroups(source: string): number[] {
  const groups: number[] = [];
  let group = 0;
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (inClass) inClass = source[i] !== ']';
    else if (source[i] === '[') inClass = true;
    else if (source[i] === '(' && (source[i + 1] !== '?' || /^\(\?<[^=!]/.test(source.slice(i)))) {
      group++;
      if (source.startsWith(FIELD_COMPILED, i)) groups.push(group);
    }
  }
  return groups;
}

/** A | that is neither escaped nor inside a group or a class. */
function topLevelBar(separator: string): boolean {
  const bare = separator.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '');
  let depth = 0;
  for (const c of bare) {
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === '|' && depth === 0) return true;
  }
  return false;
}
