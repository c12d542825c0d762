import { expect, it } from 'vitest';
import { agreements, overlap, packVerdicts, renderTables, ties, type CellResult } from '../../deeplog/evaluation/index.js';
import { rowWith } from './pitfalls/rows.js';

const N = 300;
const bits = (of: (i: number) => boolean): Uint8Array => Uint8Array.from({ length: N }, (_, i) => Number(of(i)));
const abnormal = (i: number): boolean => i % 6 === 0;

function cellOf(detector: string, flags: (i: number) => boolean, more: Partial<CellResult['row']> = {}, labelled = true): CellResult {
  const all = Array.from({ length: N }, (_, i) => i);
  const of = (f: boolean, a: boolean): number => all.filter((i) => flags(i) === f && abnormal(i) === a).length;
  const [tp, fp, fn, tn] = [of(true, true), of(true, false), of(false, true), of(false, false)];
  const counted = labelled ? { tp, fp, fn, tn, f1: (2 * tp) / (2 * tp + fp + fn) } : { tp: null, fp: null, fn: null, tn: null, f1: null, precision: null, recall: null, mcc: null } as unknown as Record<string, number>;
  return {
    row: rowWith({ detector, n_test: N, alerts: tp + fp, ...counted, ...more }),
    curves: { verdicts: packVerdicts({ flagged: bits(flags), abnormal: labelled ? bits(abnormal) : null, labelled: labelled ? bits(() => true) : null }) } as CellResult['curves'],
  };
}

const good = cellOf('good', (i) => abnormal(i) && i % 60 !== 0);
const other = cellOf('other', (i) => abnormal(i) && i % 60 !== 6);
const poor = cellOf('poor', (i) => i % 5 === 0);
const silent = cellOf('silent', () => false);

it('counts the sessions that two detectors flag, and their share of what either flags', () => {
  const [agreement] = agreements([good, other, poor, silent]);
  const flags = [good, other, poor, silent].map(({ row }) => row.alerts);
  expect(agreement.both.map((row, i) => row[i])).toEqual(flags);
  // 50 abnormal; each of the two misses 5 of them, not the same.
  expect(agreement.both[0][1]).toBe(40);
  expect(overlap(agreement, 0, 1)).toBe(40 / 50);
  // Multiples of 30, but not of 60, are flagged by both: 5; of the 45 and 60, 100 are flagged by either.
  expect([agreement.both[0][2], overlap(agreement, 0, 2)]).toEqual([5, 5 / 100]);
  expect([overlap(agreement, 0, 3), overlap(agreement, 3, 3)]).toEqual([0, null]);
});

it('tells what is worse than the best beyond chance from what could be as good', () => {
  const [{ against_best: against }] = agreements([poor, other, good, silent]);
  expect(against?.best).toBe('other'); // as good as "good", and named first
  expect(ties(against?.others ?? []).map((o) => o.detector)).toEqual(['good']);
  expect(against?.others.find((o) => o.detector === 'silent')?.interval).toEqual([expect.any(Number), expect.any(Number)]);
});

it('is one for each table, of its first seed; one detector agrees with nobody', () => {
  const second = { ...poor, row: { ...poor.row, seed: 2 } };
  const elsewhere = [good, poor].map((c) => ({ ...c, row: { ...c.row, protocol: 'hdfs-raw' as const } }));
  expect(agreements([good, second, other, ...elsewhere]).map((a) => [a.protocol, a.detectors])).toEqual([['custom', ['good', 'other']], ['hdfs-raw', ['good', 'poor']]]);
  expect(agreements([good])).toEqual([]);
});

it('without labels a table says how many each detector flags, at which rate, and how much they agree', () => {
  const cells = [good, other, silent].map(({ row }, i) => cellOf(row.detector, [(j: number): boolean => j % 6 === 0 && j % 60 !== 0, (j: number): boolean => j % 6 === 0 && j % 60 !== 6, (): boolean => false][i], {}, false));
  const text = renderTables({ schema: 'deeplog.results/1', rows: cells.map((c) => c.row), agreement: agreements(cells) }, 'plain');
  expect(text).toMatch(/detector +flagged +share +fit s\n/);
  expect(text).toMatch(/good +45 +15\.0 % +0\.0\n/);
  expect(text).toContain('custom, at 0.1 % · sessions that two detectors both flag, as a share of those that either flags');
  expect(text).toMatch(/good +45 +– +80 % +0 %\n/);
  expect(text).not.toMatch(/F1|precision|NaN/);
});

it('with labels a terminal gets a sentence, a document the differences with their intervals', () => {
  const cells = [good, other, poor];
  const results = { schema: 'deeplog.results/1', rows: cells.map((c) => c.row), agreement: agreements(cells) } as const;
  expect(renderTables(results, 'plain')).toContain('custom, at 0.1 %: good has the highest F1; other could be as good, the others are lower (95 %, resampled sessions)');
  const unsure = results.agreement.map((a) => ({ ...a, against_best: a.against_best && { ...a.against_best, others: a.against_best.others.map((o) => ({ ...o, interval: null })) } }));
  expect(renderTables({ ...results, agreement: unsure }, 'plain')).toContain('good has the highest F1, and there are too few abnormal sessions to say whether the others are worse');
  expect(renderTables(results, 'markdown')).toMatch(/\| poor \| −0\.\d+ \| −0\.\d+ to −0\.\d+ \| yes \|/);
});
