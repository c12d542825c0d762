import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchmark, renderTables, type Results } from '../../deeplog/evaluation/index.js';
import { rankOf } from '../../deeplog/evaluation/line_rank.js';
import { drainSettings, runDrain } from '../../deeplog/sessions/index.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { BLOCK_STORE_FLAGS, parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

describe('the rank of the labelled line', () => {
  const session = { events: new Uint32Array(10) };

  it('is its place among the lines that the evidence names, each counted once', () => {
    expect(rankOf([{ line: 5 }, { line: 5 }, {}, { line: 7 }, { line: 9 }], session, new Set([7, 9]))).toBe(2);
  });

  it('is what a random order of the other lines would give where the evidence does not name it', () => {
    expect(rankOf([{ line: 5 }], session, new Set([7]))).toBe(1 + 10 / 2); // one of nine others: 5th of them on average
    expect(rankOf([], session, new Set([7]))).toBe(5.5);
    expect(rankOf([], session, new Set([7, 8, 9]))).toBe(11 / 4);
  });
});

async function rows(inputFile: string, detectors: readonly string[]): Promise<Results> {
  const folder = scratchFolder();
  const { results } = await benchmark({
    protocols: ['custom'], detectors, seeds: [1], dataDir: folder, artifacts: folder, inputFile, trainRatio: 0.5, valRatio: 0.75, order: 'chronological', trainOn: 'normal', targetFpr: 0.01,
    detectorOptions: {}, cache: false, engine: () => Promise.reject(new Error('no engine is needed')), report: SILENT, signal: new AbortController().signal,
  });
  return results;
}

describe('a benchmark of a log with labels per line', () => {
  it('says at which rank each detector puts the line that is labelled', async () => {
    const folder = scratchFolder();
    const log = simulateBlockStore({ sessions: 600, anomalyShare: 0.1, seed: 3, faults: ['unknown_event'] });
    const input_file = path.join(folder, 'sample.log');
    writeFileSync(input_file, `${log.lines.join('\n')}\n`);
    const output_path = path.join(folder, 'drain');
    await runDrain(drainSettings({ ...BLOCK_STORE_FLAGS, input_file, output_path, anomaly_labels: ['checksum mismatch'], fit_share: 0.5 }));
    const results = await rows(output_path, ['unseen-key', '2-gram', 'pca']);
    const [unseen, pairs] = results.rows;
    // The planted line is the only one with an unknown event, and of two unknown pairs it is in both.
    expect(unseen.line_rank).toMatchObject({ sessions: unseen.tp, median_rank: 1, mean_rank: 1, first: 1, among_5: 1 });
    expect(pairs.line_rank?.mean_rank).toBeLessThan((pairs.line_rank?.chance_rank ?? 0) / 3);
    expect(renderTables(results, 'plain')).toMatch(/Which line\?[\s\S]*unseen-key +custom/);
  });

  it('is not asked of a log whose labels are of sessions', async () => {
    const parsed = await parseSimulated(simulateBlockStore({ sessions: 300, anomalyShare: 0.1, seed: 3 }), scratchFolder());
    expect((await rows(parsed, ['unseen-key'])).rows[0].line_rank).toBeNull();
  });
});
