import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alignedTable, resolveRunOptions, RUN_OPTIONS } from '../../deeplog/cli/index.js';
import { compareRuns, findRun, listRunFolders, readState, removeRun, statusOf, summariseRun, type RunEvent, type RunState } from '../../deeplog/training/index.js';
import { EVALUATION, eventsOf, writeRun } from '../dashboard/runs.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const logdir = scratchFolder();
const first = writeRun(logdir, 'log-key', '20251009-080000-aaaaaa', 'finished', [...eventsOf(3, 6), EVALUATION], 'window_size: 10\nseed: 1\n');
const second = writeRun(logdir, 'log-key', '20251009-090000-bbbbbb', 'interrupted', eventsOf(2, 9), 'window_size: 20\nseed: 1\n');
const other = writeRun(logdir, 'logbert-train', '20251010-070000-cccccc', 'failed', []);
mkdirSync(path.join(logdir, 'log-key', 'no-run'));

describe('finding a run', () => {
  it('goes by folder, id, beginning, stage and beginning, or latest', async () => {
    expect(await listRunFolders(logdir)).toEqual([first, second, other]);
    expect(await findRun(logdir, second)).toBe(second);
    expect(await findRun(logdir, '20251009-09')).toBe(second);
    expect(await findRun(logdir, 'logbert-train/2025')).toBe(other);
    expect(await findRun(logdir, 'latest')).toBe(other);
    expect(await findRun(logdir, 'latest', 'log-key')).toBe(second);
    expect(await findRun(logdir, '2025', 'logbert train')).toBe(other);
  });

  it('refuses names of none and of several', async () => {
    await expect(findRun(logdir, '20251009')).rejects.toThrow('20251009: 2 runs begin so (20251009-080000-aaaaaa, 20251009-090000-bbbbbb). Give more of the name.');
    await expect(findRun(logdir, 'x')).rejects.toThrow(`x: there is no such run under ${logdir} (the latest is 20251010-070000-cccccc)`);
    await expect(findRun(scratchFolder(), 'latest')).rejects.toThrow('it holds none');
  });
});

describe('the status of a run', () => {
  const state: RunState = { ...JSON.parse(readFileSync(path.join(first, 'run.json'), 'utf8')) as RunState, status: 'running', host: os.hostname(), pid: process.pid };
  const started = process.platform !== 'linux' ? '' : readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ')[19];

  it.skipIf(process.platform !== 'linux')('is running while its process is, and killed when another has its number', () => {
    expect(statusOf({ ...state, process_started: started })).toBe('running');
    expect(statusOf({ ...state, process_started: '1' })).toBe('killed');
    expect(statusOf({ ...state, pid: 2 ** 22 + 1 })).toBe('killed');
    expect(statusOf({ ...state, host: 'elsewhere', pid: 2 ** 22 + 1 })).toBe('running');
  });

  it.skipIf(process.platform !== 'linux')('keeps a running one from being deleted', async () => {
    const folder = writeRun(scratchFolder(), 's', 'r', 'running', []);
    writeFileSync(path.join(folder, 'run.json'), JSON.stringify({ ...state, process_started: started }));
    await expect(removeRun(folder)).rejects.toThrow(/is at work on it/);
    expect((await readState(folder)).status).toBe('running');
  });
});

describe('the time that a run took', () => {
  it('is what it worked: the pause before it was taken up again is left out', async () => {
    const at = (seconds: number, event: object): RunEvent => ({ ...event, time: 1_760_000_000_000 + seconds * 1000 }) as RunEvent;
    const start = { event: 'start', run: 'r', stage: 's', folder: 'f', engine: null, resumed: false };
    const events = [at(0, start), at(10, { event: 'end', status: 'interrupted', message: null }), at(4000, { ...start, resumed: true }), at(4005, { event: 'end', status: 'finished', message: null })];
    expect((await summariseRun(writeRun(scratchFolder(), 's', 'r', 'finished', events))).seconds).toBe(15);
    expect((await summariseRun(writeRun(scratchFolder(), 's', 'r', 'failed', []))).seconds).toBe(0);
  });
});

describe('comparing runs', () => {
  it('shows results side by side, and the settings that differ', async () => {
    const runs = await Promise.all([first, second].map(async (folder, i) => ({ summary: await summariseRun(folder), config: { window_size: 10 * (i + 1), seed: 1 } })));
    const rows = Object.fromEntries(compareRuns(runs).map((r) => [r.name, r.values]));
    expect(rows).toMatchObject({ status: ['finished', 'interrupted'], epochs: ['3/10', '2/10'], 'best val_loss': ['2.1', '4.6'], 'val accuracy': ['0.75', '0.66667'], 'test f1': ['0.8235', '–'], window_size: ['10', '20'] });
    expect(rows).not.toHaveProperty('seed');
  });

  it('lines columns up, numbers to the right', () => {
    expect(alignedTable([['name', 'n'], ['a', '1'], ['bcdefg', '20']])).toBe('name     n\na        1\nbcdefg  20\n');
  });
});

describe('flags given to --resume', () => {
  const SPECS = { window_size: { type: 'integer', group: 'Model', default: 5, describe: '' }, learning_rate: { type: 'number', group: 'Training', default: 0.1, describe: '' }, seed: { type: 'integer', group: 'Engine', default: 1, describe: '' }, input_file: { type: 'string', group: 'Data', required: true, describe: '' }, ...RUN_OPTIONS } as const;
  writeFileSync(path.join(second, 'config.yaml'), 'window_size: 20\nseed: 1\ninput_file: x\n');
  const resolve = (given: Record<string, unknown>): ReturnType<typeof resolveRunOptions<typeof SPECS>> => resolveRunOptions('log-key', SPECS, { logdir, resume: '20251009-09', ...given });

  it('are added to those of the run', async () => {
    expect(await resolve({ learning_rate: 0.01, checkpoint_seconds: 5 })).toMatchObject({ window_size: 20, input_file: 'x', learning_rate: 0.01, checkpoint_seconds: 5 });
    expect(await resolve({ window_size: '20' })).toMatchObject({ window_size: 20 });
  });

  it.each([['window_size', 30, '--window_size 30 cannot be given to --resume: the run began with 20'], ['seed', 2, 'the run began with 1'], ['input_file', 'y', 'the run began with x']])('are refused when the curve would be another: %s', async (name, value, message) => {
    await expect(resolve({ [name]: value })).rejects.toThrow(message);
  });
});
