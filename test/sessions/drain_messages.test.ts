import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
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

const fields = 'The first record has at, lvl, svc, rid, text.';
const records = Array.from({ length: 40 }, (_, i) => JSON.stringify({ at: `2026-11-18T08:00:${String(i).padStart(2, '0')}.513Z`, lvl: 'I', svc: 'gw', rid: `91b7584${i % 7}`, text: 'accepted POST /cart' }));
const ofRecords = (...given: string[]): Promise<string> => refusal('shop.jsonl', records, { parser_config: 'none', fields: given });

describe('what drain says of records that its fields do not fit', () => {
  it('no such message: names the field and those that there are, and no flag for text', async () => {
    const said = await ofRecords('Content=message', 'Session=rid');
    expect(said).toContain('40 of 40 records (100.0 %) are no JSON objects, or lack the message (field "message"); the first is line 1: {"at"');
    expect(said).toContain(`${fields} Correct --fields (Content=<field>), or allow more than`);
    expect(said).not.toMatch(/--logformat|\x01|\\u0001/);
  });

  it('no such session: the same', async () => {
    expect(await ofRecords('Content=text', 'Session=reqid')).toMatch(new RegExp(`: none of 40 records has a value in the field "reqid", which names the session\\. ${fields} Correct --fields \\(Session=<field>\\)\\.$`));
  });

  it('no such time, one that cannot be read, and one that a time format does not fit', async () => {
    expect(await ofRecords('Content=text', 'Time=timestamp')).toMatch(new RegExp(`: the time of 40 of 40 records \\(field "timestamp"\\) is missing\\. ${fields} Correct --fields \\(Time=<field>\\)\\.$`));
    expect(await ofRecords('Content=text', 'Time=svc')).toMatch(/\(field "svc"\) is neither ISO 8601 nor a number of seconds since 1970; the first is "gw"\..*Correct --fields \(Time=<field>\), or say how times are written: --time_format \(strptime codes\)\.$/);
    expect(await refusal('shop.jsonl', records, { parser_config: 'none', fields: ['Time=at'], time_format: '%H:%M' })).toMatch(/does not fit the time format "%H:%M"; the first is "2026-11-18T08:00:00\.513Z"\..*Correct --fields \(Time=<field>\), or --time_format \(strptime codes\)\.$/);
  });

  it('a pattern for text lines that finds no session: a field may name it', async () => {
    expect(await refusal('shop.jsonl', records)).toMatch(/the pattern "blk_-\?\\\\d\+" is found in none of 40 lines.*Correct --regex, or name the field that all records of a session share: --fields Content=text,Session=<field>\. \(regex comes from drain3\.ini/);
  });

  it('no sessions at all: a field may name them', async () => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const nothing = await refusal('shop.jsonl', records, { parser_config: 'none', quiet: false }).finally(() => spy.mockRestore());
    expect(nothing).toBe('(nothing)');
    expect(written.at(-1)).toBe('next: say what a session is, and parse again with --overwrite: --fields Content=text,Session=<field that all records of a session share> (the first record has at, lvl, svc, rid, text), or --adapter_type fixed_window --size 20\n');
  });
});

it('counts of one are in the singular', async () => {
  const said = async (lines: readonly string[]): Promise<string> => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    await refusal('x.log', lines, { parser_config: 'none', logformat: '<Level>: <Content>', adapter_type: 'only_identifier', regex: 'r\\d', max_unparsed: 1, quiet: false }).finally(() => spy.mockRestore());
    return written.join('');
  };
  const one = await said(['a: r1 x', 'nothing', '', 'a: none']);
  for (const part of ['into 2 events', 'grouped into 1 session (no labels); 1 line belongs to none', '1 empty line was left out', 'warning: 1 line does not fit']) expect(one).toContain(part);
  const two = await said(['a: r1 x', 'a: r2 x', 'nothing', 'nothing', '', '', 'a: none', 'a: none']);
  for (const part of ['into 4 events', 'grouped into 2 sessions (no labels); 2 lines belong to none', '2 empty lines were left out', 'warning: 2 lines do not fit']) expect(two).toContain(part);
});
