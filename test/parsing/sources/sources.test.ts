import { parquetWriteFile } from 'hyparquet-writer';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countLines, eachLine, LogFormat, logInput, quoteLines, type LogInput } from '../../../deeplog/parsing/index.js';
import { inOrderOfTime } from '../../../deeplog/parsing/sources/files.js';
import type { InputOptions } from '../../../deeplog/parsing/sources/input.js';
import { unzstd } from '../../../deeplog/parsing/sources/zstd.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

/** Line number and text of all lines, as the parser would get them. */
async function linesOf(input: LogInput): Promise<[number, string][]> {
  const out: [number, string][] = [];
  for await (const chunk of (await input.open()).chunks()) {
    const before = out.length;
    eachLine(chunk, (buffer, start, end, i) => out.push([chunk.lineNumbers?.[i] ?? before + i + 1, buffer.toString('utf8', start, end)]));
  }
  return out;
}

/** Writes the files and reads `file` of them (the first unless named). */
async function read(files: Readonly<Record<string, string | Buffer>>, options: Partial<InputOptions> = {}): Promise<{ lines: [number, string][]; input: LogInput; folder: string }> {
  const folder = scratchFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  const input = await logInput({ ...options, file: path.join(folder, options.file ?? Object.keys(files)[0]) });
  return { lines: await linesOf(input), input, folder };
}

// `zstd -19` of two lines, the first of them twice.
const ZSTD = Buffer.from('KLUv/SQxNQEA6GEgZmlyc3QgbGluZQpzZWNvbmQsIMO8bWxhdXQKAgAxhQK6+QVVKH3l', 'base64');
const ZSTD_TEXT = 'a first line\na first line\na second line, ümlaut\n';

describe('zstd', () => {
  it('is read by its content, several frames too', async () => {
    const { lines } = await read({ 'a.log': Buffer.concat([ZSTD, ZSTD]) });
    expect(lines.map(([, text]) => text).join('\n')).toBe((ZSTD_TEXT + ZSTD_TEXT).trimEnd());
  });

  it.each([true, false])('gives the same by Node (%s) and by fzstd, in pieces of any size', async (useNative) => {
    for (const size of [1, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(ZSTD.length / size) }, (_, i) => ZSTD.subarray(i * size, (i + 1) * size));
      const out: Buffer[] = [];
      for await (const piece of unzstd(Readable.from(pieces), 1 << 16, useNative)) out.push(Buffer.from(piece));
      expect(Buffer.concat(out).toString()).toBe(ZSTD_TEXT);
    }
  });

  it('that ends early or is damaged is an error that names the file', async () => {
    await expect(read({ 'a.log': ZSTD.subarray(0, 30) })).rejects.toThrow(/a\.log: the zstd data ends early: the file is truncated/);
    await expect(read({ 'b.log': Buffer.concat([ZSTD.subarray(0, 8), Buffer.alloc(40, 255)]) })).rejects.toThrow(/b\.log: the zstd data (is damaged|ends early)/);
  });
});

describe('several files', () => {
  it('are ordered as they were written: rotation numbers backwards, dates forwards, the live one last', () => {
    expect(inOrderOfTime(['app.log', 'app.log.1', 'app.log.10.gz', 'app.log.2.gz'])).toEqual(['app.log.10.gz', 'app.log.2.gz', 'app.log.1', 'app.log']);
    expect(inOrderOfTime(['app.log', 'app.log-20261120', 'app.log-20261119.zst'])).toEqual(['app.log-20261119.zst', 'app.log-20261120', 'app.log']);
    expect(inOrderOfTime(['app.log', 'app.log.2025', 'app.log.2023.gz', 'app.log.2024'])).toEqual(['app.log.2023.gz', 'app.log.2024', 'app.log.2025', 'app.log']);
    expect(inOrderOfTime(['app.log.1121', 'app.log.1120', 'app.log'])).toEqual(['app.log.1120', 'app.log.1121', 'app.log']);
    expect(inOrderOfTime(['part-10.log', 'part-9.log', 'other.log'])).toEqual(['other.log', 'part-9.log', 'part-10.log']);
  });

  it('are one log, its lines numbered through, whether compressed or not, with a last newline or without', async () => {
    const { lines, input, folder } = await read({ 'app.log': 'five\nsix', 'app.log.1': 'four', 'app.log.2.gz': gzipSync('one\ntwo\r\n\n'), 'app.txt': 'no' }, { file: 'app.log*' });
    expect(lines).toEqual([[1, 'one'], [2, 'two'], [3, ''], [4, 'four'], [5, 'five'], [6, 'six']]);
    expect(input.files.map((f) => path.basename(f))).toEqual(['app.log.2.gz', 'app.log.1', 'app.log']);
    expect(await countLines(input)).toBe(6);
    expect(await quoteLines(path.join(folder, 'app.log*'), new Set([2, 5]))).toEqual(new Map([[2, 'two'], [5, 'five']]));
  });

  it('that do not exist are an error', async () => {
    await expect(logInput({ file: path.join(scratchFolder(), 'app.log*') })).rejects.toThrow('no file of');
  });
});

