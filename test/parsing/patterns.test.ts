import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytePattern, compilePythonRegex, translatePythonRegex } from '../../deeplog/parsing/patterns/index.js';

/** All non-overlapping matches by the automaton. */
function byAutomaton(pattern: string, text: string): [number, number][] | null {
  const compiled = BytePattern.compile(pattern);
  if (compiled === null) return null;
  const bytes = Buffer.from(text);
  const out: [number, number][] = [];
  for (let at = 0; compiled.find(bytes, at, bytes.length); at = compiled.matchEnd) out.push([compiled.matchStart, compiled.matchEnd]);
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

  it('leaves look-around, anchors, boundaries, back-references and empty matches to RegExp', () => {
    for (const p of ['(?<=x)a', '^a', 'a$', '\\ba', '(a)\\1', 'a*', 'é+']) expect(BytePattern.compile(p)).toBeNull();
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
