import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, compilePythonRegex, EDGE, translatePythonRegex } from '../../deeplog/parsing/patterns/index.js';

/** All non-overlapping matches by the automaton. */
function byAutomaton(pattern: string, text: string): [number, number][] | null {
  const compiled = compilePattern(pattern);
  if (compiled === null) return null;
  const bytes = Buffer.from(text);
  const out: [number, number][] = [];
  for (let at = 0; compiled.find(bytes, at, bytes.length, at === 0 ? EDGE : bytes[at - 1]); at = compiled.matchEnd) out.push([compiled.matchStart, compiled.matchEnd]);
  return out;
}

function byRegExp(pattern: string, text: string): [number, number][] {
  return Array.from(text.matchAll(compilePythonRegex(pattern, 'g')), (m): [number, number] => [m.index, m.index + m[0].length]);
}

describe('BytePattern', () => {
  it.each([
    ['blk_-?\\d+', 'x blk_1 blk_-22blk_3 blk_ bblk_9'],
    ['(\\d+\\.){3}\\d+(:\\d+)?', '1.2.3.4:80, 10.20.30.40 1.2.3 1.2.3.4.5.6.7.8:9x 12 1.1.1.1'],
    ['core\\.\\d+', 'generating core.862 core. core.1'],
    ['a|ab|abc', 'abc ab a xabcabc'],
    ['(?:abc|a).?c', 'abcc acc aXc'],
    ['[a-c]{2,3}?x', 'aabx abcx cccx x'],
    ['=\\d+', 'a=1 b== =12='],
    ['(?i)error[0-9]*', 'Error1 eRROR22 err'],
    ['[^ ]+@[^ ]+', 'mail me@x.org or you@@y no@'],
    ['(aa|a)+b', 'aaaab ab b aaac'],
    ['x[\\t-\\r]y', 'xay x\ty xty x\ry'],
    // Loghub's and Drain3's own masks.
    ['\\b(\\-?\\+?\\d+)\\b|\\b0[Xx][a-fA-F\\d]+\\b|\\b[a-fA-F\\d]{4,}\\b', 'a -12 x12 0xFFe 0xfg beef dead1 +3 -4,5 12-13 face_ 1234'],
    ['\\b[KGTM]?B\\b', '12 KB 3B GBs B 5 MB.'],
    ['((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)', 'ab:cd:ef:01 x, 1ab:cd:ef:01:23z aa:bb:cc:dd'],
    ['((?<=[^A-Za-z0-9])|^)(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})((?=[^A-Za-z0-9])|$)', '10.0.0.1:80 v10.0.0.2 10.0.0.3a (10.0.0.255)'],
    ['((?<=[^A-Za-z0-9])|^)([\\-\\+]?\\d+)((?=[^A-Za-z0-9])|$)', '1 -2 a3 4b 5-6 +7.8'],
    ['^\\d+|\\d+$', '12 34 56'],
    ['(?<!\\d)\\d{2}(?!\\d)', '1 22 333 44x55'],
    ['\\Aab|cd\\Z', 'ab ab cd cd'],
    ['\\Bab\\B', 'ab cabd cab'],
  ])('finds in %s what RegExp finds', (pattern, text) => {
    expect(byAutomaton(pattern, text)).toEqual(byRegExp(pattern, text));
  });

  it('agrees with RegExp on random patterns and texts (leftmost, first alternative, greedy and lazy)', () => {
    const atom = fc.constantFrom('a', 'b', 'c', '[ab]', '[^a]', '\\d', '.', '(a|b)', '(ab|a)', '(?:c|bc)');
    const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{1,2}?');
    const piece = fc.tuple(atom, quantifier).map(([a, q]) => a + q);
    const sequence = fc.array(piece, { minLength: 1, maxLength: 5 }).map((p) => p.join(''));
    const pattern = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((s) => s.join('|'));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' '), maxLength: 24 });
    let compared = 0;
    fc.assert(fc.property(pattern, text, (p, t) => {
      const found = byAutomaton(p, t);
      if (found === null) return; // it can match the empty string: left to RegExp
      compared++;
      expect(found).toEqual(byRegExp(p, t));
    }), { numRuns: 3000, seed: 7 });
    expect(compared).toBeGreaterThan(1000);
  });

  it('agrees with RegExp where the pattern looks at neighbours', () => {
    const atom = fc.constantFrom('a', 'b', '1', '[ab]', '[^a]', '\\d', '.', '(a|b)', '(ab|a)');
    const quantifier = fc.constantFrom('', '', '*', '+', '?', '+?', '{1,2}', '{1,2}?');
    const beside = fc.constantFrom('\\b', '\\B', '^', '$', '(?<=a)', '(?<![ab])', '(?=b|$)', '(?!\\d)', '((?<=[^a])|^)', '((?=[^b])|$)', '(?=[^1])', '(?<=\\w)');
    const piece = fc.oneof({ weight: 3, arbitrary: fc.tuple(atom, quantifier).map(([a, q]) => a + q) }, { weight: 2, arbitrary: beside });
    const sequence = fc.array(piece, { minLength: 1, maxLength: 6 }).map((p) => p.join(''));
    const pattern = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((s) => s.join('|'));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' '), maxLength: 20 });
    let compared = 0;
    let found = 0;
    fc.assert(fc.property(pattern, text, (p, t) => {
      const matches = byAutomaton(p, t);
      if (matches === null) return; // it can match the empty string: left to RegExp
      compared++;
      found += matches.length;
      expect(matches).toEqual(byRegExp(p, t));
    }), { numRuns: 2500, seed: 11 });
    expect(compared).toBeGreaterThan(1000);
    expect(found).toBeGreaterThan(500);
  });

  it('sees what stands beside the bytes it searches', () => {
    const pattern = compilePattern('\\bab\\b');
    const bytes = Buffer.from('ab');
    const seen = (before: string, behind: string): boolean => pattern?.find(bytes, 0, 2, before.charCodeAt(0) || EDGE, behind.charCodeAt(0) || EDGE) ?? false;
    expect([seen('', ''), seen('>', '<'), seen('x', ''), seen('', 'x')]).toEqual([true, true, false, false]);
  });

  it('leaves what looks further, back-references, empty matches and repeated boundaries to RegExp', () => {
    for (const p of ['(?<=xy)a', 'a(?=b+)', '(?!a|bc)d', '(a)\\1', 'a*', '\\b', '^$', '(\\ba)+', '(?m)^a', 'é+']) expect(compilePattern(p)).toBeNull();
  });

  it('takes linear time where a backtracking matcher takes exponential', () => {
    const steps = byAutomaton('(a|aa)+b', `${'a'.repeat(20_000)}c`);
    expect(steps).toEqual([]);
  });
});

