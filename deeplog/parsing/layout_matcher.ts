const BLANK = new Uint8Array(256);
for (const b of [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]) BLANK[b] = 1;

type Step =
  | { readonly kind: 'literal'; readonly bytes: Uint8Array; next: number }
  | { readonly kind: 'blanks'; next: number }
  | { readonly kind: 'field'; readonly field: number; next: number }
  | { readonly kind: 'optional'; readonly inside: number; next: number }
  | { readonly kind: 'end' };

/**
 * Matches layouts made of fields, literals, runs of blanks and optional parts, `<Component>(\[<PID>\])?: <Content>`, as RegExp would:
 * the optional part taken when it can be, each field as short as it can be. In time linear in the line: what follows a field or a run of blanks
 * is tried once from each place, because a field that fails from some place on fails from every later place too, and so do blanks from every
 * later place of the same run. RegExp takes minutes over a long line that does not fit.
 */
export class LayoutMatcher {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** By step: a field fails from this place on. */
  private readonly failsFrom: Float64Array;
  /** By step and place from the line's start on: 1 where a run of blanks fails. Only made for lines on which one of several blanks fails. */
  private readonly failedBlanks: (Uint8Array | undefined)[];
  private blanksFailed = false;
  /** Where the line in hand begins. */
  private origin = 0;

  private constructor(private readonly steps: readonly Step[], private readonly first: number, fields: number) {
    this.starts = new Int32Array(fields);
    this.ends = new Int32Array(fields);
    this.failsFrom = new Float64Array(steps.length);
    this.failedBlanks = new Array<undefined>(steps.length);
  }

  /** null: the layout holds another regular expression. `fields`: their names, in order. */
  static compile(layout: string, fields: readonly string[]): LayoutMatcher | null {
    const steps: Step[] = [{ kind: 'end' }];
    const reader = new Reader(layout.trim(), fields, steps);
    const first = reader.sequence(0, 0);
    return first === null || !reader.atEnd ? null : new LayoutMatcher(steps, first, fields.length);
  }

  /** Fills starts and ends for buffer[from, to); an optional field that is not there is empty, at `from`. */
  match(buffer: Buffer, from: number, to: number): boolean {
    this.failsFrom.fill(Infinity);
    this.starts.fill(from);
    this.ends.fill(from);
    if (this.blanksFailed) {
      this.failedBlanks.fill(undefined);
      this.blanksFailed = false;
    }
    this.origin = from;
    return this.run(buffer, this.first, from, to);
  }

  private run(b: Buffer, start: number, from: number, to: number): boolean {
    let step = this.steps[start];
    let index = start;
    let at = from;
    for (;;) {
      switch (step.kind) {
        case 'end': return at === to;
        case 'literal': {
          const { bytes } = step;
          if (at + bytes.length > to) return false;
          for (let i = 0; i < bytes.length; i++) if (b[at + i] !== bytes[i]) return false;
          at += bytes.length;
          break;
        }
        case 'blanks': {
          // Where blanks are known to fail from `longest` on, every later end has been tried.
          const failed = this.failedBlanks[index];
          let longest = at;
          while (longest < to && BLANK[b[longest]] === 1 && failed?.[longest - this.origin] !== 1) longest++;
          if (longest === at) return false;
          if (longest === at + 1) {
            at++;
            break;
          }
          for (let end = longest; end > at; end--) if (this.run(b, step.next, end, to)) return true;
          this.blanksFailed = true;
          (this.failedBlanks[index] ??= new Uint8Array(to - this.origin)).fill(1, at - this.origin, longest - this.origin);
          return false;
        }
        case 'optional': {
          if (this.run(b, step.inside, at, to)) return true;
          break;
        }
        case 'field': {
          if (at >= this.failsFrom[index]) return false;
          const { field, next } = step;
          const after = this.steps[next];
          if (after.kind === 'end') return this.place(field, at, to);
          // Where the field may end, as far as one byte tells.
          const byte = after.kind === 'literal' ? after.bytes[0] : -1;
          const blank = after.kind === 'blanks';
          const last = Math.min(to, this.failsFrom[index] - 1);
          for (let end = at; end <= last; end++) {
            if (byte >= 0 && b[end] !== byte) continue;
            if (blank && BLANK[b[end]] === 0) continue;
            if (this.run(b, next, end, to)) return this.place(field, at, end);
          }
          this.failsFrom[index] = at;
          return false;
        }
        default: return step satisfies never;
      }
      index = step.next;
      step = this.steps[index];
    }
  }

  private place(field: number, start: number, end: number): true {
    this.starts[field] = start;
    this.ends[field] = end;
    return true;
  }
}

/** Reads a layout from left to right into steps, the last one first. */
class Reader {
  private at = 0;

  constructor(private readonly text: string, private readonly fields: readonly string[], private readonly steps: Step[]) {}

  get atEnd(): boolean {
    return this.at === this.text.length;
  }

  /** The steps up to the end or an unmatched `)`, leading on to `then`; null when something else than the simple parts is met. */
  sequence(then: number, depth: number): number | null {
    const items: ((next: number) => number | null)[] = [];
    let literal = '';
    const flush = (): void => {
      if (literal === '') return;
      const bytes = Buffer.from(literal);
      items.push((next) => this.add({ kind: 'literal', bytes, next }));
      literal = '';
    };
    while (!this.atEnd) {
      const rest = this.text.slice(this.at);
      const field = /^<([^<>\s]+)>/.exec(rest);
      const blanks = /^ +/.exec(rest);
      const escape = /^\\([^A-Za-z0-9])/.exec(rest);
      if (field !== null) {
        flush();
        this.at += field[0].length;
        const index = this.fields.indexOf(field[1]);
        items.push((next) => this.add({ kind: 'field', field: index, next }));
      } else if (blanks !== null) {
        flush();
        this.at += blanks[0].length;
        items.push((next) => this.add({ kind: 'blanks', next }));
      } else if (escape !== null) {
        literal += escape[1];
        this.at += 2;
      } else if (rest.startsWith('(')) {
        flush();
        const opened = this.at + 1;
        const close = closing(this.text, this.at);
        if (close < 0 || this.text[close + 1] !== '?' || '+?*{'.includes(this.text[close + 2] ?? ' ')) return null;
        const inner = this.text.slice(opened, close);
        this.at = close + 2;
        items.push((next) => {
          const reader = new Reader(inner, this.fields, this.steps);
          const inside = reader.sequence(next, depth + 1);
          return inside === null || !reader.atEnd ? null : this.add({ kind: 'optional', inside, next });
        });
      } else if (/^[\\^$.|?*+()[\]{}]/.test(rest) || (rest.length > 1 && '?*+{'.includes(rest[1]))) return null;
      else {
        const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
        literal += character;
        this.at += character.length;
      }
    }
    flush();
    let next: number | null = then;
    for (const item of items.reverse()) {
      next = item(next);
      if (next === null) return null;
    }
    return next;
  }

  private add(step: Step): number {
    return this.steps.push(step) - 1;
  }
}

/** Where the parenthesis at `open` closes, or −1. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return -1;
}
