import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker } from '../../deeplog/parsing/masking.js';

/** What the masks find, on the bytes or, `slowly`, on the text as masked so far. */
function spans(patterns: readonly string[], text: string, slowly: boolean, names = patterns.map(() => '*')): { found: number[][]; quick: boolean } {
  const masker = new Masker(patterns.map((regexPattern, i) => ({ regexPattern, maskWith: names[i] })));
  const quick = (masker as unknown as { independent: boolean }).independent;
  if (slowly) Object.assign(masker, { independent: false });
  const line = Buffer.from(`xx${text}yy`);
  masker.run(line, 2, line.length - 2, true);
  return { found: Array.from({ length: masker.count }, (_, i) => [masker.starts[i], masker.ends[i], masker.masks[i]]), quick };
}

describe('Masks on bytes', () => {
  it("find what they find on text, with Drain3's own masks", () => {
    const drain3 = [
      '((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)', '((?<=[^A-Za-z0-9])|^)(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})((?=[^A-Za-z0-9])|$)',
      '((?<=[^A-Za-z0-9])|^)([0-9a-f]{6,} ?){3,}((?=[^A-Za-z0-9])|$)', '((?<=[^A-Za-z0-9])|^)([0-9A-F]{4} ?){4,}((?=[^A-Za-z0-9])|$)', '((?<=[^A-Za-z0-9])|^)(0x[a-f0-9A-F]+)((?=[^A-Za-z0-9])|$)', '((?<=[^A-Za-z0-9])|^)([\\-\\+]?\\d+)((?=[^A-Za-z0-9])|$)',
    ];
    const text = 'aa:bb:cc:dd from 10.0.0.1:8080 (0xFF) took 12 ms, -3 retries, abcdef 012345 fedcba 1A2B 3C4D 5E6F 7A8B end 7';
    const quick = spans(drain3, text, false);
    expect(quick.quick).toBe(true);
    expect(quick.found).toEqual(spans(drain3, text, true).found);
    expect(quick.found.map(([from, to]) => `xx${text}`.slice(from, to))).toEqual(['aa:bb:cc:dd', '10.0.0.1', '8080', '0xFF', '12', '-3', 'abcdef 012345 fedcba', '1A2B 3C4D 5E6F 7A8B', '7'].sort((a, b) => text.indexOf(a) - text.indexOf(b)));
  });

  it('find what they find on text, whatever stands beside what earlier ones put in', () => {
    const piece = fc.constantFrom('a', 'b', '1', '\\d+', 'a+', '[ab]', 'ab', '\\b', '\\B', '^', '$', '(?<=a)', '(?<!>)', '(?=<|$)', '(?![ab])', '((?<=[^a])|^)', '(?<=>)');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => p.join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '-'), maxLength: 16 });
    let compared = 0;
    let found = 0;
    fc.assert(fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), text, (patterns, t) => {
      const names = patterns.map((_, i) => ['*', 'NUM', '_'][i]);
      const quick = spans(patterns, t, false, names);
      if (!quick.quick) return;
      compared++;
      found += quick.found.length;
      expect(quick.found).toEqual(spans(patterns, t, true, names).found);
    }), { numRuns: 1000, seed: 3 });
    expect(compared).toBeGreaterThan(250);
    expect(found).toBeGreaterThan(75);
  });
});
