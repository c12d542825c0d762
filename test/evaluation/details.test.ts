import { describe, expect, it } from 'vitest';
import { createDetector, DETECTOR_IDS, requireNeeds } from '../../deeplog/detectors/index.js';
import { benchmark, type Task } from '../../deeplog/evaluation/index.js';
import { SessionTableBuilder, splitByShare } from '../../deeplog/sequences/index.js';
import { meeting } from '../../deeplog/evaluation/benchmark.js';
import { SILENT } from '../../deeplog/training/index.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

describe('detectors and what a data set has', () => {
  it('are refused by name, with what is lacking and what to do', () => {
    expect(() => requireNeeds('deeplog-params', createDetector('deeplog-params').needs, new Set(['events']), 'hdfs')).toThrow(/deeplog-params needs parameters, and hdfs has event ids only.*hdfs-raw.*or leave deeplog-params out/);
    expect(() => requireNeeds('deeplog', createDetector('deeplog').needs, new Set(['events', 'params']), 'x')).not.toThrow();
  });

  it('know each other: every id makes a detector of that id', () => {
    expect(DETECTOR_IDS.filter((id) => createDetector(id).id !== id)).toEqual([]);
    expect(DETECTOR_IDS).toEqual(expect.arrayContaining(['deeplog-keys', 'deeplog-params', 'deeplog-workflow', 'deeplog']));
  });

  it("take a named set's hyperparameters there, and not in a set of one's own that is called like it", () => {
    const builder = new SessionTableBuilder();
    for (let i = 0; i < 10; i++) builder.add([1, 2], 0, 2, 0);
    const table = builder.build();
    const task = { dataset: 'bgl', protocol: 'bgl-chrono', unit: 'session', table, split: splitByShare(table, { trainUntil: 0.5, validationUntil: 0.7, order: 'chronological', seed: 1, trainOn: 'normal' }), seed: 1, complete: true, notes: [], files: [] } as const satisfies Task;
    const topG = (of: Task): unknown => meeting(of, { detectors: ['logbert'], detectorOptions: {} }, null)[0].config?.().topG;
    expect(topG(task)).toBe(15); // BGL/logbert.py of the authors' code
    expect(topG({ ...task, protocol: 'custom' })).toBe(createDetector('logbert').config?.().topG);
    expect(createDetector('logbert').config?.().topG).not.toBe(15);
  });

  it('in a benchmark: refused where named, left out with a word where not', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'deeplog-bench-'));
    try {
      const inputFile = path.join(folder, 'ids.txt');
      await writeFile(inputFile, Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? '1 2 3 4 5' : '1 3 2 4 5')).join('\n'));
      const run = (skipUnmet: boolean, onSkip: (why: string) => void) => benchmark({
        protocols: ['custom'], detectors: ['deeplog-params', 'deeplog-workflow'], seeds: [1], dataDir: folder, artifacts: folder, inputFile, trainRatio: 0.5, valRatio: 0.75, order: 'chronological', trainOn: 'normal', targetFpr: 0.01,
        detectorOptions: {}, cache: false, engine: () => Promise.reject(new Error('no engine is needed')), report: SILENT, signal: new AbortController().signal, skipUnmet, onSkip,
      });
      await expect(run(false, () => undefined)).rejects.toThrow(/deeplog-params needs parameters/);
      const skipped: string[] = [];
      const { results: { rows } } = await run(true, (why) => skipped.push(why));
      expect(rows.map((r) => r.detector)).toEqual(['deeplog-workflow']);
      expect(skipped).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
