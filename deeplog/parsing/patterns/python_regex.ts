import { messageOf, UsageError } from '../../common/index.js';

/**
 * Rewrites a Python `re` pattern as a JavaScript one, so that an existing drain3.ini works unchanged:
 * `(?P<n>…)`, `(?P=n)`, `(?i)` and friends at the start, `\A`, `\Z`, `(?#…)`.
 * @throws UsageError naming the pattern when JavaScript cannot express it.
 */
export function translatePythonRegex(pattern: string): { source: string; flags: string } {
  let flags = '';
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
      const next = rest[i + 1] ?? '';
      if (!inClass && next === 'A') source += '(?<![\\s\\S])';
      else if (!inClass && next === 'Z') source += '(?![\\s\\S])';
      else source += c + next;
      i++;
    } else if (inClass) {
      if (c === ']') inClass = false;
      source += c;
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
      else if (/^\(\?(?:[:=!]|<[=!]|[ims]*-?[ims]+:)/.test(tail)) { source += '(?'; i++; }
      else throw inexpressible(pattern, tail.slice(0, 4));
    } else if (/[*+?}]/.test(c) && rest[i + 1] === '+') throw inexpressible(pattern, `the possessive quantifier ${c}+`);
    else source += c;
  }
  try {
    new RegExp(source, flags);
  } catch (error) {
    throw new UsageError(`The regular expression ${JSON.stringify(pattern)} is broken: ${messageOf(error).replace(/^Invalid regular expression: .*: /, '').toLowerCase()}. Correct it.`);
  }
  return { source, flags };
}

/** Compiles a Python pattern; `extraFlags` such as `g`, `y` or `u` are added to its own. */
export function compilePythonRegex(pattern: string, extraFlags = ''): RegExp {
  const { source, flags } = translatePythonRegex(pattern);
  return new RegExp(source, [...new Set(flags + extraFlags)].join(''));
}

function inexpressible(pattern: string, what: string): UsageError {
  return new UsageError(`The regular expression ${JSON.stringify(pattern)} cannot be used: JavaScript cannot express ${what}. Rewrite it without that.`);
}
