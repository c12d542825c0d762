import { describe, expect, it } from 'vitest';
import { planTasks, renderTables, rollingOrigin, splitName, type ResultRow } from '../../deeplog/evaluation/index.js';
import { rowWith } from './pitfalls/rows.js';
import { NORMAL, PART, SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';

function tableOf(n: number): ReturnType<SessionTableBuilder['build']> {
  const builder = new SessionTableBuilder();
  for (let i = 0; i < n; i++) builder.add([i % 7], 0, 1, NORMAL);
  return builder.build();
}

const rowsOf = (parts: Uint8Array, part: number): number[] => Array.from(parts.keys()).filter((i) => parts[i] === part);

describe('rolling origins', () => {
  const table = tableOf(1000);
  const folds = [0, 1, 2, 3].map((index) => splitByShare(table, { ...rollingOrigin(0.2, 0.3, { index, of: 4 }), order: 'chronological', seed: 1, trainOn: 'normal' }));

  it("begin with the split's own training part, and each trains on all that came before its validation part", () => {
    expect(folds.map(({ parts }) => [rowsOf(parts, PART.train).length, rowsOf(parts, PART.validation).length])).toEqual([[200, 100], [375, 100], [550, 100], [725, 100]]);
    for (const { parts } of folds) {
      const [train, validation, test] = [PART.train, PART.validation, PART.test].map((p) => rowsOf(parts, p));
      expect(train).toEqual(train.map((_, i) => i));
      expect(validation[0]).toBe(train.length);
      expect(test[0]).toBe(train.length + validation.length);
    }
  });

  it('together test exactly what the split itself tests, once each', () => {
    expect(folds.flatMap(({ parts }) => rowsOf(parts, PART.test))).toEqual(Array.from({ length: 700 }, (_, i) => 300 + i));
  });

  it('are different splits, by hash', () => {
    expect(new Set(folds.map((f) => f.sha256)).size).toBe(4);
  });

  it('leave a window out at each seam where windows overlap', () => {
    const { parts } = splitByShare(table, { ...rollingOrigin(0.2, 0.3, { index: 1, of: 4 }), order: 'chronological', seed: 1, trainOn: 'normal', purgeSeams: true });
    expect([parts[375], parts[475]]).toEqual([PART.none, PART.none]);
  });

  it('are planned for every protocol and seed, and named apart', () => {
    const specs = planTasks({ protocols: ['hdfs-chrono', 'bgl-chrono'], seeds: [1, 2], folds: 2 });
    expect(specs.map(splitName)).toEqual(['hdfs-chrono-1-origin1of2', 'hdfs-chrono-1-origin2of2', 'hdfs-chrono-2-origin1of2', 'hdfs-chrono-2-origin2of2', 'bgl-chrono-1-origin1of2', 'bgl-chrono-1-origin2of2', 'bgl-chrono-2-origin1of2', 'bgl-chrono-2-origin2of2']);
  });

  it('give mean ± sample standard deviation and the worst in the table', () => {
    const row = (fold: number, f1: number): ResultRow => rowWith({ split_sha256: String(fold).repeat(64), fold, folds: 3, f1 });
    const text = renderTables({ schema: 'deeplog.results/1', rows: [row(1, 0.5), row(2, 0.9), row(3, 0.7)] }, 'markdown');
    expect(text).toContain('3 origins');
    expect(text).toMatch(/\| x \|.* 0\.700 ± 0\.200 \|.*\| 0\.500 \|/);
    expect(text).toContain('| worst F1 |');
  });
});
