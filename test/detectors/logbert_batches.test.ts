import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MaskedBatches } from '../../deeplog/detectors/deep/logbert/masked_batches.js';
import { Tokens } from '../../deeplog/detectors/deep/logbert/tokens.js';
import { Vocabulary } from '../../deeplog/sequences/index.js';

const TOKENS = new Tokens(new Vocabulary([10, 11, 12, 13]), 512);
const MASKING = { ratio: 0.65, passes: 4, seed: 3 };
const source = (lengths: readonly number[], batchSize: number): MaskedBatches =>
  new MaskedBatches(lengths.map((n, i) => ({ keys: Int32Array.from({ length: n }, (_, k) => 3 + ((i + k) % 4)), weight: 1 + i })), TOKENS, batchSize, MASKING, 4);

describe('length buckets', () => {
  it('have room for the keys and DIST, and are few', () => {
    expect([0, 15, 16, 23, 24, 47, 79, 511].map((keys) => TOKENS.lengthFor(keys))).toEqual([16, 16, 24, 24, 32, 48, 80, 512]);
    expect(new Tokens(new Vocabulary([]), 40).lengths).toEqual([16, 24, 32, 40]);
  });

  it('longer sessions are cut into chunks of nearly equal length that leave nothing out', () => {
    const events = Uint32Array.from({ length: 1600 }, (_, i) => 10 + (i % 4));
    const chunks = TOKENS.chunks(events, 7);
    expect(chunks.map(({ start, keys }) => [start, keys.length])).toEqual([[0, 400], [400, 400], [800, 400], [1200, 400]]);
    expect(chunks.flatMap(({ keys }) => [...keys])).toEqual([...events].map((e) => TOKENS.vocabulary.index(e)));
    expect(TOKENS.chunks(new Uint32Array(), 0)).toHaveLength(1);
  });

  it('cut any order into batches of one length, as many whatever the order', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.nat()), (lengths, batchSize, numbers) => {
      const batches = source(lengths, batchSize);
      const shuffled = lengths.map((_, i) => [numbers.next().value as number, i]).sort(([a], [b]) => a - b).map(([, i]) => i);
      const cut = batches.cut(Uint32Array.from(shuffled));
      expect(cut.flatMap((b) => [...b]).sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      for (const b of cut) {
        expect(b.length).toBeLessThanOrEqual(batchSize);
        expect(new Set(Array.from(b, (i) => TOKENS.lengthFor(lengths[i]))).size).toBe(1);
      }
      expect(cut.length).toBe(batches.cut(Uint32Array.from(lengths, (_, i) => i)).length);
    }));
  });
});

describe('masked batches', () => {
  it('hide keys behind MASK, another key or themselves, weigh only those, and leave padding alone', () => {
    const batches = source(Array.from({ length: 64 }, (_, i) => 5 + (i % 10)), 64);
    const shown = { mask: 0, same: 0, other: 0 };
    let [masked, cells] = [0, 0];
    for (let step = 1; step <= 50; step++) {
      const { batch, weight } = batches.batch(Uint32Array.from({ length: 64 }, (_, i) => i), step);
      let sum = 0;
      for (let row = 0; row < 64; row++) {
        const n = 5 + (row % 10);
        expect(batch.ids[row * 16]).toBe(TOKENS.dist);
        expect(batch.rows[row]).toBe(1 + row);
        for (let k = 0; k < 15; k++) {
          const cell = row * 16 + 1 + k;
          const key = 3 + ((row + k) % 4);
          sum += batch.weights[cell];
          if (k >= n) expect([batch.ids[cell], batch.weights[cell]]).toEqual([0, 0]);
          else if (batch.weights[cell] === 0) expect(batch.ids[cell]).toBe(key);
          else {
            expect(batch.targets[cell]).toBe(key);
            expect(batch.weights[cell]).toBe(1 + row);
            masked++;
            shown[batch.ids[cell] === TOKENS.mask ? 'mask' : batch.ids[cell] === key ? 'same' : 'other']++;
          }
          if (k < n) cells++;
        }
      }
      expect(weight).toBeCloseTo(sum, 0);
    }
    // 65 % hidden; of those 80 % MASK, 10 % another key of four (a quarter of them the same by chance), 10 % as it was.
    expect(masked / cells).toBeCloseTo(0.65, 1);
    expect(shown.mask / masked).toBeCloseTo(0.8, 1);
    expect(shown.same / masked).toBeCloseTo(0.125, 1);
    expect(shown.other / masked).toBeCloseTo(0.075, 1);
  });

  it('draw the same masks for the same update, others for another, and fixed ones of MASK alone for validation', () => {
    const batches = source([9, 9, 9], 4);
    const all = Uint32Array.of(0, 1, 2);
    expect(batches.batch(all, 5)).toEqual(batches.batch(all, 5));
    expect(batches.batch(all, 5)).not.toEqual(batches.batch(all, 6));
    const { batch } = batches.batch(all, 0);
    batch.weights.forEach((w, i) => { if (w > 0) expect(batch.ids[i]).toBe(TOKENS.mask); });
    expect(batch.rows[3]).toBe(0);
  });
});
