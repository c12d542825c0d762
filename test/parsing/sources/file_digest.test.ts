import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { logInput } from '../../../deeplog/parsing/index.js';
import type { InputOptions } from '../../../deeplog/parsing/sources/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

const folder = scratchFolder();
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const written = (name: string, content: string | Buffer): string => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};

/** What a source says after `chunks` of its chunks, or all of them. */
async function hashesOf(options: InputOptions, chunks = Infinity): Promise<Record<string, string>> {
  const source = await (await logInput(options)).open({ hashed: true });
  let left = chunks;
  for await (const chunk of source.chunks()) if (chunk.end > 0 && --left === 0) break;
  return Object.fromEntries(source.sha256 ?? []);
}

describe('The hash of a log that is taken while it is read', () => {
  const lines = Array.from({ length: 90_000 }, (_, i) => `line ${i} of several chunks`).join('\n');

  it.each([
    ['of several chunks', lines], ['with a last newline', `${lines}\n`], ['with a byte-order mark', `\ufeff${lines}`], ['empty', ''], ['of one long line', 'x'.repeat(3_000_000)], ['of bytes that are no UTF-8', Buffer.from([65, 0xff, 10, 0xfe])],
    ['packed', gzipSync(lines)],
  ])('is the hash of the file (%s)', async (name, content) => {
    const file = written(`${name}.log`, content);
    expect(await hashesOf({ file })).toEqual({ [file]: sha256(file) });
  });

  it('is that of each of several files, and of records under whatever reads them', async () => {
    const [a, b] = [written('r.log.1', 'a\n b\n'), written('r.log', 'c\n')];
    expect(await hashesOf({ file: `${folder}/r.log*`, recordStart: '^\\S' })).toEqual({ [a]: sha256(a), [b]: sha256(b) });
    const records = written('x.jsonl', '{"message":"a"}\n{"message":"b"}\n');
    expect(await hashesOf({ file: records })).toEqual({ [records]: sha256(records) });
    const table = written('x.csv', 'message\na\nb\n');
    expect(await hashesOf({ file: table })).toEqual({ [table]: sha256(table) });
  });

  it('is not said of a file that was not read to its end', async () => {
    expect(await hashesOf({ file: written('half.log', lines) }, 1)).toEqual({});
  });

  it('is not taken where nobody asked', async () => {
    const source = await (await logInput({ file: written('plain.log', 'a\n') })).open();
    for await (const chunk of source.chunks()) expect(chunk.end).toBe(2);
    expect([...(source.sha256 ?? [])]).toEqual([]);
  });
});
