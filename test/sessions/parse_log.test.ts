import { tableFromIPC } from 'apache-arrow';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readSessions } from '../../deeplog/artifacts/index.js';
import { drainSettings, runDrain, type DrainFlags, type DrainResult } from '../../deeplog/sessions/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const DEFAULTS: Omit<DrainFlags, 'input_file' | 'output_path'> = {
  max_unparsed: 0.05, format: 'both', overwrite: false, sim_th: 0.4, depth: 4, max_children: 100, parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>',
  full_search: 'fallback', snapshot_interval_minutes: 1, compress_state: false, size: 20, profiling: false, report_sec: 60,
};
const FORMATTED = { logformat: '<Date> <Time> <Level> <Content>', time_format: '%Y-%m-%d %H:%M:%S', adapter_type: 'only_identifier', regex: 'job-\\d+' };
const LOG = `2024-01-01 00:00:00 INFO start job-1 on node7
2024-01-01 00:00:01 INFO start job-2 on node8
2024-01-01 00:00:05 WARN retry job-1

2024-01-01 00:00:09 INFO done job-2 größer
`;

async function parse(content: string | Buffer, flags: Partial<DrainFlags> = {}): Promise<DrainResult & { out: string }> {
  const folder = scratchFolder();
  const file = path.join(folder, 'in.log');
  writeFileSync(file, content);
  const out = path.join(folder, 'out');
  return { ...(await runDrain(drainSettings({ ...DEFAULTS, input_file: file, output_path: out, ...flags }))), out };
}

const json = (out: string, name: string): unknown => JSON.parse(readFileSync(path.join(out, name), 'utf8'));

