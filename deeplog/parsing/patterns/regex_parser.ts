import { WIDE } from './wide.js';

/** Stands for the missing neighbour where the text begins or ends. */
export const EDGE = 128;

/** A place where a character of one set stands before and one of the other behind; index {@link EDGE} of a set: the text's end will do. */
export interface Place {
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

/** A regular expression of the subset that automata can do. */
export type Node =
  | { kind: 'set'; bytes: Uint8Array }
  | { kind: 'assert'; places: readonly Place[] }
  | { kind: 'sequence'; items: Node[] }
  | { kind: 'choice'; items: Node[] }
  | { kind: 'repeat'; item: Node; min: number; max: number; greedy: boolean };

/** Repeat counts above this would blow the automaton up; such patterns go to RegExp. */
const MAX_REPEAT = 64;

/** The pattern is outside the subset. */
export class Unsupported extends Error {}

export interface ParserOptions {
  /** What look-arounds ask for does not matter, nor what is repeated. */
  readonly loose?: boolean;
  /** Bytes that stand for what is not ASCII ({@link WIDE}) belong to Python's classes. */
  readonly wide?: boolean;
}

/** @throws Unsupported */
export function parseRegex(pattern: string, options: ParserOptions = {}): Node {
  return new Parser(pattern, options).parse();
}

class Parser {
  private at = 0;
  private ignoreCase = false;
  private readonly loose: boolean;
  private readonly wide: boolean;

  constructor(private readonly text: string, { loose = false, wide = false }: ParserOptions) {
    this.loose = loose;
    this.wide = wide;
  }

  parse(): Node {
    // What stands for other characters cannot stand for itself.
    if (this.wide && [...this.text].some((c) => c.charCodeAt(0) >= WIDE.letter && c.charCodeAt(0) <= WIDE.other)) throw new Unsupported();
    if (this.text.startsWith('(?i)')) {
      if (this.wide) throw new Unsupported(); // some letters' other case is ASCII
      this.ignoreCase = true;
      this.at = 4;
    }
    const node = this.choice();
    if (this.at < this.text.length) throw new Unsupported();
    return node;
  }

  private choice(): Node {
    const items = [this.sequence()];
    while (this.text[this.at] === '|') { this.at++; items.push(this.sequence()); }
    return items.length === 1 ? items[0] : { kind: 'choice', items };
  }

  private sequence(): Node {
    const items: Node[] = [];
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') items.push(this.quantified());
    return items.length === 1 ? items[0] : { kind: 'sequence', items };
  }

  private quantified(): Node {
    let item = this.atom();
    for (;;) {
      const bounds = this.quantifier();
      if (!bounds) return item;
      // Whether an empty round counts is another matter in every engine.
      if (asserts(item) && !this.loose) throw new Unsupported();
      let greedy = true;
      if (this.text[this.at] === '?') { greedy = false; this.at++; }
      else if (this.text[this.at] === '+') throw new Unsupported();
      item = { kind: 'repeat', item, min: bounds[0], max: bounds[1], greedy };
    }
  }

