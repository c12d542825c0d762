import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { simulateBlockStore } from '../../deeplog/simulator/index.js';
import { parseSimulated } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { commandLine } from './command_line.js';

// The stages as a user runs them.
const folder = scratchFolder();
removeScratchAfterwards();

const deeplog = commandLine(folder);

const simulated = simulateBlockStore({ sessions: 400, anomalyShare: 0.08, seed: 2, faults: ['early_end', 'unknown_event'] });
const faulty = simulated.labels.filter((l) => l.fault === 'unknown_event').at(-1);

beforeAll(async () => {
  await parseSimulated(simulated, folder);
});

describe('workflow, parameters and diagnose on the command line', () => {
  it('learn a workflow, draw it, and diagnose by line with it', async () => {
    const learned = await deeplog('workflow', '--input_file', 'drain', '--target_fpr', '0.01');
    expect(learned).toMatchObject({ code: 0, stdout: '' });
    expect(learned.stderr).toMatch(/learned from \d+ sessions .* loops over event/);
    for (const name of ['workflows.json', 'workflow.svg', 'workflow.dot', 'manifest.json']) expect(existsSync(path.join(folder, 'artifacts/workflows', name))).toBe(true);

    const line = faulty?.faultLines[0] ?? 0;
    const found = await deeplog('diagnose', '--input_file', 'drain', '--line', String(line), '--print', 'json', '--output_path', 'page');
    expect(found.code).toBe(0);
    const { sessions } = JSON.parse(found.stdout) as { sessions: { key: string; workflow: { departures: { line: number }[] }; keys: null }[] };
    expect(sessions).toMatchObject([{ key: faulty?.key, keys: null }]);
    expect(sessions[0].workflow.departures[0].line).toBe(line);
    expect(readFileSync(path.join(folder, 'page/diagnosis.html'), 'utf8')).toContain(faulty?.key ?? '?');

    const worst = await deeplog('diagnose', '--input_file', 'drain', '--worst', '2');
    expect(worst.stdout.match(/labelled abnormal/g)).toHaveLength(2);
  });

  it.each<readonly [string, string[], number, RegExp]>([
    ['no session asked for', ['diagnose', '--input_file', 'drain'], 2, /Say which sessions: one of --key, --line or --worst\./],
    ['an unknown key', ['diagnose', '--input_file', 'drain', '--key', 'blk_0'], 1, /There is no session with the key "blk_0" among 400; keys look like "blk_/],
    ['a line that is none', ['diagnose', '--input_file', 'drain', '--line', 'x'], 2, /--line is "x"; it must be a line number/],
    ['no model', ['diagnose', '--workflow', 'nowhere', '--line', '1'], 1, /nowhere: there is no such folder/],
    ['boundaries out of order', ['parameters', '--train_ratio', '0.8', '--val_ratio', '0.6'], 2, /cumulative boundaries/],
    ['no drain result', ['parameters', '--quiet', '--input_file', 'sample.log'], 1, /sample\.log: parameters are read from a drain_result folder/],
    ['a threshold out of range', ['workflow', '--threshold', '1.5'], 2, /--threshold is "1\.5"; it must be a number \(0 to 1\)/],
    ['a finished result', ['workflow', '--input_file', 'drain'], 1, /holds a finished workflow result .* Add --overwrite/],
  ])('refuse %s with one line', async (_, args, code, message) => {
    const result = await deeplog(...args);
    expect(result.code).toBe(code);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.stderr).toMatch(message);
  });
});
