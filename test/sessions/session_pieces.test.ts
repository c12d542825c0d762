import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdapter, type PlacedLine } from '../../deeplog/sessions/index.js';
import { LineBlock } from '../../deeplog/sessions/line_block.js';
import { SessionPacker } from '../../deeplog/sessions/session_pieces.js';
import { fillRoom, openRoom } from '../../deeplog/sessions/workers/room.js';
import { ParameterColumns } from '../../deeplog/artifacts/parameter_columns.js';

/** Blocks of rows; a key of 0 is none. */
const blocks = (timed: boolean): fc.Arbitrary<readonly (readonly { key: number; event: number; gap: number; time: number; label: number }[])[]> => fc.array(fc.array(fc.record({
  key: fc.integer({ min: 0, max: 6 }), event: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(4_000_000_000)), gap: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(2 ** 40)),
  time: timed ? fc.oneof(fc.integer({ min: -1000, max: 1e12 }), fc.double({ min: 0, max: 10, noNaN: true }).map(Math.round)) : fc.constant(NaN), label: fc.integer({ min: -1, max: 1 }),
}), { maxLength: 40 }), { minLength: 1, maxLength: 4 });

const counts = { lines: 0, emptyLines: 0, unparsedLines: 0, undatedLines: 0, repairedLines: 0 };

describe('Rows grouped by session', () => {
  it.each([true, false])('add to the sessions what the lines would one by one (with times: %s)', (timed) => {
    fc.assert(fc.property(blocks(timed), (given) => {
      const [one, whole] = [0, 1].map(() => createAdapter({ type: 'only_identifier', regex: 'k\\d' }));
      const packer = new SessionPacker();
      let line = 0;
      for (const rows of given) {
        const block = new LineBlock({ logFormat: null, timeFormat: null, labelColumn: null, anomalyLabels: [] }, { ...counts }, () => undefined);
        const text = Buffer.from(rows.map((r) => (r.key === 0 ? 'none\n' : `a k${r.key}\n`)).join(''));
        block.read({ buffer: text, end: text.length, ascii: true });
        const sessions: number[] = [];
        for (const [i, r] of rows.entries()) {
          block.line[i] = line += r.gap;
          block.time[i] = r.time;
          block.event[i] = r.event;
          block.label[i] = r.label;
          block.keyStarts[i] = r.key === 0 ? -1 : block.starts[i] + 2;
          block.keyEnds[i] = r.key === 0 ? -1 : block.starts[i] + 4;
          const placed: PlacedLine = { buffer: text, start: block.starts[i], end: block.ends[i], ascii: true, line, event: r.event, time: r.time, label: r.label < 0 ? null : r.label === 1, keyStart: -1, keyEnd: -1 };
          sessions.push(one.add(placed));
        }
        const packed = packer.pack(block);
        if (packed === null || whole.addPieces === undefined) throw new Error('could not be packed');
        const found = new Int32Array(rows.length);
        const { room, sizes } = fillRoom(undefined, block, new ParameterColumns(1, 1), packed);
        const { pieces } = openRoom(room, sizes); // as a worker's come
        if (pieces === null) throw new Error('the pieces were left out');
        expect(whole.addPieces(pieces, block, found)).toBe(true);
        expect([...found]).toEqual(sessions);
      }
      expect([...whole.finish()]).toEqual([...one.finish()]);
    }), { numRuns: 150, seed: 4 });
  });

  it('are not packed where only some have a time', () => {
    const block = new LineBlock({ logFormat: null, timeFormat: null, labelColumn: null, anomalyLabels: [] }, { ...counts }, () => undefined);
    const text = Buffer.from('k1\nk2\n');
    block.read({ buffer: text, end: text.length, ascii: true });
    block.keyStarts.set([0, 3]);
    block.keyEnds.set([2, 5]);
    block.time.set([5, NaN]);
    expect(new SessionPacker().pack(block)).toBeNull();
  });
});
