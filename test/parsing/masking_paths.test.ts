import fc from 'fast-check';
import { isAscii } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { Masker } from '../../deeplog/parsing/masking.js';
import { neededBytes } from '../../deeplog/parsing/patterns/index.js';

type Way = 'as it is' | 'automata on text' | 'regular expressions on text';

/** What the masks find in a line, and how many of them on its raw bytes where it is ASCII. */
function spans(patterns: readonly string[], text: string, way: Way, names = patterns.map(() => '*')): { found: number[][]; onBytes: number } {
  const masker = new Masker(patterns.map((regexPattern, i) => ({ regexPattern, maskWith: names[i] })));
  const { searches } = masker as unknown as { searches: { bytes: unknown; needed: number }[] };
  if (way !== 'as it is') Object.assign(masker, { searches: searches.map(() => ({ bytes: null, needed: -1 })) });
  if (way === 'regular expressions on text') Object.assign(masker, { patterns: searches.map(() => ({ bytes: null })), wide: { patterns: searches.map(() => null), searches: searches.map(() => ({ bytes: null, needed: -1 })), line: null } });
  const line = Buffer.from(`xx${text}yy`);
  masker.run(line, 2, line.length - 2, isAscii(line));
  return { found: Array.from({ length: masker.count }, (_, i) => [masker.starts[i], masker.ends[i], masker.masks[i]]), onBytes: searches.filter((s) => s.bytes !== null).length };
}

/** The masks of the example in Drain3's repository (examples/drain3.ini). */
const DRAIN3 = ([
  ['((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)', 'ID'], ['((?<=[^A-Za-z0-9])|^)(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})((?=[^A-Za-z0-9])|$)', 'IP'],
  ['((?<=[^A-Za-z0-9])|^)([0-9a-f]{6,} ?){3,}((?=[^A-Za-z0-9])|$)', 'SEQ'], ['((?<=[^A-Za-z0-9])|^)([0-9A-F]{4} ?){4,}((?=[^A-Za-z0-9])|$)', 'SEQ'],
  ['((?<=[^A-Za-z0-9])|^)(0x[a-f0-9A-F]+)((?=[^A-Za-z0-9])|$)', 'HEX'], ['((?<=[^A-Za-z0-9])|^)([\\-\\+]?\\d+)((?=[^A-Za-z0-9])|$)', 'NUM'], ['(?<=executed cmd )(".+?")', 'CMD'],
] as const);

describe('Masks on bytes', () => {
  it("find what they find on text, with Drain3's own masks", () => {
    const [patterns, names] = [DRAIN3.map(([p]) => p), DRAIN3.map(([, n]) => n)];
    const text = 'aa:bb:cc:dd from 10.0.0.1:8080 (0xFF) took 12 ms, -3 retries, abcdef 012345 fedcba 1A2B 3C4D 5E6F 7A8B executed cmd "kill 9" and "x" end 7';
    const { found, onBytes } = spans(patterns, text, 'as it is', names);
    expect(onBytes).toBe(6);
    // Python 3.11, re.sub one after the other as Drain3 does: "<ID> from <IP>:<NUM> (<HEX>) took <NUM> ms, <NUM> retries, <SEQ> <SEQ> executed cmd <CMD> and "x" end <NUM>".
    expect(found.map(([from, to, mask]) => [names[mask], `xx${text}`.slice(from, to)])).toEqual([
      ['ID', 'aa:bb:cc:dd'], ['IP', '10.0.0.1'], ['NUM', '8080'], ['HEX', '0xFF'], ['NUM', '12'], ['NUM', '-3'], ['SEQ', 'abcdef 012345 fedcba'], ['SEQ', '1A2B 3C4D 5E6F 7A8B'], ['CMD', '"kill 9"'], ['NUM', '7'],
    ]);
    for (const way of ['automata on text', 'regular expressions on text'] as const) expect(spans(patterns, text, way, names).found).toEqual(found);
  });

  it('find what they find on text, whatever stands beside what earlier ones put in', () => {
    const piece = fc.constantFrom('a', 'b', '1', '\\d+', 'a+', '[ab]', 'ab', '.', '\\b', '\\B', '^', '$', '(?<=a)', '(?<!>)', '(?=<|$)', '(?![ab])', '((?<=[^a])|^)', '(?<=>)', '(?<=ab)', 'b(?=a1)');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => p.join(''));
    const name = fc.constantFrom('*', 'a1', 'AB', '_');
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '-'), maxLength: 16 });
    let onBytes = 0;
    let found = 0;
    fc.assert(fc.property(fc.array(fc.tuple(pattern, name), { minLength: 1, maxLength: 3 }), text, (masks, t) => {
      const [patterns, names] = [masks.map(([p]) => p), masks.map(([, n]) => n)];
      const here = spans(patterns, t, 'as it is', names);
      onBytes += here.onBytes;
      found += here.found.length;
      expect(here.found).toEqual(spans(patterns, t, 'regular expressions on text', names).found);
      expect(spans(patterns, t, 'automata on text', names).found).toEqual(here.found);
    }), { numRuns: 1500, seed: 3 });
    expect(onBytes).toBeGreaterThan(500);
    expect(found).toBeGreaterThan(300);
  });
});

