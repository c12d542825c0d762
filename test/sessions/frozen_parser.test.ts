import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { writeJson } from '../../deeplog/artifacts/index.js';
import { drainSettings, FrozenParser, runDrain } from '../../deeplog/sessions/index.js';
import { BLOCK_STORE_FLAGS } from '../block_store_log.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

it('a log without years begins in the first, whatever was read with the parser before it', async () => {
  const folder = scratchFolder();
  const at = (name: string): string => path.join(folder, name);
  const lines = '07/05 08:00:00 begin\n01/05 08:00:00 begin\n';
  writeFileSync(at('app.log'), lines);
  const flags = { ...BLOCK_STORE_FLAGS, logformat: '<Date> <Time> <Content>', time_format: '%m/%d %H:%M:%S', adapter_type: undefined, input_file: at('app.log'), output_path: at('drain') };
  await runDrain(drainSettings(flags));
  cpSync(at('drain/drain_state.json'), at('parser_state.json'));
  await writeJson(at('parser.json'), { options: flags });
  const parser = await FrozenParser.load(folder);
  const times = (): (number | null)[] => {
    const found: (number | null)[] = [];
    parser?.start({ linesOnly: true, onLine: ({ time }) => found.push(time) }).take({ buffer: Buffer.from(lines), end: lines.length, ascii: true });
    return found;
  };
  const expected = [Date.UTC(1970, 6, 5, 8), Date.UTC(1971, 0, 5, 8)];
  expect([times(), times()]).toEqual([expected, expected]);
});
