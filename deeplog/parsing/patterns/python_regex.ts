import { messageOf, UsageError } from '../../common/index.js';

/** Python's classes for text (str patterns), as they stand inside a character class. */
const INSIDE: Readonly<Record<string, string>> = { d: '\\p{Nd}', w: '\\p{L}\\p{N}_', s: '\\s\\x1c-\\x1f\\x85', D: '\\P{Nd}', S: '\\S' };
const WORD = `[${INSIDE.w}]`;
const OUTSIDE: Readonly<Record<string, string>> = {
  d: '\\p{Nd}', D: '\\P{Nd}', w: WORD, W: `[^${INSIDE.w}]`, s: `[${INSIDE.s}]`, S: `[^${INSIDE.s}]`,
  b: `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`, B: `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`,
  A: '(?<![\\s\\S])', Z: '(?![\\s\\S])',
};

/**
 * Rewrites a Python `re` pattern (for text) as a JavaScript one in Unicode mode, so that an existing drain3.ini works unchanged:
 * `(?P<n>…)`, `(?P=n)`, `(?i)` and friends at the start, `\A`, `\Z`, `(?#…)`, `{,n}`, and \w, \d, \s, \b, `.` with Python's meaning.
 * @throws UsageError naming the pattern when JavaScript cannot express it.
 */
export function translatePythonRegex(pattern: string): { source: string; flags: string } {
  let flags = 'u';
  let rest = pattern;
  const leading = /^\(\?([aiLmsux]+)\)/.exec(rest);
  if (leading) {
    for (const flag of leading[1]) {
      if (flag === 'i' || flag === 'm' || flag === 's') flags += flag;
      else if (flag === 'x') throw inexpressible(pattern, 'the verbose flag (?x)');
    }
    rest = rest.slice(leading[0].length);
  }
  let source = '';
  let inClass = false;
  for (let i = 0; i < rest.length; i++) {
    const c = rest[i];
    if (c === '\\') {
      const next = rest[++i] ?? '';
      source += escaped(next, inClass, pattern);
    } else if (inClass) {
      if (c === ']') inClass = false;
      source += c === '[' ? '\\[' : c;
    } else if (c === '[') {
      inClass = true;
      source += c;
      // A ] that opens a class is a literal in Python and an empty class in JavaScript.
      if (rest[i + 1] === '^' && rest[i + 2] === ']') { source += '^\\]'; i += 2; }
      else if (rest[i + 1] === ']') { source += '\\]'; i++; }
    } else if (c === '(' && rest[i + 1] === '?') {
      const tail = rest.slice(i);
      if (tail.startsWith('(?P<')) { source += '(?<'; i += 3; }
      else if (tail.startsWith('(?P=')) {
        const close = rest.indexOf(')', i);
        source += `\\k<${rest.slice(i + 4, close)}>`;
        i = close;
      } else if (tail.startsWith('(?#')) i = rest.indexOf(')', i);
      else if (/^\(\?(?:[:=!]|<[=!])/.test(tail)) { source += '(?'; i++; }
      else throw inexpressible(pattern, tail.slice(0, 4));
    } else if (c === '{') {
      const braces = /^\{(\d*)(,?)(\d*)\}/.exec(rest.slice(i));
      if (!braces || (braces[1] === '' && braces[3] === '')) source += '\\{';
      else {
        source += `{${braces[1] || '0'}${braces[2]}${braces[3]}}`;
        i += braces[0].length - 1;
        if (rest[i + 1] === '+') throw inexpressible(pattern, 'the possessive quantifier }+');
      }
    } else if (/[*+?]/.test(c) && rest[i + 1] === '+') throw inexpressible(pattern, `the possessive quantifier ${c}+`);
    else if (c === '}' || c === ']') source += `\\${c}`;
    else if (c === '.' && !flags.includes('s')) source += '[^\\n]';
    else source += c;
  }
  try {
    new RegExp(source, flags);
  } catch (error) {
    throw new UsageError(`The regular expression ${JSON.stringify(pattern)} is broken: ${messageOf(error).replace(/^Invalid regular expression: .*: /, '').toLowerCase()}. Correct it.`);
  }
  return { source, flags };
}

function escaped(next: string, inClass: boolean, pattern: string): string {
  const known = inClass ? INSIDE[next] : OUTSIDE[next];
  if (known !== undefined) return known;
  if (inClass && next === 'W') throw inexpressible(pattern, '\\W inside a character class');
  if (inClass && next === 'b') return '\\b';
  if (next === 'a') return '\\x07';
  // What Unicode mode takes as an escape stays one; any other punctuation stands for itself.
  if (/[\^$\\.*+?()[\]{}|/tnrfvxu1-9]/.test(next) || (inClass && next === '-')) return `\\${next}`;
  return next;
}

/** Compiles a Python pattern; `extraFlags` such as `g`, `y` or `u` are added to its own. */
export function compilePythonRegex(pattern: string, extraFlags = ''): RegExp {
  const { source, flags } = translatePythonRegex(pattern);
  return new RegExp(source, [...new Set(flags + extraFlags)].join(''));
}

function inexpressible(pattern: string, what: string): UsageError {
  return new UsageError(`The regular expression ${JSON.stringify(pattern)} cannot be used: JavaScript cannot express ${what}. Rewrite it without that.`);
}
