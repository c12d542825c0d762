import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../deeplog/artifacts/index.js';
import { createAdapter, type AdapterOptions } from '../../deeplog/sessions/index.js';

interface Line { text: string; time?: number; label?: boolean }

/** Runs lines through an adapter: the session given to each, and the sessions that came out. */
function group(options: AdapterOptions, lines: readonly (string | Line)[]): { placed: number[]; sessions: SessionRecord[] } {
  const adapter = createAdapter(options);
  const sessions: SessionRecord[] = [];
  const placed = lines.map((l, i) => {
    const { text, time = NaN, label = null } = typeof l === 'string' ? { text: l } : l;
    const buffer = Buffer.from(text);
    const session = adapter.add({ buffer, start: 0, end: buffer.length, ascii: buffer.length === text.length, line: i + 1, event: 100 + i, time, label, keyStart: -1, keyEnd: -1 });
    sessions.push(...adapter.takeClosed());
    return session;
  });
  sessions.push(...adapter.finish());
  return { placed, sessions };
}

const linesOf = (s: SessionRecord): number[] => (s.lines === null ? Array.from(s.events, (_, i) => s.firstLine + i) : Array.from(s.lines));

describe('only_identifier', () => {
  it('numbers sessions from 1 by first appearance; the key is the whole first match; lines without one are unassigned', () => {
    const { placed, sessions } = group({ type: 'only_identifier', regex: 'blk_(-?\\d+)' }, ['a blk_7', 'b blk_-3 blk_7', 'none', 'c blk_7']);
    expect(placed).toEqual([1, 2, -1, 1]);
    expect(sessions.map((s) => [s.session, s.key, linesOf(s), Array.from(s.events)])).toEqual([[1, 'blk_7', [1, 4], [100, 103]], [2, 'blk_-3', [2], [101]]]);
  });
});

describe('delimiter+regex', () => {
  it('opens a new session of an identifier at its delimiter, and a fresh one where the delimiter was missed', () => {
    const options: AdapterOptions = { type: 'delimiter+regex', regex: 'id=\\d+', delimiter: 'START' };
    const { placed, sessions } = group(options, ['id=1 x', 'START id=1', 'id=2 y', 'id=1 z', 'START id=2', 'START nobody', 'id=2 w']);
    expect(placed).toEqual([1, 2, 3, 2, 4, -1, 4]);
    expect(sessions.map((s) => [s.session, s.key, linesOf(s)])).toEqual([[1, 'id=1', [1]], [2, 'id=1', [2, 4]], [3, 'id=2', [3]], [4, 'id=2', [5, 7]]]);
  });
});

describe('only_delimiter', () => {
  it('counts up at each delimiter; what comes before the first is session 0', () => {
    const { placed, sessions } = group({ type: 'only_delimiter', delimiter: '---' }, ['a', 'b', '--- 1', 'c', '--- 2']);
    expect(placed).toEqual([0, 0, 1, 1, 2]);
    expect(sessions.map((s) => [s.session, linesOf(s)])).toEqual([[0, [1, 2]], [1, [3, 4]], [2, [5]]]);
  });

  it('has no session 0 when the first line is a delimiter', () => {
    expect(group({ type: 'only_delimiter', delimiter: '-' }, ['-', 'a', '-']).sessions.map((s) => s.session)).toEqual([1, 2]);
  });
});

describe('interval_time', () => {
  it('starts anew when delta has passed since the session began; midnight is no boundary', () => {
    const day = 86_400_000;
    const at = (ms: number): Line => ({ text: 'x', time: day + ms });
    const { placed, sessions } = group({ type: 'interval_time', deltaMs: 60_000 }, [at(-30_000), at(-1), at(20_000), at(30_000), at(89_999), at(90_000), { text: 'undated' }]);
    expect(placed).toEqual([1, 1, 1, 2, 2, 3, 3]);
    expect(Array.from(sessions[0].elapsedMs ?? [])).toEqual([0, 29_999, 20_001]);
    expect(sessions[2].elapsedMs?.[1]).toBeNaN();
  });
});

describe('fixed_window', () => {
  it('cuts windows of lines; the last, shorter one holds what no full window does', () => {
    const lines = Array.from({ length: 11 }, () => 'x');
    expect(group({ type: 'fixed_window', size: 4, stride: 2 }, lines).sessions.map(linesOf)).toEqual([[1, 2, 3, 4], [3, 4, 5, 6], [5, 6, 7, 8], [7, 8, 9, 10], [9, 10, 11]]);
    const even = group({ type: 'fixed_window', size: 4, stride: 4 }, lines);
    expect(even.placed).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3]);
    expect(even.sessions.map(linesOf)).toEqual([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11]]);
  });

  it('makes 474,620 windows of 4,746,210 lines, as the BGL protocol has', () => {
    expect(Math.floor((4_746_210 - 20) / 10) + 1).toBe(474_620);
    const { sessions } = group({ type: 'fixed_window', size: 20, stride: 10 }, Array.from({ length: 200 }, () => 'x'));
    expect(sessions).toHaveLength(Math.floor((200 - 20) / 10) + 1);
  });

  it('labels a window abnormal when any of its lines is', () => {
    const { sessions } = group({ type: 'fixed_window', size: 2, stride: 2 }, [{ text: 'x', label: false }, { text: 'x', label: true }, { text: 'x', label: false }]);
    expect(sessions.map((s) => s.label)).toEqual([true, false]);
  });

  it('refuses a stride that would lose lines', () => {
    expect(() => createAdapter({ type: 'fixed_window', size: 4, stride: 5 })).toThrow('lines between windows would be lost');
  });
});

describe('sliding_time', () => {
  it('slides by step and leaves empty windows out', () => {
    const lines = [0, 5, 12, 40].map((s): Line => ({ text: 'x', time: s * 1000 }));
    expect(group({ type: 'sliding_time', windowMs: 10_000, stepMs: 5000 }, lines).sessions.map(linesOf)).toEqual([[1, 2], [2, 3], [3], [4]]);
  });
});

describe('every adapter', () => {
  it('returns events, lines and times as they went in (brute force)', () => {
    const line = fc.record({ id: fc.integer({ min: 0, max: 4 }), start: fc.boolean(), step: fc.integer({ min: -3000, max: 200_000 }), dated: fc.boolean() });
    fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 120 }), (rows) => {
      let clock = 1e12;
      const lines = rows.map((r) => ({ text: `${r.start ? 'START ' : ''}id=${r.id}`, time: r.dated ? (clock += r.step) : NaN }));
      const { placed, sessions } = group({ type: 'delimiter+regex', regex: 'id=\\d', delimiter: 'START' }, lines);
      for (const s of sessions) {
        const own = placed.flatMap((p, i) => (p === s.session ? [i] : []));
        expect(linesOf(s)).toEqual(own.map((i) => i + 1));
        expect(Array.from(s.events)).toEqual(own.map((i) => 100 + i));
        let before = NaN;
        const elapsed = own.map((i) => {
          const time = lines[i].time;
          if (Number.isNaN(time)) return NaN;
          const since = Number.isNaN(before) ? 0 : time - before;
          before = time;
          return since;
        });
        expect(s.elapsedMs === null ? null : Array.from(s.elapsedMs)).toEqual(elapsed.every(Number.isNaN) ? null : elapsed);
      }
    }), { numRuns: 300, seed: 11 });
  });
});