  private quantifier(): [number, number] | null {
    const c = this.text[this.at];
    if (c === '*') { this.at++; return [0, Infinity]; }
    if (c === '+') { this.at++; return [1, Infinity]; }
    if (c === '?') { this.at++; return [0, 1]; }
    if (c !== '{') return null;
    const braces = /^\{(\d*)(,?)(\d*)\}/.exec(this.text.slice(this.at));
    if (!braces || (braces[1] === '' && braces[3] === '')) throw new Unsupported();
    this.at += braces[0].length;
    const min = Number(braces[1] || 0);
    const max = braces[2] === '' ? min : braces[3] === '' ? Infinity : Number(braces[3]);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT)) throw new Unsupported();
    return [min, max];
  }

  private atom(): Node {
    const c = this.text[this.at++];
    if (c === '(') {
      const group = /^\?(?::|P<\w+>)/.exec(this.text.slice(this.at));
      const around = /^\?(<?)([=!])/.exec(this.text.slice(this.at));
      if (group) this.at += group[0].length;
      else if (around) {
        this.at += around[0].length;
        const looked = this.choice();
        if (this.text[this.at++] !== ')') throw new Unsupported();
        return { kind: 'assert', places: this.loose ? [] : [lookAround(looked, around[1] === '<', around[2] === '!')] };
      } else if (this.text[this.at] === '?') throw new Unsupported();
      const node = this.choice();
      if (this.text[this.at++] !== ')') throw new Unsupported();
      return node;
    }
    if (c === '[') return { kind: 'set', bytes: this.characterClass() };
    if (c === '.') return { kind: 'set', bytes: negate(bytesOf('\n')) };
    if (c === '^') return { kind: 'assert', places: [{ before: only(EDGE), behind: ANYTHING }] };
    if (c === '$') return { kind: 'assert', places: [{ before: ANYTHING, behind: only(EDGE) }] };
    if (c === '\\') {
      const places = (this.wide ? WIDE_PLACES : PLACES)[this.text[this.at] ?? ''];
      if (places !== undefined) {
        this.at++;
        return { kind: 'assert', places };
      }
      const set = this.escape(this.text[this.at++]);
      return { kind: 'set', bytes: set };
    }
    if (c === '*' || c === '+' || c === '?' || c === '{') throw new Unsupported();
    return { kind: 'set', bytes: this.fold(bytesOf(c)) };
  }

  private escape(c: string | undefined): Uint8Array {
    switch (c) {
      case 'd': return this.digits();
      case 'D': return negate(this.digits());
      case 'w': return word(this.wide);
      case 'W': return negate(word(this.wide));
      case 's': return this.whitespace();
      case 'S': return negate(this.whitespace());
      case 't': return bytesOf('\t');
      case 'n': return bytesOf('\n');
      case 'r': return bytesOf('\r');
      case 'f': return bytesOf('\f');
      case 'v': return bytesOf('\v');
      default:
        // Letters and digits left over are anchors, boundaries, back-references or code points.
        if (c === undefined || /[A-Za-z0-9]/.test(c)) throw new Unsupported();
        return this.fold(bytesOf(c));
    }
  }

  private digits(): Uint8Array {
    const bytes = range('0', '9');
    if (this.wide) bytes[WIDE.digit] = 1;
    return bytes;
  }

  private whitespace(): Uint8Array {
    const bytes = whitespace();
    if (this.wide) bytes[WIDE.space] = 1;
    return bytes;
  }

  private characterClass(): Uint8Array {
    const bytes = new Uint8Array(128);
    let negated = false;
    if (this.text[this.at] === '^') { negated = true; this.at++; }
    for (let first = true; first || this.text[this.at] !== ']'; first = false) {
      const c = this.text[this.at++];
      if (c === undefined) throw new Unsupported();
      let single: Uint8Array;
      if (c === '\\') single = this.escape(this.text[this.at++]);
      else {
        if (c.charCodeAt(0) > 127) throw new Unsupported();
        single = bytesOf(c);
      }
      const low = single.indexOf(1);
      if (this.text[this.at] === '-' && this.text[this.at + 1] !== ']' && this.text[this.at + 1] !== undefined) {
        this.at++;
        const end = this.text[this.at++];
        if (end === undefined || end.charCodeAt(0) > 127) throw new Unsupported();
        const last = end === '\\' ? this.escape(this.text[this.at++]) : bytesOf(end);
        const one = (set: Uint8Array): boolean => set.reduce((a, b) => a + b, 0) === 1;
        if (!one(single) || !one(last)) throw new Unsupported();
        const high = last.indexOf(1);
        if (this.wide && low <= WIDE.other && high >= WIDE.letter) throw new Unsupported();
        for (let b = low; b <= high; b++) bytes[b] = 1;
      } else for (let b = 0; b < 128; b++) bytes[b] |= single[b];
    }
    this.at++;
    const folded = this.fold(bytes);
    return negated ? negate(folded) : folded;
  }

  private fold(bytes: Uint8Array): Uint8Array {
    if (!this.ignoreCase) return bytes;
    const out = bytes.slice();
    for (let b = 65; b <= 90; b++) out[b] = out[b + 32] = bytes[b] | bytes[b + 32];
    return out;
  }
}