describe('parsing a log', () => {
  it('writes events, sessions, templates and the compatible JSON', async () => {
    const { summary, out } = await parse(LOG, FORMATTED);
    expect(summary).toMatchObject({ lines: 5, events: 4, emptyLines: 1, unparsedLines: 0, sessions: 2, templates: 3, undatedLines: 0 });
    const events = tableFromIPC(readFileSync(path.join(out, 'events.arrow'))).toArray().map((r) => r?.toJSON());
    expect(events.map((e) => [Number(e?.line), e?.session, e?.event, Number(e?.time), Array.from(e?.parameters ?? []), e?.label])).toEqual([
      [1, 1, 1, Date.UTC(2024, 0, 1, 0, 0, 0), ['job-1', 'node7'], null],
      [2, 2, 1, Date.UTC(2024, 0, 1, 0, 0, 1), ['job-2', 'node8'], null],
      [3, 1, 2, Date.UTC(2024, 0, 1, 0, 0, 5), [], null],
      [5, 2, 3, Date.UTC(2024, 0, 1, 0, 0, 9), [], null],
    ].map((row, i) => (i === 0 ? [...row.slice(0, 4), [], null] : row)));
    const sessions = [];
    for await (const s of readSessions(path.join(out, 'sessions.arrow'))) sessions.push([s.session, s.key, s.firstLine, Array.from(s.lines ?? []), Array.from(s.events), Array.from(s.elapsedMs ?? []), s.label]);
    expect(sessions).toEqual([[1, 'job-1', 1, [1, 3], [1, 2], [0, 5000], null], [2, 'job-2', 2, [2, 5], [1, 3], [0, 8000], null]]);
    expect(json(out, 'templates.json')).toEqual({ 1: 'start <*> on <*>', 2: 'retry job-1', 3: 'done job-2 größer' });
    expect(json(out, 'templates_info.json')).toMatchObject({ 1: { template: 'start <*> on <*>', count: 2, first_line: 1, example: 'start job-1 on node7' } });
    expect(json(out, 'data.json')).toEqual({ data: [
      { template_seq: [1, 2], template_params: [[], []], session_id: 1 },
      { template_seq: [1, 3], template_params: [['job-2', 'node8'], []], session_id: 2 },
    ] });
    expect(json(out, 'manifest.json')).toMatchObject({ stage: 'drain', complete_sessions: true });
  });

  it('gives the same from gzip (of several members), CRLF, a missing last newline and a byte-order mark', async () => {
    const plain = await parse(LOG, FORMATTED);
    const variants = [
      Buffer.concat([gzipSync(LOG.slice(0, 60)), gzipSync(LOG.slice(60))]),
      LOG.replace(/\n/g, '\r\n'),
      LOG.trimEnd(),
      `\ufeff${LOG}`,
    ];
    for (const variant of variants) {
      const { out } = await parse(variant, FORMATTED);
      expect(readFileSync(path.join(out, 'data.json'), 'utf8')).toBe(readFileSync(path.join(plain.out, 'data.json'), 'utf8'));
    }
  });

  it('joins labels from a csv, from a label column and from anomaly texts', async () => {
    const folder = scratchFolder();
    const labels = path.join(folder, 'labels.csv');
    writeFileSync(labels, 'JobId,Label\njob-1,Anomaly\njob-2,Normal\n');
    expect((await parse(LOG, { ...FORMATTED, label_file: labels })).summary).toMatchObject({ abnormalSessions: 1, unlabelledSessions: 0 });
    expect((await parse(LOG, { ...FORMATTED, anomaly_labels: ['WARN', 'FATAL'] })).summary).toMatchObject({ abnormalSessions: 1, unlabelledSessions: 0 });
    const inline = await parse('- a b\nKERNDTLB c d\n- e f\n- g h\n', { logformat: '<Label> <Content>', label_column: 'Label', adapter_type: 'fixed_window', size: 2 });
    expect(inline.summary).toMatchObject({ sessions: 2, abnormalSessions: 1 });
    writeFileSync(labels, 'JobId,Label\njob-1,Anomaly\njob-2,Perhaps\n');
    await expect(parse(LOG, { ...FORMATTED, label_file: labels })).rejects.toThrow(/labels\.csv, line 3: the label "Perhaps" is unknown/);
    writeFileSync(labels, 'JobId,Label\nother,Anomaly\n');
    await expect(parse(LOG, { ...FORMATTED, label_file: labels })).rejects.toThrow('The label file has keys like "other", the sessions "job-1": none of them match.');
  });

  it('learns from the lines before --fit_until_line only; later novelties are event 0', async () => {
    const { summary, out } = await parse('a 1\na 2\nb c d\na 3\nb c e\n', { fit_until_line: 3 });
    expect(summary).toMatchObject({ unmatchedLines: 2, templates: 1 });
    const events = tableFromIPC(readFileSync(path.join(out, 'events.arrow')));
    expect(Array.from(events.getChild('event') ?? [])).toEqual([1, 1, 0, 1, 0]);
    const share = await parse('a 1\na 2\nb c d\na 3\nb c e\n', { fit_share: 0.4 });
    expect(share.summary.unmatchedLines).toBe(2);
  });

  it('takes what a saved state learned from for unknown: no claim of a clean split', async () => {
    const full = await parse('a 1\nb c d\n');
    const { out } = await parse('a 1\nb c d\n', { state: path.join(full.out, 'drain_state.json'), fit_until_line: 1 });
    expect((json(out, 'manifest.json') as { fit_until_line: unknown }).fit_until_line).toBeNull();
    const clean = await parse('a 1\nb c d\n', { fit_until_line: 2 });
    expect((json(clean.out, 'manifest.json') as { fit_until_line: unknown }).fit_until_line).toBe(2);
  });

  it('removes what an older result had and the new one has not', async () => {
    const first = await parse(LOG, FORMATTED);
    expect(existsSync(path.join(first.out, 'data.json'))).toBe(true);
    await parse(LOG, { ...FORMATTED, output_path: first.out, overwrite: true, format: 'arrow' });
    expect(existsSync(path.join(first.out, 'data.json'))).toBe(false);
  });

  it('goes on from a saved state with the same ids', async () => {
    const first = await parse('alpha beta\ngamma delta epsilon\n');
    const second = await parse('gamma delta epsilon\nsomething new here now\nalpha beta\n', { state: path.join(first.out, 'drain_state.json') });
    expect(Array.from(tableFromIPC(readFileSync(path.join(second.out, 'events.arrow'))).getChild('event') ?? [])).toEqual([2, 3, 1]);
  });
});

