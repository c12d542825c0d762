import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { drainFilter, drainSettings, runDrain, type DrainFlags } from '../../deeplog/sessions/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const FLAGS: Omit<DrainFlags, 'input_file' | 'output_path'> = {
  max_unparsed: 0.5, format: 'arrow', overwrite: true, sim_th: 0.4, depth: 4, max_children: 100, parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>',
  full_search: 'fallback', snapshot_interval_minutes: 1, compress_state: false, size: 20, profiling: false, report_sec: 60,
  logformat: '<Time> <Level> <Content>', time_format: '%Y-%m-%dT%H:%M:%S', adapter_type: 'only_identifier', regex: 'job-\\d+',
};
const LOG = `2024-01-01T00:00:00 INFO start job-1 on node7
broken
2024-01-01T00:00:01 INFO start job-2 on node8

2024-01-01T00:00:05 WARN largest größer 7
last
`;

async function filter(text: string, flags: Partial<DrainFlags> = {}, options = { events: true, stateOut: null as string | null }): Promise<Record<string, unknown>[]> {
  const file = path.join(scratchFolder(), 'in.log');
  writeFileSync(file, text);
  const out: string[] = [];
  await drainFilter(drainSettings({ ...FLAGS, input_file: file, output_path: 'unused', ...flags }), options, (t) => { out.push(t); return Promise.resolve(); });
  return out.join('').split('\n').filter((l) => l !== '').map((l) => JSON.parse(l) as Record<string, unknown>);
}

describe('the parser as a filter', () => {
  it('gives one object a line, in order, and loses none', async () => {
    expect(await filter(LOG)).toEqual([
      { line: 1, event: 1, template: 'start job-1 on node7', parameters: [], session: 'job-1', time: Date.UTC(2024, 0, 1) },
      { line: 2, unparsed: true },
      { line: 3, event: 1, template: 'start <*> on <*>', parameters: ['job-2', 'node8'], session: 'job-2', time: Date.UTC(2024, 0, 1, 0, 0, 1) },
      { line: 5, event: 2, template: 'largest größer 7', parameters: [], session: null, time: Date.UTC(2024, 0, 1, 0, 0, 5) },
      { line: 6, unparsed: true },
    ]);
  });

  it('gives the events of the drain stage, on numbered shards too', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `2024-01-01T00:00:00 INFO ${['start', 'stop', 'ping'][i % 3]} job-${i % 17} on node${i % 5}${i % 7 === 0 ? ' again' : ''}`);
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'all.log'), lines.join('\n'));
    await runDrain(drainSettings({ ...FLAGS, input_file: path.join(folder, 'all.log'), output_path: path.join(folder, 'out') }));
    const table = tableFromIPC(readFileSync(path.join(folder, 'out', 'events.arrow'))).toArray().map((r) => r?.toJSON());
    const state = path.join(folder, 'out', 'drain_state.json');
    const shard = (k: number): string => lines.map((l, i) => `${i + 1}\t${l}`).filter((_, i) => i % 2 === k).join('\n');
    const events = [...(await filter(shard(1), { numbered: true, state, match_only: true })), ...(await filter(shard(0), { numbered: true, state, match_only: true }))];
    events.sort((a, b) => Number(a.line) - Number(b.line));
    expect(events.map((e) => e.line)).toEqual(lines.map((_, i) => i + 1));
    const final = await filter(lines.join('\n'), { state, match_only: true });
    expect(events).toEqual(final);
    expect((await filter(lines.join('\n'))).map((e) => e.event)).toEqual(table.map((e) => e?.event));
  });

  it('leaves its state in a file or as its last line', async () => {
    const file = path.join(scratchFolder(), 'state.json');
    expect(await filter(LOG, {}, { events: false, stateOut: file })).toEqual([]);
    const [last] = await filter(LOG, { compress_state: true }, { events: false, stateOut: '-' });
    expect((last.state as { schema: string }).schema).toBe('deeplog.drain_state/1');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schema: 'deeplog.drain_state/1' });
    writeFileSync(file, JSON.stringify(last.state));
    expect((await filter(LOG, { state: file, match_only: true })).map((e) => e.template)).toEqual(['start <*> on <*>', undefined, 'start <*> on <*>', 'largest größer 7', undefined]);
  });

  it('refuses what a line alone cannot tell', async () => {
    await expect(filter(LOG, { adapter_type: 'fixed_window' })).rejects.toThrow('--adapter_type fixed_window does not have');
    await expect(filter(LOG, { fit_share: 0.5 })).rejects.toThrow('--fit_until_line');
  });
});