describe('records of several lines', () => {
  const options = { recordStart: '^\\d\\d:\\d\\d ' };

  it('become one line, numbered by their first', async () => {
    const { lines } = await read({ 'a.log': '10:00 start\n10:01 failed\njava.lang.Error: x\n  at y\n10:02 end\n' }, options);
    expect(lines).toEqual([[1, '10:00 start'], [2, '10:01 failed java.lang.Error: x   at y'], [5, '10:02 end']]);
  });

  it('keep what stands before the first start', async () => {
    expect((await read({ 'a.log': 'tail of an older record\n10:00 ok\n' }, options)).lines).toEqual([[1, 'tail of an older record'], [2, '10:00 ok']]);
  });

  it('lose no line and no order, wherever chunks end', async () => {
    const line = fc.oneof(fc.constant('10:00 start'), fc.constantFrom('more', '  at x.y(Z)', 'ünïcode', ''));
    await fc.assert(fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 3 }), async (texts, longAt) => {
      const input = texts.map((t, i) => (i % 4 === longAt ? t + 'z'.repeat(300_000) : t));
      const expected: [number, string][] = [];
      input.forEach((text, i) => {
        const last = expected.at(-1);
        if (last === undefined || text.startsWith('10:00 ')) expected.push([i + 1, text]);
        else last[1] = last[1] === '' ? text : `${last[1]} ${text}`;
      });
      expect((await read({ 'a.log': `${input.join('\n')}\n` }, options)).lines).toEqual(expected);
    }), { numRuns: 12, seed: 4 });
  });
});

