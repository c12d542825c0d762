import vm from 'node:vm';
import { RE2JS } from 're2js';
import { DataError } from '../../common/index.js';
import { compilePythonRegex, translatePythonRegex } from './python_regex.js';

/** A match: where it and its groups begin and end; −1: the group took no part. */
export interface SafeMatch {
  readonly start: number;
  readonly end: number;
  /** Start and end of group 1, 2, … */
  readonly groups: readonly (readonly [number, number])[];
}

/** Backtracking over texts of this length with this many open quantifiers ends within a second or two, once. */
const SHORT_TEXT = 300;
const SHORT_TEXT_QUANTIFIERS = 3;
/** Steps that backtracking may take in the worst case for longer texts. */
const MAX_STEPS = 3e7;
/** One search that takes longer and RegExp is not asked again. */
const SLOW_MS = 50;
/**
 * Time limits of one search that nothing else bounds. The clock runs on while a busy machine does other work, and what is found must not depend on
 * that: who fails the first limit is asked once more, with time enough for a thread that hardly gets to run.
 */
const LIMITS_MS = [100, 1_000] as const;
const MAX_TIMEOUTS = 5;

/**
 * A regular expression with Python's meaning whose searches are bounded in time, whatever the expression and the text. RegExp is used
 * where it cannot take long (few open quantifiers, none inside another, short text); else RE2, which is linear and slower on plain
 * lines; and for what RE2 does not know (look-around, back-references) RegExp under a time limit: a search that exceeds it finds nothing.
 */
export class SafeRegex {
  private readonly regex: RegExp;
  private readonly re2: RE2JS | null;
  private readonly quantifiers: number;
  private nested: boolean;
  private timeouts = 0;

  /** @throws UsageError when JavaScript cannot express the Python pattern. */
  constructor(readonly pattern: string) {
    this.regex = compilePythonRegex(pattern, 'gd');
    const { source, flags } = translatePythonRegex(pattern);
    this.re2 = asRe2(source, flags);
    ({ quantifiers: this.quantifiers, nested: this.nested } = openQuantifiers(source));
  }

  /** The first match at or after `from`. @throws DataError when search after search exceeds the time limit. */
  exec(text: string, from: number): SafeMatch | null {
    const length = text.length - from;
    const quick = !this.nested && (length <= SHORT_TEXT ? this.quantifiers <= SHORT_TEXT_QUANTIFIERS : length ** (this.quantifiers + 1) <= MAX_STEPS);
    if (quick) return this.timed(text, from);
    return this.re2 === null ? this.limited(text, from) : this.linear(this.re2, text, from);
  }

  private timed(text: string, from: number): SafeMatch | null {
    const started = performance.now();
    this.regex.lastIndex = from;
    const match = asMatch(this.regex.exec(text));
    if (performance.now() - started > SLOW_MS) this.nested = true; // it is that kind of pattern
    return match;
  }

  private linear(re2: RE2JS, text: string, from: number): SafeMatch | null {
    const matcher = re2.matcher(text);
    if (!matcher.find(from)) return null;
    return { start: matcher.start(), end: matcher.end(), groups: Array.from({ length: matcher.groupCount() }, (_, g) => [matcher.start(g + 1), matcher.end(g + 1)] as const) };
  }

  private limited(text: string, from: number): SafeMatch | null {
    for (const limit of LIMITS_MS) {
      this.regex.lastIndex = from;
      try {
        return asMatch(underLimit(this.regex, text, limit));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      }
    }
    if (++this.timeouts >= MAX_TIMEOUTS) throw new DataError(`The regular expression ${JSON.stringify(this.pattern)} took more than ${LIMITS_MS[1] / 1000} s on ${MAX_TIMEOUTS} texts (one begins ${JSON.stringify(text.slice(from, from + 80))}). Rewrite it without repeats inside repeats, or without look-around and back-references.`);
    return null;
  }
}

let sandbox: { context: vm.Context; script: vm.Script } | null = null;

/** V8 checks for interruption while it backtracks: a limit works, at the price of a thread per call. */
function underLimit(regex: RegExp, text: string, limit: number): RegExpExecArray | null {
  sandbox ??= { context: vm.createContext({}), script: new vm.Script('regex.exec(text)') };
  Object.assign(sandbox.context, { regex, text });
  return sandbox.script.runInContext(sandbox.context, { timeout: limit }) as RegExpExecArray | null;
}

function asMatch(match: RegExpExecArray | null): SafeMatch | null {
  if (match === null || match.indices === undefined) return null;
  const [whole, ...groups] = match.indices as (readonly [number, number] | undefined)[];
  return whole === undefined ? null : { start: whole[0], end: whole[1], groups: groups.map((g) => g ?? [-1, -1]) };
}

/** RE2's form of a translated pattern; null when it needs look-around or back-references. */
function asRe2(source: string, flags: string): RE2JS | null {
  if (/\(\?<?[=!]|\\[1-9]|\\k</.test(source.replace(/\\\\/g, ''))) return null;
  try {
    return RE2JS.compile(source.replace(/\\u\{?([0-9a-fA-F]{4,6})\}?/g, '\\x{$1}'), (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (flags.includes('m') ? RE2JS.MULTILINE : 0) | (flags.includes('s') ? RE2JS.DOTALL : 0));
  } catch {
    return null;
  }
}

/** How many quantifiers have no upper bound, and whether one that has none stands over another or over a choice. */
function openQuantifiers(source: string): { quantifiers: number; nested: boolean } {
  let quantifiers = 0;
  let nested = false;
  let inClass = false;
  const groups: { open: boolean }[] = [];
  let closed: { open: boolean } | null = null; // the group that has just ended
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    const group = closed;
    closed = null;
    if (c === '\\') i++;
    else if (inClass) inClass = c !== ']';
    else if (c === '[') inClass = true;
    else if (c === '(') groups.push({ open: false });
    else if (c === ')') closed = groups.pop() ?? null;
    else if (c === '|') for (const g of groups.slice(-1)) g.open = true;
    else if (c === '*' || c === '+' || /^\{\d+,\}/.test(source.slice(i))) {
      quantifiers++;
      if (group?.open === true) nested = true;
      for (const g of groups) g.open = true;
      continue;
    }
    // What holds an open quantifier keeps it when it is a part of another group.
    if (closed?.open === true) for (const g of groups.slice(-1)) g.open = true;
  }
  return { quantifiers, nested };
}

/** Where the next character begins: a search from within one (two UTF-16 units) begins with it again, without end. */
export function behindCharacter(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}
