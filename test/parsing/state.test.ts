import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadState, saveState, TemplateMiner, type MinerOptions } from '../../deeplog/parsing/index.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), 'state-')), 'state.json');
const MESSAGES = Array.from({ length: 300 }, (_, i) => `worker ${i % 7} took task t${i} of ${['red', 'green', 'blue'][i % 3]} queue${i % 2 ? ' again' : ''}`);

describe('a saved state', () => {
  it.each([true, false])('goes on exactly where it stopped (compressed: %s)', async (compress) => {
    const options: MinerOptions = { drain: { maxClusters: 5, simTh: 0.6 }, masking: [{ regexPattern: 't\\d+', maskWith: 'TASK' }] };
    const straight = new TemplateMiner(options);
    const first = new TemplateMiner(options);
    const expected = MESSAGES.map((m) => straight.add(m));
    MESSAGES.slice(0, 150).forEach((m) => first.add(m));
    const file = scratch();
    await saveState(first, file, compress);
    const second = await loadState(file, options);
    expect(MESSAGES.slice(150).map((m) => second.add(m))).toEqual(expected.slice(150));
  });

  it('is refused with other settings, which are named', async () => {
    const file = scratch();
    await saveState(new TemplateMiner({ drain: { simTh: 0.5 } }), file, true);
    await expect(loadState(file, { drain: { simTh: 0.4, depth: 5 } })).rejects.toThrow(/sim_th was 0\.5 and is now 0\.4; depth was 4 and is now 5/);
  });

  it('is refused when it is something else', async () => {
    const file = scratch();
    writeFileSync(file, 'hello');
    await expect(loadState(file, {})).rejects.toThrow('neither a saved parser state nor a Drain3 snapshot');
    writeFileSync(file, '{"schema": "other/1"}');
    await expect(loadState(file, {})).rejects.toThrow('schema other/1');
  });
});

describe('a Drain3 snapshot', () => {
  // Made by Drain3 0.9.11 from: connect from 10.0.0.1 accepted / … .2 refused / disk sda1 is full / disk sdb2 is full /
  // user root logged in / user bob logged in / (empty) / connect from 10.0.0.3 accepted; sim_th .5, depth 4, mask IP.
  const options: MinerOptions = { drain: { simTh: 0.5 }, masking: [{ regexPattern: '\\d+\\.\\d+\\.\\d+\\.\\d+', maskWith: 'IP' }] };

  it.each(['drain3_snapshot.json', 'drain3_snapshot_compressed.txt'])('%s keeps ids, sizes and templates', async (name) => {
    const miner = await loadState(fixture(name), options);
    expect(Array.from(miner.parser.store.clusters(), (c) => [c.id, c.size, miner.template(c)])).toEqual([
      [1, 3, 'connect from <IP> <*>'], [2, 2, 'disk <*> is full'], [3, 2, 'user <*> logged in'], [4, 1, ''],
    ]);
    expect(miner.add('disk nvme0 is full')).toEqual({ change: 'none', id: 2, size: 3, template: 'disk <*> is full' });
    expect(miner.add('something else entirely').id).toBe(5);
  });

  it('keeps the order of use when clusters are limited', async () => {
    const miner = await loadState(fixture('drain3_snapshot_limited.json'), { ...options, drain: { simTh: 0.5, maxClusters: 3 } });
    expect(Array.from(miner.parser.store.byRecency(), (c) => c.id)).toEqual([3, 4, 5]);
    miner.add('user eve logged in');
    miner.add('a new template'); // forgets 4, the one unused the longest
    expect(Array.from(miner.parser.store.clusters(), (c) => c.id)).toEqual([3, 5, 6]);
  });

  it('is refused when its objects are shared', async () => {
    const file = scratch();
    writeFileSync(file, readFileSync(fixture('drain3_snapshot.json'), 'utf8').replace('"root_node": {"py/object": "drain3.drain.Node"', '"root_node": {"py/id": 3, "py/object": "drain3.drain.Node"'));
    await expect(loadState(file, options)).rejects.toThrow('shares objects');
  });
});