describe('records with named values', () => {
  const objects = [
    { ts: '2026-11-20T10:00:00.5Z', msg: 'started job', trace: { id: 'a-1' }, alert: false },
    { ts: 1_795_168_801_250, msg: 'failed\nwith two lines', trace: { id: 'b' }, alert: true },
    { ts: '2026-11-20 11:00:03', msg: 'no trace', alert: 'FATAL' },
  ];
  const fields = ['Content=msg', 'Time=ts', 'Session=trace.id', 'Label=alert'];
  const flat = ['a-1|2026-11-20T10:00:00.500|-|started job', `b|${new Date(1_795_168_801_250).toISOString().slice(0, 23)}|true|failed with two lines`, '|2026-11-20T11:00:03.000|FATAL|no trace'];
  const shown = (lines: [number, string][]): [number, string][] => lines.map(([n, text]) => [n, text.replaceAll('\x01', '|')]);

  it('are read from JSON lines; what is no object or has no message stays as it is, to be counted', async () => {
    const text = [...objects.map((o) => JSON.stringify(o)), 'not json', '[1]', '{"ts": 1}'].join('\n');
    const { lines, input } = await read({ 'a.jsonl': text }, { fields });
    expect(shown(lines)).toEqual([...flat.map((f, i): [number, string] => [i + 1, f]), [4, 'not json'], [5, '[1]'], [6, '{"ts": 1}']]);
    expect(input.fields?.layout).toBe('<Session>\x01<Time>\x01<Label>\x01<Content>');
  });

  it('of the message alone leave what is no record, or has no message, as lines that do not fit', async () => {
    const { lines, input } = await read({ 'a.jsonl': '{"msg":"started"}\nnot json at all\n{"ts":1}\n[1]\n{"msg":""}\n' }, { fields: ['Content=msg'] });
    const format = new LogFormat(input.fields?.layout ?? '');
    expect(lines.map(([, text]) => format.match(Buffer.from(text), 0, Buffer.byteLength(text), true))).toEqual([true, false, false, false, true]);
    expect(shown(lines)[0]).toEqual([1, '|started']);
    const file = path.join(scratchFolder(), 'a.parquet');
    parquetWriteFile({ filename: file, columnData: [{ name: 'message', data: ['started', null], type: 'STRING' }] });
    const table = await linesOf(await logInput({ file }));
    expect(table.map(([, text]) => format.match(Buffer.from(text), 0, Buffer.byteLength(text), true))).toEqual([true, false]);
  });

  it('are read from CSV, numbered by the line on which they begin', async () => {
    const csv = 'ts,msg,id,alert\n2026-11-20T10:00:00.5Z,started job,a-1,0\n1795168801.25,"failed\nwith two lines",b,1\n2026-11-20 11:00:03,"a ""quoted"" one",,-\n';
    const { lines } = await read({ 'a.csv': csv }, { fields: ['Content=msg', 'Time=ts', 'Session=id', 'Label=alert'] });
    expect(shown(lines)).toEqual([[2, flat[0]], [3, flat[1].replace('true', '1')], [5, '|2026-11-20T11:00:03.000|-|a "quoted" one']]);
  });

  it('are read from Parquet, numbered by row', async () => {
    const file = path.join(scratchFolder(), 'a.parquet');
    parquetWriteFile({ filename: file, rowGroupSize: 2, columnData: [
      { name: 'message', data: ['started job', 'failed\nwith two lines', 'no trace'], type: 'STRING' },
      { name: 'timestamp', data: [new Date(Date.UTC(2026, 10, 20, 10, 0, 0, 500)), new Date(1_795_168_801_250), new Date(Date.UTC(2026, 10, 20, 11, 0, 3))], type: 'TIMESTAMP' },
      { name: 'id', data: ['a-1', 'b', null], type: 'STRING' },
    ] });
    const input = await logInput({ file, fields: ['Session=id'] });
    expect(shown(await linesOf(input))).toEqual(flat.map((f, i) => [i + 1, f.replace(/\|(-|true|FATAL)\|/, '|')]));
    expect(await countLines(input)).toBe(3);
  });

  it('with usual names need no telling; unknown columns are named', async () => {
    expect((await read({ 'a.ndjson': '{"time":"2026-01-01T00:00:00Z","message":"x"}\n' })).lines).toEqual([[1, '2026-01-01T00:00:00.000\x01x']]);
    await expect(read({ 'a.jsonl': '{"a":"x"}\n' })).rejects.toThrow('--fields must say which column holds the message, e.g. --fields Content=a. The first record has: a.');
    await expect(read({ 'a.csv': 'msg\nx\n' }, { fields: ['Time=when'] })).rejects.toThrow('the column "when", which the table does not have. It has: msg.');
    await expect(read({ 'a.jsonl': '{"msg":"x"}\n' }, { fields: ['Content'] })).rejects.toThrow('expected Name=column');
    await expect(read({ 'a.log': 'x\n' }, { fields: ['Content=x'] })).rejects.toThrow('--fields is for structured input');
    await expect(read({ 'a.parquet': 'PAR1 or not' })).rejects.toThrow('is not a readable Parquet file');
  });
});

describe('numbered lines', () => {
  it('bring their numbers along', async () => {
    expect((await read({ 'a.log': '17\tx\ty\n4\t\n' }, { numbered: true })).lines).toEqual([[17, 'x\ty'], [4, '']]);
    await expect(read({ 'a.log': '17\tx\nno number\n' }, { numbered: true })).rejects.toThrow(/line 2: has no number and tab in front/);
  });
});
