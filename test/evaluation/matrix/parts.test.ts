import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkParts, Ledger, renderTables, rowNames, runMatrix, type MatrixPart } from '../../../deeplog/evaluation/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';
import { rowWith } from '../pitfalls/rows.js';

removeScratchAfterwards();

const settings: MatrixPart['settings'] = { dataDir: 'd', artifacts: 'a', trainRatio: 0.5, valRatio: 0.7, order: 'chronological', trainOn: 'normal', targetFpr: 0.001, detectorOptions: {}, engine: {}, cache: false };
const part = (more: Partial<MatrixPart['settings']> = {}, name: string | null = null, protocols: MatrixPart['protocols'] = ['hdfs-chrono']): MatrixPart => ({ name, protocols, seeds: [1], detectors: ['pca'], settings: { ...settings, ...more } });

describe('parts of a matrix', () => {
  it('with other settings are other lines, by name or by number; with the same, one', () => {
    const namesOf = (...parts: MatrixPart[]): string[] => parts.map((p) => rowNames(parts)(p, p.protocols[0], 'pca'));
    expect(namesOf(part(), part({ targetFpr: 0.3 }))).toEqual(['pca (part 1)', 'pca (part 2)']);
    expect(namesOf(part(), { ...part(), seeds: [2] })).toEqual(['pca', 'pca']);
    expect(namesOf(part(), part({ targetFpr: 0.3 }, 'loose'))).toEqual(['pca', 'pca (loose)']);
    expect(namesOf(part(), part({ targetFpr: 0.3 }, null, ['bgl-chrono']))).toEqual(['pca', 'pca']); // nothing to tell apart in one table
    expect(namesOf(part({}, 'a'), part({ targetFpr: 0.3 }, 'b'), part({ trainRatio: 0.1 }))).toEqual(['pca (a)', 'pca (b)', 'pca']);
  });

  it('on other splits of one protocol are refused', () => {
    expect(() => checkParts([part({}, 'a', ['custom']), part({ trainRatio: 0.6 }, 'b', ['custom'])])).toThrow('run custom on different splits');
    expect(() => checkParts([part(), part({ trainOn: 'all' })])).toThrow('--train_on differ');
    expect(() => checkParts([part(), part({ trainRatio: 0.6 }), part({ inputFile: 'x' })])).not.toThrow(); // a named protocol has shares of its own
  });

  it('of other target rates or numbers of origins have tables of their own, and no common mean', () => {
    const rows = [rowWith({ f1: 0.5 }), rowWith({ f1: 0.75, target_fpr: 0.3 }), rowWith({ f1: 0.25, fold: 1, folds: 2 })];
    const text = renderTables({ schema: 'deeplog.results/1', rows }, 'plain');
    expect(text).not.toContain('±');
    expect(text.match(/^d · custom/gm)).toHaveLength(3);
    expect(text).toContain('at 30 % false alarms');
  });
});

it('a detector that a set has not enough for is a failure where it was named, and said where it came with a group', async () => {
  const folder = scratchFolder();
  const inputFile = path.join(folder, 's.txt');
  writeFileSync(inputFile, Array.from({ length: 60 }, (_, i) => (i % 9 === 8 ? '1 3' : '1 2')).join('\n'));
  const said: string[] = [];
  const run = async (named: readonly string[]): Promise<Awaited<ReturnType<typeof runMatrix>>> => runMatrix({
    parts: [{ ...part({ dataDir: folder, artifacts: folder, inputFile }, null, ['custom']), detectors: ['unseen-key', 'deeplog-params'], named }],
    ledger: await Ledger.open(path.join(folder, 'ledger.jsonl')), jobs: 1, memoryMb: 1000, run: 'test', signal: new AbortController().signal, onLine: (line) => said.push(line),
  });
  const grouped = await run([]);
  expect([grouped.cells.map((c) => c.row.detector), grouped.failures, grouped.leftOut]).toEqual([['unseen-key'], [], [expect.stringMatching(/^custom: deeplog-params needs parameters/)]]);
  expect(said).toContainEqual(expect.stringMatching(/^left out, custom: deeplog-params needs/));
  const named = await run(['deeplog-params']);
  expect([named.failures, named.leftOut, named.reused]).toEqual([[expect.stringContaining('deeplog-params needs parameters')], [], 1]);
}, 60_000);