describe('Masks on lines that are not ASCII', () => {
  it('find what they find on text', () => {
    const piece = fc.constantFrom('a', '1', '\\d+', '\\w+', '\\s', '\\S', '\\W', '[^a]', '[^\\w]', '[\\da]', '.', '\\b', '\\B', '^', '$', '(?<=\\w)', '(?<!\\d)', '(?=\\s|$)', '((?<=[^A-Za-z0-9])|^)');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => p.join(''));
    const name = fc.constantFrom('*', 'a1', 'é', '_');
    const text = fc.string({ unit: fc.constantFrom('a', '1', ' ', 'é', '\u0663', '\u00a0', '\u0085', '😀', '日', '½', '\u0301', '\u{1d7d8}', '\u000e'), maxLength: 14 });
    let found = 0;
    let wide = 0;
    fc.assert(fc.property(fc.array(fc.tuple(pattern, name), { minLength: 1, maxLength: 3 }), text, (masks, t) => {
      const [patterns, names] = [masks.map(([p]) => p), masks.map(([, n]) => n)];
      const here = spans(patterns, t, 'as it is', names).found;
      found += here.length;
      wide += isAscii(Buffer.from(t)) ? 0 : 1;
      expect(here).toEqual(spans(patterns, t, 'regular expressions on text', names).found);
    }), { numRuns: 800, seed: 8 });
    expect(found).toBeGreaterThan(200);
    expect(wide).toBeGreaterThan(400);
  });

  it('are not searched for without end where a pattern matches nothing before a character of two units', () => {
    expect(spans(['a?', '1*|\\b'], '😀a1😀', 'regular expressions on text').found).toEqual([[6, 7, 0], [7, 8, 1]]);
  });

  it("are found by automata with Drain3's masks, where they were found slowly", () => {
    const [patterns, names] = [DRAIN3.map(([p]) => p), DRAIN3.map(([, n]) => n)];
    const text = 'größe 10.0.0.1 é12 ٣4 (7) 0xFé 日本 42';
    const { found } = spans(patterns, text, 'as it is', names);
    // Python 3.11, re.sub one after the other: "größe <IP> é<NUM> <NUM> (<NUM>) <HEX>é 日本 <NUM>".
    expect(found.map(([from, to, mask]) => [names[mask], Buffer.from(`xx${text}`).subarray(from, to).toString()])).toEqual([['IP', '10.0.0.1'], ['NUM', '12'], ['NUM', '٣4'], ['NUM', '7'], ['HEX', '0xF'], ['NUM', '42']]);
    expect(found).toEqual(spans(patterns, text, 'regular expressions on text', names).found);
  });
});

describe('A byte that every match holds', () => {
  it.each([
    ['(?<=executed cmd )(".+?")', ['"']], ['a(b|cb)d?', ['a', 'b']], ['x{0,3}y', ['y']], ['(ab)+|c', []], ['\\d+:\\d+ Q', [':', 'Q', ' ']], ['(?i)a-', ['-']], ['(a)\\1', []], ['(?!z)[a]', ['a']],
  ] as const)('of %s is one of %j', (pattern, bytes) => {
    expect(neededBytes(pattern).map((b) => String.fromCharCode(b))).toEqual(bytes);
  });
});
