import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketFor, bucketLengths, LineBook, TokenCounts, tokensOf, TokenVocabulary } from '../../deeplog/text/index.js';

describe('tokens', () => {
  it('are runs of letters and every other character by itself', () => {
    expect(tokensOf('081109 INFO dfs.DataNode$Xceiver: blk_-16 src: /10.2', 'each')).toEqual(['0', '8', '1', '1', '0', '9', 'INFO', 'dfs', '.', 'DataNode', '$', 'Xceiver', ':', 'blk', '_', '-', '1', '6', 'src', ':', '/', '1', '0', '.', '2']);
    expect(tokensOf('größe=7µs 😀é', 'same')).toEqual(['größe', '=', '0', 'µs', '😀', 'é']);
    expect(tokensOf(' \t ', 'same')).toEqual([]);
    expect(tokensOf('081109 5 blk_-1608 v2.10x7', 'run')).toEqual(['0', '0', 'blk', '_', '-', '0', 'v', '0', '.', '0', 'x', '0']);
  });

  it('are what the regular expression that says the same would give', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('0', '7', 'a', ' ', '.') })), (line) => {
      expect(tokensOf(line, 'each')).toEqual(line.match(/\p{L}+|[^\s]/gu) ?? []);
      expect(tokensOf(line, 'run')).toEqual((line.match(/\p{L}+|[0-9]+|[^\s]/gu) ?? []).map((token) => token.replace(/^[0-9]+$/, '0')));
    }), { numRuns: 500 });
  });
});

describe('a token vocabulary', () => {
  const counts = new TokenCounts('same');
  for (let i = 0; i < 10; i++) counts.add('read block 17');
  counts.add('read failed', 9);
  const vocabulary = TokenVocabulary.fit(counts, 10);

  it('keeps what occurs often enough, the most frequent first, after padding, unknown and END', () => {
    expect(vocabulary.tokens).toEqual(['0', 'read', 'block']); // 20, 19, 10 times; "failed" 9
    expect([...vocabulary.encode('read failed 5', 200)]).toEqual([4, 1, 3, 2]);
    expect(vocabulary.size).toBe(6);
  });

  it('cuts long lines, END always last', () => {
    expect([...vocabulary.encode('read block read block', 3)]).toEqual([4, 5, 2]);
  });

  it('says what to do when nothing is frequent enough', () => {
    expect(() => TokenVocabulary.fit(new TokenCounts('same'), 10)).toThrow('Lower --min_word_freq');
  });

  it('makes one kind of the lines that it cannot tell apart', () => {
    const book = new LineBook(vocabulary, 200);
    expect(['read block 17', 'read  block 42', 'block', 'read block 3'].map((line) => book.intern(line, 2))).toEqual([0, 0, 1, 2]);
    expect(book.examples).toEqual(['read block 17', 'block', 'read block 3']);
    expect(book.weights).toEqual([4, 2, 2]);
  });
});

describe('bucket lengths', () => {
  it('spend the fewest tokens on padding', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(lengths, fc.integer({ min: 1, max: 3 }), (drawn, count) => {
      const spent = (buckets: readonly number[]): number => drawn.reduce((sum, n) => sum + bucketFor(buckets, n), 0);
      const chosen = bucketLengths(drawn, count, 200);
      expect(chosen.length).toBeLessThanOrEqual(count);
      const top = Math.ceil(Math.max(...drawn) / 8) * 8;
      const others = Array.from({ length: top / 8 }, (_, i) => 8 * (i + 1));
      const all = count === 1 ? [[top]] : count === 2 ? others.map((a) => [a, top]) : others.flatMap((a) => others.map((b) => [Math.min(a, b), Math.max(a, b), top]));
      expect(spent(chosen)).toBe(Math.min(...all.map(spent)));
    }));
  });

  it('go no further than the longest line allowed', () => {
    expect(bucketLengths([500, 199, 12], 2, 200)).toEqual([16, 200]);
  });
});