describe('the session key', () => {
  it('is the first match in the whole line, also where the first mask has the same pattern', async () => {
    const masking = [{ regex_pattern: 'blk_-?\\d+', mask_with: '*' }];
    const lines = ['blk_1 a: got blk_2', 'n a: got blk_3 and blk_4', 'n blk_5: none here', 'n xblk_: 6 blk_7', 'n é: blk_8'];
    const keys: string[][] = [];
    for (const flags of [{ masking }, {}]) {
      const { out } = await parse(`${lines.join('\n')}\n`, { ...flags, logformat: '<Node> <Component>: <Content>', adapter_type: 'only_identifier', regex: 'blk_-?\\d+' });
      const own: string[] = [];
      for await (const s of readSessions(path.join(out, 'sessions.arrow'))) own.push(`${s.key}@${s.firstLine}`);
      keys.push(own);
    }
    expect(keys[0]).toEqual(['blk_1@1', 'blk_3@2', 'blk_5@3', 'blk_7@4', 'blk_8@5']);
    expect(keys[1]).toEqual(keys[0]);
  });
});

describe('bad input', () => {
  it('counts lines that do not fit the format, samples them, and stops above --max_unparsed', async () => {
    const { summary, out, warnings } = await parse(`${LOG.repeat(10)}garbage\n`, FORMATTED);
    expect(summary.unparsedLines).toBe(1);
    expect(readFileSync(path.join(out, 'unparsed.log'), 'utf8')).toBe('51: garbage\n');
    expect(warnings).toEqual(['1 line does not fit the log format; see unparsed.log in ' + out]);
    const failing = parse(`${LOG}garbage\n`, FORMATTED);
    await expect(failing).rejects.toThrow(/in\.log: 1 of 5 lines \(20\.0 %\) do not fit the log format .*; the first is line 6: garbage\. Samples are in \S+unparsed\.log\. Correct --logformat .* --max_unparsed 0\.05/);
  });

  it('leaves no artifact that looks whole when it fails', async () => {
    const folder = scratchFolder();
    const file = path.join(folder, 'in.log');
    writeFileSync(file, gzipSync(LOG.repeat(2000)).subarray(0, 300));
    const out = path.join(folder, 'out');
    await expect(runDrain(drainSettings({ ...DEFAULTS, ...FORMATTED, input_file: file, output_path: out }))).rejects.toThrow(/in\.log: the gzip data ends early: the file is truncated/);
    expect(existsSync(path.join(out, 'manifest.json'))).toBe(false);
    expect(readdirSync(out).filter((f) => f.endsWith('.arrow') || f.endsWith('.tmp'))).toEqual([]);
  });

  it('refuses what is no log at all, by name', async () => {
    await expect(parse('')).rejects.toThrow('holds no lines to parse');
    await expect(parse('\n\n\n')).rejects.toThrow('all are empty');
    await expect(parse(Buffer.from('\ufeffa b\n', 'utf16le'))).rejects.toThrow('is UTF-16');
    await expect(parse(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]))).rejects.toThrow('zstd');
    await expect(parse('x', { input_file: '/no/such/file' })).rejects.toThrow('/no/such/file: there is no such file');
    await expect(parse('x', { input_file: scratchFolder() })).rejects.toThrow('is a folder');
    await expect(parse(Buffer.concat([gzipSync(LOG).subarray(0, 20), Buffer.from('damaged in the middle')]))).rejects.toThrow(/gzip data is damaged/);
  });

  it('reads undecodable bytes, NULs and very long lines, and loses nothing', async () => {
    const long = `long ${'x'.repeat(10_000_000)} end`;
    const { summary, out } = await parse(Buffer.concat([Buffer.from('bad \xff\xfe byte\nnul \0\0 here\n', 'latin1'), Buffer.from(`${long}\nlast\n`)]));
    expect(summary).toMatchObject({ lines: 4, events: 4, repairedLines: 1 });
    const templates = Object.values(json(out, 'templates.json') as Record<string, string>);
    expect(templates[0]).toBe('bad \ufffd\ufffd byte');
    expect(templates[1]).toBe('nul \0\0 here');
    expect(templates[2]).toHaveLength(long.length);
  });

  it('refuses combinations that cannot work, before any work', () => {
    const settings = (flags: Partial<DrainFlags>) => () => drainSettings({ ...DEFAULTS, input_file: 'x', output_path: 'y', ...flags });
    expect(settings({ adapter_type: 'only_identifier' })).toThrow('needs --regex');
    expect(settings({ adapter_type: 'only_identifier', regex: '(a' })).toThrow('--regex: The regular expression "(a" is broken: unterminated group. Correct it.');
    expect(settings({ adapter_type: 'interval_time' })).toThrow(/needs --time_format|needs --delta/);
    expect(settings({ adapter_type: 'interval_time', delta: 5 })).toThrow('needs --time_format');
    expect(settings({ time_format: '%Y' })).toThrow('needs a --logformat with <Time> or <Date>');
    expect(settings({ label_column: 'Label' })).toThrow('is no field of the log format');
    expect(settings({ fit_share: 0.5, input_file: '-' })).toThrow('standard input');
    expect(settings({ fit_share: 0.5, fit_until_line: 4 })).toThrow('give one');
    expect(settings({ masking: [{ regex: 'x' }] })).toThrow('masking, entry 1');
    expect(settings({ logformat: '<Date> <Content>', time_format: '%Q' })).toThrow('%Q');
  });

  it('refuses a time format or an identifier that fits no line, with the text it tried', async () => {
    await expect(parse(LOG, { ...FORMATTED, time_format: '%d/%m/%Y' })).rejects.toThrow('the time of 4 of 4 lines does not fit the time format "%d/%m/%Y"; the first is "2024-01-01 00:00:00"');
    await expect(parse(LOG, { ...FORMATTED, regex: 'nothing-\\d' })).rejects.toThrow('no line belongs to a session: the pattern "nothing-\\\\d" is found in none of 4 lines. The first reads: line 1: Date "2024-01-01"');
  });

  it('keeps the finished result of before when the new run fails, --overwrite or not', async () => {
    const first = await parse(LOG, FORMATTED);
    const before = readFileSync(path.join(first.out, 'events.arrow'));
    await expect(parse(LOG, { ...FORMATTED, output_path: first.out, overwrite: true, logformat: '<Date>;<Content>' })).rejects.toThrow('do not fit the log format');
    await expect(parse(LOG, { ...FORMATTED, output_path: first.out, overwrite: true, input_file: '/no/such' })).rejects.toThrow('there is no such file');
    expect(existsSync(path.join(first.out, 'manifest.json'))).toBe(true);
    expect(readFileSync(path.join(first.out, 'events.arrow')).equals(before)).toBe(true);
  });

  it('does not replace a finished result without --overwrite', async () => {
    const first = await parse(LOG, FORMATTED);
    await expect(parse(LOG, { ...FORMATTED, output_path: first.out })).rejects.toThrow(/holds a finished drain result of .* Add --overwrite/);
    expect((await parse(LOG, { ...FORMATTED, output_path: first.out, overwrite: true })).summary.events).toBe(4);
  });
});

