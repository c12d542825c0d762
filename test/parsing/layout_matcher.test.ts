import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LayoutMatcher } from '../../deeplog/parsing/layout_matcher.js';

const LAYOUTS = [
  ['<A> <B>(\\[<P>\\])?: <Content>', '^(.*?)\\s+(.*?)(\\[(.*?)\\])?:\\s+(.*?)$', [1, 2, 4, 5]],
  ['<A>  <B>\\[<P>\\]( \\(<Q>\\))?: <Content>', '^(.*?)\\s+(.*?)\\[(.*?)\\](\\s+\\((.*?)\\))?:\\s+(.*?)$', [1, 2, 3, 5, 6]],
  ['(<A>-)?<B> x<Content>', '^((.*?)-)?(.*?)\\s+x(.*?)$', [2, 3, 4]],
  ['<A> (<B> <C> )?<D>: <Content>', '^(.*?)\\s+((.*?)\\s+(.*?)\\s+)?(.*?):\\s+(.*?)$', [1, 3, 4, 5, 6]],
  ['<A>:(<B> )?(<C>-)?<Content>\\.', '^(.*?):((.*?)\\s+)?((.*?)-)?(.*?)\\.$', [1, 3, 5, 6]],
] as const;

describe('LayoutMatcher', () => {
  it.each(LAYOUTS)('splits lines as the regular expression of %s does', (layout, regex, groups) => {
    const fields = [...layout.matchAll(/<(\w+)>/g)].map((m) => m[1]);
    const matcher = LayoutMatcher.compile(layout, fields);
    expect(matcher).not.toBeNull();
    const line = fc.array(fc.constantFrom('a', 'b', ' ', '  ', '     ', ':', ': ', '[', ']', '](', '(', ')', '-', ' x', '.', 'é'), { maxLength: 18 }).map((p) => p.join(''));
    let fitted = 0;
    fc.assert(fc.property(line, (text) => {
      const match = new RegExp(regex, 's').exec(text);
      const buffer = Buffer.from(text);
      expect(matcher?.match(buffer, 0, buffer.length)).toBe(match !== null);
      if (match === null) return;
      fitted++;
      expect(fields.map((_, i) => buffer.toString('utf8', matcher?.starts[i], matcher?.ends[i]))).toEqual(groups.map((g) => match[g] ?? ''));
    }), { numRuns: 3000, seed: 3 });
    expect(fitted).toBeGreaterThan(2);
  });

  it('leaves true regular expressions alone', () => {
    for (const layout of ['<A>[ab]<Content>', '<A> (x|y) <Content>', '<A>\\d+<Content>', '<A>a+ <Content>', '<A>(\\d)?<Content>', '<A>(:)*<Content>']) expect(LayoutMatcher.compile(layout, ['A', 'Content'])).toBeNull();
  });

  it('takes linear time over a long line that does not fit', () => {
    const matcher = LayoutMatcher.compile('<A> <B> <C> <D> <E> <F> <G> <H> <I>(\\[<P>\\])?: <Content>', ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'P', 'Content']);
    const line = Buffer.from('a [ '.repeat(500_000));
    expect(matcher?.match(line, 0, line.length)).toBe(false);
  });

  it.each([
    ['<A> <B> <C> <D> <E>(\\[<P>\\])?: <Content>', 'Jan', 'x'],
    ['<A> <B> <C> <D> <E>(\\[<P>\\])?: <Content>', 'Jan', '[x'],
    ['<A> (<B> <C> )?(<D> )?<E>: <Content>', '', 'x'],
    ['<A> :(<B> <C>\\.)?( <D>;)? <Content>,', ':', 'x'],
  ])('takes linear time over long runs of blanks with %s', (layout, before, after) => {
    const fields = [...layout.matchAll(/<(\w+)>/g)].map((m) => m[1]);
    const matcher = LayoutMatcher.compile(layout, fields);
    for (const blanks of [' '.repeat(500_000), `${' '.repeat(700)}y`.repeat(700)]) {
      const line = Buffer.from(`${before}${blanks}${after}`);
      expect(matcher?.match(line, 0, line.length)).toBe(false);
    }
  });
});
