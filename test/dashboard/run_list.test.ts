import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRun } from '../../deeplog/dashboard/run_data.js';
import { RunList } from '../../deeplog/dashboard/run_list.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { eventsOf, lines, writeRun } from './runs.js';

removeScratchAfterwards();

describe('the list of runs', () => {
  it.each(['{"id": "x', '{}', 'null'])('shows a run whose run.json is %j as damaged, among the others', async (text) => {
    const logdir = scratchFolder();
    writeRun(logdir, 'log-key', '20251009-080000-aaaaaa', 'finished', eventsOf(3, 6));
    const broken = writeRun(logdir, 'logbert-train', '20251010-080000-bbbbbb', 'finished', eventsOf(1, 6), 'a: [');
    writeFileSync(path.join(broken, 'run.json'), text);
    const found = await new RunList(logdir).list();
    expect(found.map((r) => [r.key, r.stage, r.status])).toEqual([['logbert-train/20251010-080000-bbbbbb', 'logbert-train', 'damaged'], ['log-key/20251009-080000-aaaaaa', 'log-key', 'finished']]);
    expect(Date.parse(found[0].created)).not.toBeNaN();
    expect(found[0].message).not.toContain(logdir);
    expect(await readRun(logdir, found[0].key)).toMatchObject({ run: { status: 'damaged' }, config: {}, events: eventsOf(1, 6) });
  });

  it('reads a run again when the size or the time of its files changed, and not before', async () => {
    const logdir = scratchFolder();
    const folder = writeRun(logdir, 'log-key', '20251009-080000-aaaaaa', 'finished', eventsOf(2, 6));
    const file = path.join(folder, 'metrics.jsonl');
    const time = new Date(2025, 1, 1);
    utimesSync(file, time, time);
    const runs = new RunList(logdir);
    const loss = async (): Promise<number | null> => (await runs.list())[0].loss;
    expect(await loss()).toBe(3);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"loss":3,', '"loss":4,'));
    utimesSync(file, time, time);
    expect(await loss()).toBe(3);
    utimesSync(file, statSync(file).atime, new Date(2025, 1, 2));
    expect(await loss()).toBe(4);
    writeFileSync(file, lines(eventsOf(3, 6)));
    expect(await loss()).toBe(2);
    expect((await runs.list())[0].epoch).toBe(3);
  });
});
