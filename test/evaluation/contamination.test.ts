import { describe, expect, it } from 'vitest';
import { labelledSource, tableSource } from '../../deeplog/detectors/index.js';
import { contaminate, planTasks, variantName } from '../../deeplog/evaluation/index.js';
import { ABNORMAL, NORMAL, PART, SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';

/** 1,000 sessions, every tenth abnormal; 500 train, 200 validation, 300 test. */
const builder = new SessionTableBuilder();
for (let i = 0; i < 1000; i++) builder.add([i % 10 === 9 ? 9 : 1], 0, 1, i % 10 === 9 ? ABNORMAL : NORMAL);
const table = builder.build();
const split = splitByShare(table, { trainUntil: 0.5, validationUntil: 0.7, order: 'chronological', seed: 1, trainOn: 'normal' });

describe('overlooked anomalies', () => {
  it('are the given share of those before the test part, in training and validation, labelled normal there', () => {
    const dirty = contaminate(table, split, 0.1, 1);
    const moved = Array.from(split.parts.keys()).filter((s) => dirty.split.parts[s] !== split.parts[s]);
    expect(moved).toHaveLength(7); // of 50 + 20
    for (const s of moved) expect([table.labels[s], dirty.table.labels[s], split.parts[s], dirty.split.parts[s]]).toEqual([ABNORMAL, NORMAL, PART.none, s < 500 ? PART.train : PART.validation]);
    expect(dirty.note).toContain('7 of 70 abnormal sessions');
  });

  it('leave the test part and its labels as they are', () => {
    const dirty = contaminate(table, split, 1, 1);
    expect(dirty.split.parts.slice(700)).toEqual(split.parts.slice(700));
    expect(dirty.table.labels.slice(700)).toEqual(table.labels.slice(700));
  });

  it('are learned as normal, by methods with labels too', () => {
    const dirty = contaminate(table, split, 1, 1);
    expect(tableSource(dirty.table, dirty.split, PART.train).size).toBe(500);
    expect([...labelledSource(dirty.table, dirty.split, PART.train).distinct()].map((d) => [d.session.events[0], d.count, d.abnormal])).toEqual([[1, 450, 0], [9, 50, 0]]);
  });

  it('make a split of their own, by hash, drawn by the seed', () => {
    expect(contaminate(table, split, 0.1, 1).split.sha256).not.toBe(split.sha256);
    expect(contaminate(table, split, 0.1, 2).split.sha256).not.toBe(contaminate(table, split, 0.1, 1).split.sha256);
    expect(contaminate(table, split, 0.1, 1).split.sha256).toBe(contaminate(table, split, 0.1, 1).split.sha256);
  });
});

describe('where there is none to overlook', () => {
  it('the sweep is refused, before any work for a protocol that never has one', () => {
    expect(() => planTasks({ protocols: ['hdfs-chrono', 'hdfs-4855'], seeds: [1], sweep: 'contamination' })).toThrow('hdfs-4855 has no abnormal session before its test part');
    const clean = table.withLabels(new Uint8Array(table.size));
    expect(() => contaminate(clean, split, 0.1, 1)).toThrow('no session before the test part is labelled abnormal');
  });
});

describe('sweeps', () => {
  it('of contamination: none, 0.1, 1, 10 % and all of the anomalies', () => {
    expect(planTasks({ protocols: ['hdfs-chrono'], seeds: [1], sweep: 'contamination' }).map((s) => s.variant && variantName(s.variant))).toEqual(['0', '0.1', '1', '10', '100'].map((p) => `${p} % of the anomalies overlooked`));
  });

  it('of parsers: the same log under other settings, refused where nothing is parsed', () => {
    expect(planTasks({ protocols: ['hdfs-raw'], seeds: [1], sweep: 'parser' }).length).toBeGreaterThanOrEqual(2);
    expect(() => planTasks({ protocols: ['hdfs-raw', 'bgl-chrono'], seeds: [1], sweep: 'parser' })).toThrow('bgl-chrono is read as event ids');
  });
});
