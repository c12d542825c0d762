import { describe, expect, it } from 'vitest';
import { SPLIT_OPTIONS } from '../../../deeplog/cli/index.js';
import { renderTables, requireOneSplit, type ResultRow } from '../../../deeplog/evaluation/index.js';
import { PART } from '../../../deeplog/sequences/index.js';
import { BENCHMARK_OPTIONS } from '../../../run/run_benchmark.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';
import { madeUpSessions, taskFrom, writeBgl, writeHdfs } from './made_up_sets.js';
import { rowWith } from './rows.js';

removeScratchAfterwards();

const rowsOf = (parts: Uint8Array, part: number): number[] => Array.from(parts.keys()).filter((i) => parts[i] === part);

describe('a random split of time-ordered data', () => {
  it('is not the default', () => {
    expect(SPLIT_OPTIONS.split.default).toBe('chronological');
  });

  it('keeps time in order in every protocol that does not say random', async () => {
    const folder = scratchFolder();
    writeHdfs(folder, madeUpSessions(500));
    for (const protocol of ['hdfs-chrono', 'hdfs-chrono-40'] as const) {
      const { parts } = (await taskFrom(folder, folder, { protocol, seed: 3 })).split;
      expect(Math.max(...rowsOf(parts, PART.train))).toBeLessThan(Math.min(...rowsOf(parts, PART.validation)));
      expect(Math.max(...rowsOf(parts, PART.validation))).toBeLessThan(Math.min(...rowsOf(parts, PART.test)));
    }
  });

  it('says so in its notes, and the table puts it beside the split in order, with the difference', async () => {
    const folder = scratchFolder();
    writeHdfs(folder, madeUpSessions(500));
    writeBgl(folder, Array.from({ length: 1010 }, (_, i) => 1 + (i % 7)), Array.from({ length: 100 }, (_, i) => (i % 9 === 0 ? 1 : 0)));
    for (const protocol of ['hdfs-random', 'bgl-random'] as const) expect((await taskFrom(folder, folder, { protocol, seed: 1 })).notes.join()).toMatch(/random split|leaks/);
    const text = renderTables({ schema: 'deeplog.results/1', rows: [rowWith({ protocol: 'hdfs-chrono', f1: 0.25 }), rowWith({ protocol: 'hdfs-random', f1: 0.75, split_sha256: 'b'.repeat(64) })] }, 'markdown');
    expect(text).toContain('| x | 0.250 | 0.750 | +0.500 |');
  });
});

describe('overlapping windows across the split', () => {
  it('share no line: every line of the log is on one side of each seam only', async () => {
    const folder = scratchFolder();
    // 1,010 lines, windows of 20 every 10. Every line has an event of its own, so that a window's events are its lines.
    writeBgl(folder, Array.from({ length: 1010 }, (_, i) => i + 1), Array.from({ length: 100 }, () => 0));
    for (const fold of [undefined, { index: 0, of: 3 }, { index: 2, of: 3 }]) {
      const { table, split } = await taskFrom(folder, folder, { protocol: 'bgl-chrono', seed: 1, ...(fold === undefined ? {} : { fold }) });
      const linesOf = (part: number): Set<number> => new Set(rowsOf(split.parts, part).flatMap((w) => [...table.sequence(table.sequenceOf[w])]));
      const [train, validation, test] = [PART.train, PART.validation, PART.test].map(linesOf);
      for (const [a, b] of [[train, validation], [validation, test], [train, test]]) expect([...a].filter((line) => b.has(line))).toEqual([]);
      expect(Math.min(train.size, validation.size, test.size)).toBeGreaterThan(0);
    }
  });
});

describe('different test sets', () => {
  const row = (extra: Partial<ResultRow>): ResultRow => rowWith(extra);

  it('do not share a table: rows of different split hashes are refused', () => {
    expect(() => requireOneSplit([row({}), row({ split_sha256: 'b'.repeat(64) })])).toThrow('2 different splits');
    expect(() => renderTables({ schema: 'deeplog.results/1', rows: [row({}), row({ detector: 'y', split_sha256: 'b'.repeat(64) })] }, 'plain')).toThrow('different splits');
    expect(() => renderTables({ schema: 'deeplog.results/1', rows: [row({ fold: 1, folds: 2 }), row({ fold: 1, folds: 2, detector: 'y', split_sha256: 'b'.repeat(64) })] }, 'plain')).toThrow('different splits');
  });

  it('have different hashes when one session, one label or one part differs', async () => {
    const folder = scratchFolder();
    const hash = async (sessions: ReturnType<typeof madeUpSessions>, seed = 1): Promise<string> => {
      writeHdfs(folder, sessions);
      return (await taskFrom(folder, folder, { protocol: 'hdfs-random', seed })).split.sha256;
    };
    const sessions = madeUpSessions(200);
    const before = await hash(sessions);
    expect(await hash(sessions)).toBe(before);
    expect(await hash(sessions.map((s, i) => (i === 150 ? { ...s, events: [...s.events, 9] } : s)))).not.toBe(before);
    expect(await hash(sessions.map((s, i) => (i === 150 ? { ...s, abnormal: !s.abnormal } : s)))).not.toBe(before);
    expect(await hash(sessions, 2)).not.toBe(before);
  });
});

describe('windows and sessions', () => {
  it('do not share a table, and every table says its unit', () => {
    expect(() => renderTables({ schema: 'deeplog.results/1', rows: [rowWith({}), rowWith({ detector: 'y', unit: 'window20/10' })] }, 'plain')).toThrow('different units');
    expect(() => renderTables({ schema: 'deeplog.results/1', rows: [rowWith({}), rowWith({ seed: 2, unit: 'window20/10', split_sha256: 'b'.repeat(64) })] }, 'plain')).toThrow('different units');
    expect(renderTables({ schema: 'deeplog.results/1', rows: [rowWith({ unit: 'window20/10' })] }, 'plain')).toContain('unit: window20/10');
  });
});

describe('missing baselines', () => {
  it('do not go missing: without --detectors, trivial and classical ones stand in the table beside the deep ones', () => {
    expect(BENCHMARK_OPTIONS.detectors.default).toEqual(expect.arrayContaining(['trivial', 'classical', 'supervised', 'deep']));
  });
});