const ANYTHING = new Uint8Array(EDGE + 1).fill(1);

/** What a single character of `bytes` is, or the text's end where `edge` says so. */
function neighbour(bytes: Uint8Array, edge: boolean): Uint8Array {
  const out = new Uint8Array(EDGE + 1);
  out.set(bytes);
  out[EDGE] = edge ? 1 : 0;
  return out;
}

function only(symbol: number): Uint8Array {
  const out = new Uint8Array(EDGE + 1);
  out[symbol] = 1;
  return out;
}

/** By the letter behind the backslash. */
const [PLACES, WIDE_PLACES] = [false, true].map((wide): Readonly<Record<string, readonly Place[]>> => {
  const [inside, outside] = [neighbour(word(wide), false), neighbour(negate(word(wide)), true)];
  return {
    b: [{ before: inside, behind: outside }, { before: outside, behind: inside }],
    B: [{ before: inside, behind: inside }, { before: outside, behind: outside }],
    A: [{ before: only(EDGE), behind: ANYTHING }],
    Z: [{ before: ANYTHING, behind: only(EDGE) }],
  };
});

/** The neighbour that a look-around asks for: one character of a set, or the text's end. @throws Unsupported when it asks for more */
function lookAround(looked: Node, behindUs: boolean, negated: boolean): Place {
  const wanted = new Uint8Array(EDGE + 1);
  for (const item of looked.kind === 'choice' ? looked.items : [looked]) {
    if (item.kind === 'set') item.bytes.forEach((on, b) => { wanted[b] |= on; });
    else if (item.kind === 'assert' && item.places.length === 1 && isEdge(item.places[0], behindUs)) wanted[EDGE] = 1;
    else throw new Unsupported();
  }
  const set = negated ? wanted.map((on) => 1 - on) : wanted;
  return behindUs ? { before: set, behind: ANYTHING } : { before: ANYTHING, behind: set };
}

/** It says that the text begins (ends) there, and nothing else. */
function isEdge(place: Place, beginning: boolean): boolean {
  const [edge, other] = beginning ? [place.before, place.behind] : [place.behind, place.before];
  return other === ANYTHING && edge.every((on, symbol) => on === (symbol === EDGE ? 1 : 0));
}

function asserts(node: Node): boolean {
  switch (node.kind) {
    case 'set': return false;
    case 'assert': return true;
    case 'repeat': return asserts(node.item);
    default: return node.items.some(asserts);
  }
}

function bytesOf(c: string): Uint8Array {
  if (c.charCodeAt(0) > 127) throw new Unsupported();
  const bytes = new Uint8Array(128);
  bytes[c.charCodeAt(0)] = 1;
  return bytes;
}

function range(from: string, to: string): Uint8Array {
  const bytes = new Uint8Array(128);
  bytes.fill(1, from.charCodeAt(0), to.charCodeAt(0) + 1);
  return bytes;
}

function word(wide: boolean): Uint8Array {
  const bytes = range('0', '9');
  if (wide) bytes[WIDE.letter] = bytes[WIDE.digit] = 1;
  bytes.fill(1, 65, 91);
  bytes.fill(1, 97, 123);
  bytes[95] = 1;
  return bytes;
}

function whitespace(): Uint8Array {
  const bytes = new Uint8Array(128);
  // Python's \s also takes the four ASCII separators 0x1c–0x1f.
  for (const b of [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]) bytes[b] = 1;
  return bytes;
}

function negate(bytes: Uint8Array): Uint8Array {
  return bytes.map((b) => 1 - b);
}
