import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Ledger, runMatrix } from '../../../deeplog/evaluation/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

it.skipIf(process.platform !== 'linux')('two workers that need more than they may together: one makes room, and its cells run alone', async () => {
  const folder = scratchFolder();
  const inputFile = path.join(folder, 's.txt');
  writeFileSync(inputFile, Array.from({ length: 200 }, (_, i) => (i % 9 === 8 ? '1 3' : '1 2')).join('\n'));
  const said: string[] = [];
  const ledger = await Ledger.open(path.join(folder, 'ledger.jsonl'));
  const result = await runMatrix({
    parts: [{ name: null, protocols: ['custom'], seeds: [1], detectors: ['unseen-key', 'length', 'event-set'], settings: { dataDir: folder, artifacts: folder, inputFile, trainRatio: 0.5, valRatio: 0.7, order: 'random', trainOn: 'normal', targetFpr: 0.01, detectorOptions: {}, engine: {}, cache: false } }],
    // Two processes of Node with the workbench loaded are some 400 MB; one is not 300.
    ledger, jobs: 2, memoryMb: 300, workerMb: 150, run: 'test', signal: new AbortController().signal, onLine: (line) => said.push(line),
  });
  expect(said.filter((line) => line.includes('to keep within --memory'))).not.toEqual([]);
  expect(result.failures).toEqual([]);
  expect(result.cells.map((c) => c.row.detector)).toEqual(['unseen-key', 'length', 'event-set']);
  expect(ledger.size).toBe(3);
}, 60_000);
