import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { drainStage } from '../../run/run_drain.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

/** What `drain` says of a file of these lines. */
async function refusal(name: string, lines: readonly string[], flags: Record<string, unknown> = {}): Promise<string> {
  const folder = scratchFolder();
  const file = path.join(folder, name);
  writeFileSync(file, lines.map((l) => `${l}\n`).join(''));
  const error = await drainStage.run({ input_file: file, output_path: path.join(folder, 'out'), quiet: true, ...flags }).then(() => null, (e: unknown) => e as Error);
  return error?.message ?? '(nothing)';
}

const shop = Array.from({ length: 40 }, (_, i) => `18.11.2026 08:00:${String(i).padStart(2, '0')},513 I/gw <91b7584${i % 7}> accepted POST /cart`);

describe('what drain says of a log that its settings do not fit', () => {
  it('the layout comes before the time: of lines that do not fit it nothing is known', async () => {
    // Two lines that the shipped layout happens to fit, with what is no time.
    const said = await refusal('shop.log', [...shop, 'a b 1 INFO c: d', 'e f 2 INFO g: h']);
    expect(said).toContain('40 of 42 lines (95.2 %) do not fit the log format');
    expect(said).not.toContain('time format');
  });

  it('a setting of drain3.ini that no flag gave: how to be rid of it', async () => {
    const hint = /\((\w+) comes from drain3\.ini: --parser_config none leaves that out; the shipped one is meant for HDFS\.\)$/;
    expect(hint.exec(await refusal('shop.log', shop))?.[1]).toBe('logformat');
    expect(hint.exec(await refusal('shop.log', shop, { logformat: '<Date> <Time> <Content>' }))?.[1]).toBe('time_format');
    expect(hint.exec(await refusal('shop.log', shop, { logformat: '<Date> <Time> <Content>', time_format: '%d.%m.%Y %H:%M:%S,%f' }))?.[1]).toBe('regex');
    expect(await refusal('shop.log', shop, { logformat: '<Date>; <Time> <Content>' })).not.toContain('--parser_config');
    expect(await refusal('shop.log', shop, { parser_config: 'none', logformat: '<Content>', adapter_type: 'only_identifier', regex: 'blk_\\d+' })).not.toContain('--parser_config');
  });
});
