import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packVerdicts, renderTables, tableOf, writeReport, type CellResult, type ResultRow } from '../../deeplog/evaluation/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { flaggedKeys } from '../../deeplog/evaluation/verdicts.js';
import { PART, SessionTableBuilder, UNLABELLED } from '../../deeplog/sequences/index.js';
import { rowWith } from './pitfalls/rows.js';

removeScratchAfterwards();

const UNMEASURED = { tp: null, fp: null, fn: null, tn: null, f1: null, precision: null, recall: null, mcc: null, oracle_f1: null, pr_auc: null, roc_auc: null, specificity: null } as unknown as Partial<ResultRow>;
const bare = (more: Partial<ResultRow> = {}): ResultRow => rowWith({ ...UNMEASURED, ...more });
const cellOf = (row: ResultRow, more: Partial<CellResult['curves']> = {}): CellResult => ({ row, curves: { roc: [], pr: [], sweep: [], histogram: { edges: [0, 1], normal: [2], abnormal: [0], scale: 'linear', beyond: null }, triage: null, verdicts: packVerdicts({ flagged: Uint8Array.of(1, 0), abnormal: null, labelled: null }), ...more } });

async function pageOf(cells: readonly CellResult[]): Promise<string> {
  const folder = scratchFolder();
  await writeReport(folder, { schema: 'deeplog.results/1', rows: cells.map((c) => c.row) }, cells, 'deeplog benchmark');
  return readFileSync(path.join(folder, 'report.md'), 'utf8');
}

it('has no column of a set without labels in which nothing stands', () => {
  const head = (rows: readonly ResultRow[]): string[] => tableOf(rows).table[0];
  expect(head([bare()])).toEqual(['detector', 'flagged', 'share', 'fit s']);
  expect(head([bare(), bare({ detector: 'y', alerts_per_day: 0 })])).toContain('flagged/day');
  // Tables with labels keep theirs.
  expect(head([rowWith({})])).toContain('alerts/day');
});

it('without labels speaks of no normals, operating points or answers', async () => {
  const page = await pageOf([cellOf(bare())]);
  expect(page).not.toMatch(/## Operating points|## Triage|oracle|validation normals|normal sessions/);
  expect(page).toContain('Nothing here has labels');
  expect(page).toContain('thresholds from validation sessions, all taken for normal, at 0.1 % false alarms');
  expect(page).toContain('## Cost');
  const labelled = await pageOf([cellOf(rowWith({ triage: { pattern_kind: 'events', runs: [{ rules: 'ask once', f1: 1, questions: 1, settled: 1 }] } }))]);
  for (const part of ['## Operating points', '## Triage', 'oracle', "validation part's normal sessions", 'The charts are in report.html.']) expect(labelled).toContain(part);
  expect(renderTables({ schema: 'deeplog.results/1', rows: [rowWith({})] }, 'plain')).toContain('thresholds from validation normals at');
});

it('without labels names flagged sessions, the most suspicious first', async () => {
  const builder = new SessionTableBuilder();
  for (let i = 0; i < 6; i++) builder.add([i + 1], 0, 1, UNLABELLED);
  const table = builder.build({ keys: ['a', 'b', 'c', 'd', 'e|', 'f'] } as never);
  const task = { table, split: { parts: Uint8Array.of(PART.train, PART.test, PART.test, PART.test, PART.test, PART.test) } } as never;
  const scores = Float64Array.of(9, 2, 5, 1, 7, 5);
  expect(flaggedKeys(task, scores, 1)).toEqual(['e|', 'c', 'f', 'b']);
  expect(flaggedKeys(task, scores, 1, 2)).toEqual(['e|', 'c']);
  expect(await pageOf([cellOf(bare({ alerts: 4 }), { flagged_keys: flaggedKeys(task, scores, 1) })])).toContain('| custom | x | 1 | 4 | e\\|, c, f, b |');
  expect(await pageOf([cellOf(bare({ alerts: 0 }), { flagged_keys: [] })])).not.toContain('Flagged sessions');
});
