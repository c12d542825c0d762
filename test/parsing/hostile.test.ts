import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dropForgottenTokens, LogFormat, TemplateMiner } from '../../deeplog/parsing/index.js';
import { SafeRegex } from '../../deeplog/parsing/patterns/index.js';

describe('a bounded regular expression', () => {
  // Expected values: Python 3.11, re.search(...).span() and groups.
  it.each([
    ['(\\d+)-(x)?', 'ab 12-', [3, 6, [[3, 5], [-1, -1]]]],
    ['(a|ab)(c|bcd)(d*)', 'abcd', [0, 4, [[0, 1], [1, 4], [4, 4]]]],
    ['(?i)ÉTÉ', 'un été', [3, 6, []]],
    ['(?<=x)(\\w+)', 'x12', [1, 3, [[1, 3]]]],
  ])('%s finds what Python finds', (pattern, text, [start, end, groups]) => {
    expect(new SafeRegex(pattern).exec(text, 0)).toEqual({ start, end, groups });
  });

  it('finds the same through RE2 as through RegExp', () => {
    const piece = fc.constantFrom('a', 'b', '[ab]', '\\d', '(a|b)', '(?:ab|a)', 'a+', 'b*?', '(a+)', '\\w+', 'x?');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => p.join(''));
    fc.assert(fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'x', '1', ' ', 'é'), maxLength: 14 }), (p, t) => {
      const direct = new SafeRegex(p).exec(t, 0);
      const linear = new SafeRegex(`(?:(?:${p})+){1,}`).exec(t, 0); // a repeat in a repeat goes to RE2; it begins where one does
      expect(linear?.start).toBe(direct?.start);
    }), { numRuns: 500 });
  });

  it.each(['(a+)+b', '(a|aa)+b', '(?:\\w+\\s?)*!', '(.*)*x'])('%s takes no time where backtracking would take forever', (pattern) => {
    expect(new SafeRegex(pattern).exec(`${'a'.repeat(20_000)} é`, 0)).toBeNull();
  });

  it('gives up a search that nothing else bounds, and the expression when that goes on', () => {
    const regex = new SafeRegex('(?<!y)(a+)+b');
    expect(regex.exec('a'.repeat(40), 0)).toBeNull();
    expect(regex.exec('aab', 0)).toMatchObject({ start: 0, end: 3 });
    expect(() => { for (let i = 0; i < 20; i++) regex.exec('a'.repeat(40), 0); }).toThrow('Rewrite it without repeats inside repeats');
  }, 20_000);
});

describe('hostile lines', () => {
  it('of any bytes neither crash the parser nor change what it said before', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 40 }).map((s) => Uint8Array.from(Buffer.from(s))), fc.constantFrom('user 7 ok', 'user 8 ok', '<*> <*>', '\0\0 x').map((s) => Uint8Array.from(Buffer.from(s))));
    fc.assert(fc.property(fc.array(bytes, { maxLength: 30 }), fc.constantFrom('drain', 'spell', 'jaccard'), (lines, parser) => {
      const miner = new TemplateMiner({ parser, masking: [{ regexPattern: '(\\d+)+', maskWith: '*' }, { regexPattern: '\\bé\\b', maskWith: 'E' }], drain: { maxClusters: 5 } });
      for (const line of lines) {
        const text = Buffer.from(Buffer.from(line).toString('utf8'));
        const cluster = miner.addBytes(text, 0, text.length, text.every((b) => b < 128));
        expect(cluster.id).toBeGreaterThan(0);
        for (let p = 0; p < miner.found.count; p++) {
          expect(miner.found.starts[p]).toBeLessThanOrEqual(miner.found.ends[p]);
          expect(miner.found.ends[p]).toBeLessThanOrEqual(text.length);
        }
      }
      expect([...miner.parser.store.clusters()].length).toBeLessThanOrEqual(5);
    }), { numRuns: 300 });
  });

  it('of ten megabytes are taken like others', () => {
    const miner = new TemplateMiner({ masking: [{ regexPattern: '\\w+@\\w+', maskWith: 'MAIL' }] });
    const line = Buffer.from(`start ${'é'.repeat(5_000_000)} end`);
    expect(miner.addBytes(line, 0, line.length, false).id).toBe(1);
    const format = new LogFormat('<A> <B>(\\[<P>\\])?: <Content>');
    expect(format.match(line, 0, line.length, false)).toBe(false);
  }, 30_000);
});

describe('ever new templates', () => {
  it('leave no tokens behind when their number is limited', () => {
    const miner = new TemplateMiner({ drain: { maxClusters: 3 } });
    const before = new TemplateMiner({ drain: { maxClusters: 3 } });
    const word = (n: number): string => n.toString(26).replace(/\d/g, (d) => 'qrstuvwxyz'[Number(d)]);
    for (let i = 0; i < 50_000; i++) {
      const line = `${word(i)} ${word(i * 7)} ${word(i * 13)} a`;
      expect(miner.add(line).id).toBe(before.add(line).id);
      if (i % 1000 === 0) dropForgottenTokens(miner);
    }
    expect(miner.tokens.size).toBeLessThan(before.tokens.size);
    expect(miner.add(`${word(49_999)} x x a`).id).toBe(before.add(`${word(49_999)} x x a`).id);
    expect([...miner.parser.store.byRecency()].map((c) => c.id)).toEqual([...before.parser.store.byRecency()].map((c) => c.id));
  });
});