describe('translatePythonRegex', () => {
  it.each([
    ['(?P<id>x+)-(?P=id)', '(?<id>x+)-\\k<id>', 'u'],
    ['(?i)abc', 'abc', 'ui'],
    ['\\Aabc\\Z', '(?<![\\s\\S])abc(?![\\s\\S])', 'u'],
    ['[]a]', '[\\]a]', 'u'],
    ['a(?#comment)b', 'ab', 'u'],
    ['(?:a)(?=b)(?<!c)', '(?:a)(?=b)(?<!c)', 'u'],
    ['a{,3}\\-\\_\\/}', 'a{0,3}-_\\/\\}', 'u'],
  ])('%s', (pattern, source, flags) => {
    expect(translatePythonRegex(pattern)).toEqual({ source, flags });
  });

  // Expected values: Python 3.11, re.findall.
  it.each([
    ['user=\\w+', 'user=zoé!', ['user=zoé']],
    ['\\d+', 'a٣٤b12', ['٣٤', '12']],
    ['\\bid\\b', 'éid id', ['id']],
    ['x.', 'x😀b', ['x😀']],
    ['[^a-z ]', 'a😀b', ['😀']],
    ['ba{,2}c', 'bc baac baaac é', ['bc', 'baac']],
    ['a\\sb', 'a\u001cb a\u00a0b é', ['a\u001cb', 'a\u00a0b']],
    ['a.b', 'a\rb a\nb é', ['a\rb']],
    ['[\\w.-]+', 'ü.b-c d', ['ü.b-c', 'd']],
  ] as const)('%s finds in %s what Python finds', (pattern, text, found) => {
    expect(text.match(compilePythonRegex(pattern, 'g'))).toEqual(found);
  });

  it.each(['(?P>n)', 'a++', '(?x) a b', '(?(1)a|b)', '(unclosed'])('refuses %s with its text', (pattern) => {
    expect(() => translatePythonRegex(pattern)).toThrow(JSON.stringify(pattern));
  });
});
