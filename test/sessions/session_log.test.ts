import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionLog } from '../../deeplog/sessions/session_log.js';

/** Numbers on both sides of where their packed form grows by a byte. */
const around = (...powers: number[]): fc.Arbitrary<number> => fc.oneof(...powers.map((p) => fc.integer({ min: -2, max: 2 }).map((d) => 2 ** p + d)));

const step = fc.record({
  session: fc.constantFrom(0, 0, 1, 1, 2),
  event: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 127 }) }, around(7, 14, 21, 28, 32).filter((e) => e < 2 ** 32)),
  gap: fc.oneof(fc.integer({ min: 1, max: 5 }), { weight: 2, arbitrary: fc.integer({ min: 16_384, max: 2_000_000 }) }, around(7, 14, 21, 28, 35)),
  since: fc.oneof(fc.constant(null), fc.integer({ min: -9, max: 9 }), { weight: 6, arbitrary: fc.integer({ min: 64, max: 8000 }) }, around(6, 13, 31, 40), around(6, 13, 30).map((ms) => -ms)),
  label: fc.constantFrom(null, true, false),
  ends: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

describe('The packed events of open sessions', () => {
  it('come out as they went in, whatever their size, whether clocks step back or times are missing, also from handles that are used again', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const log = new SessionLog();
      const open = new Map<number, { handle: number; events: number[]; lines: number[]; times: (number | null)[]; label: boolean | null }>();
      const check = (session: number): void => {
        const s = open.get(session);
        if (s === undefined) return;
        open.delete(session);
        let last: number | null = null;
        const elapsed = s.times.map((t) => {
          const since = t === null ? NaN : last === null ? 0 : t - last;
          if (t !== null) last = t;
          return since;
        });
        const contiguous = s.lines.every((l, i) => l === s.lines[0] + i);
        const record = log.close(s.handle, session, 'key');
        expect({ ...record, lines: record.lines && Array.from(record.lines), events: Array.from(record.events), elapsedMs: record.elapsedMs && Array.from(record.elapsedMs) }).toEqual({
          session, key: 'key', firstLine: s.lines[0], lines: contiguous ? null : s.lines, events: s.events, elapsedMs: last === null ? null : elapsed, label: s.label,
        });
      };
      let line = 0;
      for (const { session, event, gap, since, label, ends } of steps) {
        const s = open.get(session) ?? { handle: log.begin(), events: [], lines: [], times: [], label: null };
        open.set(session, s);
        line += gap;
        const time = (s.times.findLast((t) => t !== null) ?? 1e12) + (since ?? 0);
        log.append(s.handle, event, line, since === null ? NaN : time, label);
        s.events.push(event);
        s.lines.push(line);
        s.times.push(since === null ? null : time);
        if (label !== null) s.label = s.label === true || label;
        if (ends) check(session);
      }
      for (const session of [...open.keys()]) check(session);
    }), { numRuns: 400, seed: 7 });
  });

  it('are refused where line numbers do not rise, which would come out as other lines and events', () => {
    for (const second of [7, 8]) {
      const log = new SessionLog();
      const handle = log.begin();
      log.append(handle, 1, 8, NaN, null);
      expect(() => log.append(handle, 1, second, NaN, null)).toThrow(`Line ${second} comes after line 8 of the same session: the numbers that lines of --numbered bring along must rise.`);
    }
  });
});
