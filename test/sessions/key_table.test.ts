import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../deeplog/sessions/key_table.js';

/** The table's index of every key, each given somewhere within a buffer of its own. */
function indices(table: KeyTable, keys: readonly Buffer[], before = 0, behind = 0): number[] {
  return keys.map((key) => table.index(Buffer.concat([Buffer.alloc(before, 7), key, Buffer.alloc(behind, 9)]), before, before + key.length));
}

/** The same by a Map. */
function expected(keys: readonly Buffer[]): number[] {
  const known = new Map<string, number>();
  return keys.map((k) => {
    const key = k.toString('latin1');
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key) ?? -1;
  });
}

const key = fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ minLength: 60, maxLength: 70 }), fc.constantFrom('blk_1', 'blk_12', 'blk_123', 'blk_1234', 'é', 'éa', '').map((s) => new Uint8Array(Buffer.from(s)))).map((b) => Buffer.from(b));

describe('A table of keys', () => {
  it('numbers keys of any bytes and length by first appearance, wherever they stand, and anew when cleared', () => {
    const table = new KeyTable();
    fc.assert(fc.property(fc.array(key, { maxLength: 300 }), fc.nat(5), fc.nat(5), (keys, before, behind) => {
      table.clear();
      expect(indices(table, keys, before, behind)).toEqual(expected(keys));
      const { keys: arena, keyEnds } = table.contents();
      const distinct = [...new Map(keys.map((k) => [k.toString('latin1'), k])).values()];
      expect(table.size).toBe(distinct.length);
      expect(distinct.map((_, i) => Buffer.from(arena.subarray(i === 0 ? 0 : keyEnds[i - 1], keyEnds[i])).toString('latin1'))).toEqual(distinct.map((k) => k.toString('latin1')));
    }), { numRuns: 100, seed: 3 });
  });

  it('tells keys with one hash apart', () => {
    // Found by hashing 400,000 keys of this kind as the table does: each pair has one 32-bit hash, and one length.
    const pairs = [['blk_1021785169v', 'blk_1875706777f'], ['blk_1338357375o', 'blk_1407862438d'], ['blk_1061855309l', 'blk_1418157138d']].map(([a, b]) => [Buffer.from(a), Buffer.from(b)]);
    for (const pair of pairs) expect(indices(new KeyTable(), [...pair, ...pair])).toEqual([0, 1, 0, 1]);
  });
});
