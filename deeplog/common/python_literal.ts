import { UsageError } from './errors.js';

/** What a Python literal in an ini file can hold. */
export type Literal = string | number | boolean | null | Literal[] | { [key: string]: Literal };

/**
 * Reads the literals that Python programs put into ini files: strings ('…', "…", r'…'), numbers, True/False/None, lists,
 * tuples, dicts, and the DeepLog trainer's `{'minutes'=1}`. JSON is a subset, except that a string may span lines.
 * @throws UsageError with the place where it stopped making sense.
 */
export function parsePythonLiteral(text: string, where: string): Literal {
  let at = 0;
  const fail = (what: string): UsageError => new UsageError(`${where}: ${what} at character ${at + 1} of ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)}.`);
  const blank = (): void => { while (at < text.length && /\s/.test(text[at])) at++; };
  const close = (end: string): boolean => {
    blank();
    if (text[at] === ',') { at++; blank(); }
    if (text[at] === end) { at++; return true; }
    if (at >= text.length) throw fail(`a closing ${end} is missing`);
    return false;
  };
  const string = (raw: boolean): string => {
    const quote = text[at++];
    let out = '';
    for (;;) {
      const c = text[at++];
      if (c === undefined) throw fail('a string is not closed');
      if (c === quote) return out;
      if (c !== '\\') { out += c; continue; }
      const next = text[at++] ?? '';
      if (raw) { out += c + next; continue; }
      const simple: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0', '\\': '\\', "'": "'", '"': '"', '/': '/', '\n': '' };
      if (next in simple) out += simple[next];
      else if (next === 'x' || next === 'u') {
        const length = next === 'x' ? 2 : 4;
        out += String.fromCharCode(parseInt(text.slice(at, at + length), 16));
        at += length;
      } else out += c + next; // Python keeps the backslash of an escape it does not know.
    }
  };
  const value = (): Literal => {
    blank();
    const c = text[at];
    if (c === "'" || c === '"') return string(false);
    if (/^[rRbBuU]['"]/.test(text.slice(at, at + 2))) { at++; return string(/[rR]/.test(c)); }
    if (c === '[' || c === '(') {
      at++;
      const items: Literal[] = [];
      while (!close(c === '[' ? ']' : ')')) items.push(value());
      return items;
    }
    if (c === '{') {
      at++;
      const record: { [key: string]: Literal } = {};
      while (!close('}')) {
        const key = value();
        blank();
        if (text[at] !== ':' && text[at] !== '=') throw fail("expected ':' or '=' after a key");
        at++;
        record[String(key)] = value();
      }
      return record;
    }
    const word = /^[-+\w.]+/.exec(text.slice(at))?.[0];
    if (word === undefined) throw fail('expected a value');
    at += word.length;
    if (/^(true|false)$/i.test(word)) return word.toLowerCase() === 'true';
    if (/^(none|null)$/i.test(word)) return null;
    if (!Number.isNaN(Number(word))) return Number(word);
    return word;
  };
  const result = value();
  blank();
  if (at < text.length) throw fail('unexpected text');
  return result;
}
