import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDetector } from '../../../deeplog/detectors/index.js';
import { configHash, Ledger, planJobs, sharingGroups, type LedgerEntry, type MatrixPart } from '../../../deeplog/evaluation/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const settings: MatrixPart['settings'] = { dataDir: 'd', artifacts: 'a', trainRatio: 0.7, valRatio: 0.85, order: 'chronological', trainOn: 'normal', targetFpr: 0.001, detectorOptions: {}, engine: {}, cache: true };
const spec = { protocol: 'hdfs-chrono' as const, seed: 1 };
const cell = { spec, settings };
const entry = (more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  schema: 'deeplog.ledger/1', at: '2026-01-01', run: 'r', commit: null, code: 'code', split_sha256: 'split', input_sha256: 'input', config_sha256: configHash(cell, 'x'), task: 'hdfs-chrono-1', detector: 'x', name: null, machine: 'm', wall_seconds: 1,
  row: { f1: 0.5 } as LedgerEntry['row'], curves: {} as LedgerEntry['curves'], ...more,
});

describe('the ledger', () => {
  it('finds a result only for the same split, inputs, settings and code', async () => {
    const file = path.join(scratchFolder(), 'sub', 'ledger.jsonl');
    await (await Ledger.open(file)).append(entry());
    const ledger = await Ledger.open(file);
    const config = configHash(cell, 'x');
    expect(ledger.get(config, 'code', 'split', 'input')?.row.f1).toBe(0.5);
    expect([ledger.get(config, 'code', 'other', 'input'), ledger.get(config, 'other', 'split', 'input'), ledger.get(configHash(cell, 'y'), 'code', 'split', 'input'), ledger.get(config, 'code', 'split', 'other')]).toEqual([null, null, null, null]);
    expect(ledger.find(config, 'code').map((e) => e.split_sha256)).toEqual(['split']);
  });

  it('tells settings apart that change a number, and no others', () => {
    const of = (more: Partial<typeof settings>, seed = 1): string => configHash({ spec: { ...spec, seed }, settings: { ...settings, ...more } }, 'x');
    const base = of({});
    expect([of({ targetFpr: 0.01 }), of({ detectorOptions: { deeplogKeys: { units: 8 } } }), of({ trainOn: 'all' }), of({ engine: { engine: 'eager' } }), of({}, 2)].filter((h) => h === base)).toEqual([]);
    expect([of({ dataDir: 'elsewhere' }), of({ cache: false }), of({ engine: { threads: 7 } }), of({ trainRatio: 0.1 })]).toEqual([base, base, base, base]); // shares are the named protocol's own
  });

  it('only grows; a line that a killed run left half-written costs that line alone', async () => {
    const file = path.join(scratchFolder(), 'ledger.jsonl');
    await (await Ledger.open(file)).append(entry());
    const before = readFileSync(file, 'utf8');
    appendFileSync(file, JSON.stringify(entry({ split_sha256: 'torn' })).slice(0, 60));
    const ledger = await Ledger.open(file);
    expect([ledger.size, ledger.tornLines]).toEqual([1, 1]);
    await ledger.append(entry({ split_sha256: 'after' }));
    expect(readFileSync(file, 'utf8').startsWith(before)).toBe(true);
    const again = await Ledger.open(file);
    expect([again.size, again.tornLines]).toEqual([2, 1]);
    writeFileSync(file, `no json\n${before}`);
    await expect(Ledger.open(file)).rejects.toThrow(/line 1 is no ledger entry/);
  });
});

describe('the plan', () => {
  it('keeps detectors together that share a network, and what combines them; the others alone; long ones first', () => {
    const groups = sharingGroups(['event-set', 'deeplog-keys', 'length', 'deeplog-keys-nll', 'deeplog-workflow', 'deeplog'].map((id) => createDetector(id)));
    expect(groups).toEqual([['event-set'], ['deeplog-keys', 'deeplog-keys-nll', 'deeplog-workflow', 'deeplog'], ['length']]);
    const jobs = planJobs([{ name: null, protocols: ['hdfs-chrono', 'bgl-chrono'], detectors: ['event-set', 'deeplog-keys'], seeds: [1, 2], settings }]);
    expect(jobs.map((j) => `${j.spec.protocol} ${j.spec.seed} ${j.detectors.join()}`)).toEqual([
      'hdfs-chrono 1 deeplog-keys', 'hdfs-chrono 2 deeplog-keys', 'bgl-chrono 1 deeplog-keys', 'bgl-chrono 2 deeplog-keys',
      'hdfs-chrono 1 event-set', 'hdfs-chrono 2 event-set', 'bgl-chrono 1 event-set', 'bgl-chrono 2 event-set',
    ]);
  });
});
