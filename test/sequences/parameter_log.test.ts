import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberOf, ParameterLog } from '../../deeplog/sequences/index.js';
import { drainSettings, runDrain } from '../../deeplog/sessions/index.js';
import { BLOCK_STORE_FLAGS } from '../block_store_log.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'deeplog-log-'));
  const at = (second: number, what: string): string => `240115 0800${String(second).padStart(2, '0')} 7 INFO a.B: ${what}`;
  await writeFile(path.join(folder, 'x.log'), [
    at(0, 'begin job_1 with 10 parts'), at(1, 'begin job_2 with 20 parts'), at(4, 'done job_1 rate 2.5 by host-a'), at(4, 'no job here'), at(9, 'done job_2 rate inf by host-b'), at(9, 'done job_1 rate nan by 7'),
  ].join('\n'));
  await runDrain(drainSettings({
    ...BLOCK_STORE_FLAGS, input_file: path.join(folder, 'x.log'), output_path: path.join(folder, 'out'), sim_th: 0.4, regex: 'job_\\d+',
    masking: ['job_\\d+', '(?<=with )\\d+', '(?<=rate )\\S+', '(?<=by )\\S+'].map((regex_pattern) => ({ regex_pattern, mask_with: '*' })),
  }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the numbers of a parsed log', () => {
  it('are columns by key: each parameter, then the time since the session\'s event before', async () => {
    const log = await ParameterLog.read(path.join(folder, 'out'));
    const begin = log.tables[log.at(1)?.table ?? -1];
    expect(begin.columnNames).toEqual(['parameter 1', 'parameter 2', 'elapsed_ms']);
    expect([...begin.values].map((v) => (Number.isNaN(v) ? null : v))).toEqual([null, 10, 0, null, 20, 0]);
    expect([...begin.text]).toEqual([1, 0, 0, 1, 0, 0]);
    const done = log.tables[log.at(3)?.table ?? -1];
    expect([...done.lines]).toEqual([3, 5, 6]);
    // job_1: 4 s after its begin, then 5 s; job_2: 8 s. A missing rate is no text, an infinite one is infinite.
    expect([...done.values].map((v) => (Number.isNaN(v) ? null : v))).toEqual([null, 2.5, null, 4000, null, Infinity, null, 8000, null, null, 7, 5000]);
    expect([...done.text]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0]);
    expect(log.hasTimes).toBe(true);
  });

  it('are found by line; a line outside all sessions has no elapsed time, a line beyond the log nothing', async () => {
    const log = await ParameterLog.read(path.join(folder, 'out'));
    expect(log.at(5)).toEqual({ table: log.at(3)?.table, row: 1 });
    const alone = log.at(4);
    expect(alone).not.toBeNull();
    expect(log.tables[alone?.table ?? -1].values.at(-1)).toBeNaN();
    expect(log.at(7)).toBeNull();
  });

  it('need the folder of a drain result', async () => {
    await expect(ParameterLog.read(folder)).rejects.toThrow(/events\.arrow: there is no such file.*drain_result/);
  });

  it('are numbers as people write them, missing, infinite, or text', () => {
    expect(['12', '-3.5', '.5', '1e3', '+7'].map(numberOf)).toEqual([12, -3.5, 0.5, 1000, 7]);
    expect(['', '-', 'NaN', 'null', 'N/A'].map(numberOf)).toEqual([NaN, NaN, NaN, NaN, NaN]);
    expect(['inf', '-Infinity'].map(numberOf)).toEqual([Infinity, -Infinity]);
    expect(['10.0.0.1', '0x1f', '12ms', '1,000'].map(numberOf)).toEqual([null, null, null, null]);
  });
});
