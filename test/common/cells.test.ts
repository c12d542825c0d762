import { describe, expect, it } from 'vitest';
import { codeCell, csvCell } from '../../deeplog/common/index.js';

describe('csvCell', () => {
  it.each([['blk_-1', 'blk_-1'], ['a,b', '"a,b"'], ['say "x"', '"say ""x"""'], ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'], ['+1', "'+1"], ['-1', "'-1"], ['@SUM(A1)', "'@SUM(A1)"], ['\tx', "'\tx"]])('writes %j as %j', (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });
});

describe('codeCell', () => {
  it('leaves nothing that ends the code or the cell', () => {
    expect(codeCell('<img src=x> [a](b) `c` | d\re', 100)).toBe("`<img src=x> [a](b) 'c' \\| d e`");
    expect(codeCell('abcdef', 3)).toBe('`abc…`');
  });
});