describe('records with named values', () => {
  it('are parsed like the same lines of text', async () => {
    const folder = scratchFolder();
    const file = path.join(folder, 'in.jsonl');
    writeFileSync(file, [
      { when: '2024-01-01T00:00:00Z', text: 'start job-1 on node7', job: 'job-1' }, { when: '2024-01-01T00:00:01Z', text: 'start job-2 on node8', job: 'job-2' },
      { when: '2024-01-01T00:00:05Z', text: 'retry job-1', job: 'job-1', bad: true }, { when: '2024-01-01T00:00:09Z', text: 'done job-2 größer', job: 'job-2' },
    ].map((o) => JSON.stringify(o)).join('\n'));
    const out = path.join(folder, 'out');
    const { summary } = await runDrain(drainSettings({ ...DEFAULTS, input_file: file, output_path: out, fields: ['Content=text', 'Time=when', 'Session=job', 'Label=bad'] }));
    expect(summary).toMatchObject({ lines: 4, events: 4, unparsedLines: 0, sessions: 2, abnormalSessions: 1, undatedLines: 0 });
    const read = [];
    for await (const s of readSessions(path.join(out, 'sessions.arrow'))) read.push([s.key, Array.from(s.lines ?? []), Array.from(s.elapsedMs ?? []), s.label]);
    expect(read).toEqual([['job-1', [1, 3], [0, 5000], true], ['job-2', [2, 4], [0, 8000], false]]);
    expect(() => drainSettings({ ...DEFAULTS, input_file: file, output_path: out, logformat: '<Content>' })).toThrow('say with --fields');
  });
});
