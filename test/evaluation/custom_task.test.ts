import { beforeAll, describe, expect, it } from 'vitest';
import { customTask } from '../../deeplog/evaluation/custom_task.js';
import { drift, type Task } from '../../deeplog/evaluation/index.js';
import { inputHash } from '../../deeplog/evaluation/input_hash.js';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { SILENT } from '../../deeplog/training/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const log = simulateBlockStore({ sessions: 200, anomalyShare: 0.1, seed: 3 });
/** Templates are of the first half of the lines. */
let parsed: string;
const taskOf = async (inputFile: string, order: 'chronological' | 'random' = 'chronological', trainRatio = 0.7): Promise<Task> => (await customTask({ inputFile, trainRatio, valRatio: 0.85, order, trainOn: 'normal', seed: 1 })).task;

beforeAll(async () => { parsed = await parseSimulated(log, scratchFolder()); }, 30_000);

describe('a parsed log of your own', () => {
  it('says that its parser learned from test lines, of a random split too', async () => {
    const said = async (...how: ['chronological' | 'random', number]): Promise<string[]> => (await taskOf(parsed, ...how)).notes.filter((n) => n.includes('parser learned from test lines'));
    expect(await said('chronological', 0.7)).toEqual([]);
    expect(await said('chronological', 0.1)).toEqual([expect.stringMatching(/--fit_until_line \d+/)]);
    expect(await said('random', 0.7)).toEqual([expect.not.stringContaining('--fit_until_line')]);
  });

  it('is told from one with other numbers behind the same event ids, and from no copy', async () => {
    const hashes = async (lines: readonly string[]): Promise<string[]> => {
      const task = await taskOf(await parseSimulated({ ...log, lines: [...lines] }, scratchFolder()));
      return [task.table.contentHash(), await inputHash(task, new Set(['params'])), await inputHash(task, new Set(['text']))];
    };
    const [content, params, text] = await hashes(log.lines);
    const other = await hashes(log.lines.map((line) => line.replace(/size (\d+)/, 'size $1000')));
    expect(other[0]).toBe(content);
    expect([other[1] === params, other[2] === text]).toEqual([false, false]);
    expect(await hashes(log.lines)).toEqual([content, params, text]);
  });

  it('has one parser for all boundaries of its drift, which is said', async () => {
    const folder = scratchFolder();
    const [result] = await drift({
      protocols: ['custom'], seeds: [1], detectors: ['unseen-key'], dataDir: folder, artifacts: folder, inputFile: parsed, trainRatio: 0.7, valRatio: 0.85, order: 'chronological', trainOn: 'normal', targetFpr: 0.01,
      detectorOptions: {}, cache: false, engine: () => Promise.reject(new Error('no engine is needed')), report: SILENT, signal: new AbortController().signal, note: 'of part 1',
    });
    expect(result.notes).toEqual(['of part 1', expect.stringMatching(/^one parser for all boundaries.*below 70 %/)]);
  });
});
