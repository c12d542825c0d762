import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EncodedBlock } from '../../../deeplog/evaluation/autoencoder/encoded_files.js';
import { WindowStream } from '../../../deeplog/evaluation/autoencoder/line_stream.js';
import { timeOfDay } from '../../../deeplog/evaluation/autoencoder/log_lines.js';

/** Every line is a kind of its own, whose vector is its number. */
function block(first: number, count: number): EncodedBlock {
  return {
    first, kinds: Uint32Array.from({ length: count }, (_, i) => first + i), errors: new Float32Array(count), times: new Float64Array(count),
    sines: Float32Array.from({ length: count }, (_, i) => -(first + i)), cosines: Float32Array.from({ length: count }, (_, i) => (first + i) / 2),
  };
}

describe('windows of a stream of lines', () => {
  it('are the same however the log is cut into blocks, and leave no line out', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.boolean(), (blocks, windowSize, stride, timed) => {
      fc.pre(stride <= windowSize);
      const lines = blocks.reduce((a, b) => a + b, 0);
      const latents = Float32Array.from({ length: lines + 1 }, (_, i) => i);
      const stream = new WindowStream({ windowSize, stride, latent: 1, timed });
      const width = timed ? 3 : 1;
      const found: number[][] = [];
      const keep = ({ firstLines, windows, vectors }: ReturnType<WindowStream['add']>): void => windows.forEach((window, w) => {
        found.push(Array.from(window, (at) => vectors[at * width]));
        expect(found[found.length - 1][0]).toBe(firstLines[w]);
        if (timed) window.forEach((at) => expect([vectors[at * width + 1], vectors[at * width + 2]]).toEqual([-vectors[at * width], vectors[at * width] / 2]));
      });
      let first = 1;
      for (const count of blocks) {
        keep(stream.add(block(first, count), latents));
        first += count;
      }
      keep(stream.end());
      const expected: number[][] = [];
      for (let start = 1; start + windowSize - 1 <= lines; start += stride) expected.push(Array.from({ length: windowSize }, (_, i) => start + i));
      if ((expected.at(-1)?.at(-1) ?? 0) < lines) expected.push(Array.from({ length: Math.min(windowSize, lines) }, (_, i) => Math.max(1, lines - windowSize + 1) + i));
      expect(found).toEqual(expected);
      expect(new Set(found.flat()).size).toBe(lines);
    }));
  });
});

describe('the time of day', () => {
  it('is a point on a circle that midnight does not break', () => {
    const at = (time: string): number[] => { const day = timeOfDay(Date.parse(time)); return [day?.sine ?? NaN, day?.cosine ?? NaN].map((x) => Math.round(x * 1000) / 1000 + 0); };
    expect(at('2008-11-09T00:00:00Z')).toEqual([0, 1]);
    expect(at('2008-11-10T06:00:00Z')).toEqual([1, 0]);
    expect(at('2008-11-10T12:00:00Z')).toEqual([0, -1]);
    expect(at('1969-12-31T18:00:00Z')).toEqual([-1, 0]);
    expect(timeOfDay(NaN)).toBeNull();
  });
});
