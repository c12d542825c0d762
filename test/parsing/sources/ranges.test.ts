import fc from 'fast-check';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineSource, RangeReader } from '../../../deeplog/parsing/sources/index.js';
import { removeScratchAfterwards, scratchFolder } from '../../helpers.js';

removeScratchAfterwards();

/** What front-to-back reading gives, chunk by chunk. */
async function inOrder(source: LineSource): Promise<string[]> {
  const out: string[] = [];
  for await (const { buffer, end, ascii } of source.chunks()) out.push(`${ascii} ${buffer.toString('latin1', 0, end)}`);
  return out;
}

/** The same from chunks read by number, here the last ones first. */
async function byNumber(source: LineSource): Promise<string[]> {
  const ranges = await source.ranges();
  if (ranges === null) throw new Error('no ranges');
  const reader = new RangeReader(ranges);
  const out: string[] = [];
  let spare: SharedArrayBuffer | undefined;
  for (let i = ranges.count - 1; i >= 0; i--) {
    const { buffer, end, ascii, bytes, from } = reader.read(i, spare);
    expect(Buffer.from(bytes, from, end).equals(buffer)).toBe(true);
    if (end > 0) out.unshift(`${ascii} ${buffer.toString('latin1', 0, end)}`);
    spare = bytes;
  }
  reader.close();
  return out;
}

describe('A plain file read by chunks, in any order', () => {
  const file = path.join(scratchFolder(), 'x.log');
  const piece = fc.oneof(
    fc.constantFrom('\n', '\r\n', '\n\n', '', '\0', 'é', '\ufeff', '日本'), fc.string({ maxLength: 20 }), fc.integer({ min: 1, max: 9000 }).map((n) => 'x'.repeat(n)),
  ).map((s) => Buffer.from(s));
  const broken = fc.uint8Array({ maxLength: 8 }).map((b) => Buffer.from(b));

  it('has the chunks that reading from front to back has', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof({ weight: 5, arbitrary: piece }, broken), { minLength: 1, maxLength: 30 }), fc.integer({ min: 4, max: 6000 }), async (pieces, chunkBytes) => {
      const bytes = Buffer.concat(pieces);
      fc.pre(bytes.length > 0 && !/^\xff\xfe|^\xfe\xff|^\x1f\x8b|^\x28\xb5\x2f\xfd/.test(bytes.toString('latin1', 0, 4)));
      writeFileSync(file, bytes);
      expect(await byNumber(await LineSource.open(file, { chunkBytes }))).toEqual(await inOrder(await LineSource.open(file, { chunkBytes })));
    }), { numRuns: 300, seed: 12 });
  });

  it('finds where a line of many chunks began', async () => {
    writeFileSync(file, `\ufeffa\n${'y'.repeat(3_000_000)}\nend`);
    const chunks = await byNumber(await LineSource.open(file, { chunkBytes: 1000 }));
    expect(chunks.map((c) => c.length)).toEqual(['true a\n'.length, 'true \n'.length + 3_000_000, 'true end'.length]);
    expect(chunks).toEqual(await inOrder(await LineSource.open(file, { chunkBytes: 1000 })));
  });

  it('is left to one reader where the file is packed, empty or a pipe', async () => {
    writeFileSync(file, Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]));
    expect(await (await LineSource.open(file)).ranges()).toBeNull();
    writeFileSync(file, '');
    expect(await (await LineSource.open(file)).ranges()).toBeNull();
    expect(await (await LineSource.open('-')).ranges()).toBeNull();
    writeFileSync(file, Buffer.from('\ufffex', 'utf16le'));
    await expect((await LineSource.open(file)).ranges()).rejects.toThrow('UTF-16');
  });
});

describe('A plain file that is read no further', () => {
  it('is closed while more of it is on its way, which nobody hears of', async () => {
    const file = path.join(scratchFolder(), 'x.log');
    writeFileSync(file, 'one line\n'.repeat(150)); // a chunk and a half: what is read ahead takes two calls, the second of a closed file
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => { unheard.push(error); };
    process.on('unhandledRejection', hear);
    for await (const { end } of (await LineSource.open(file, { chunkBytes: 900 })).chunks()) {
      expect(end).toBe(900);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', hear);
    expect(unheard).toEqual([]);
  });
});

describe('A plain file that becomes shorter while it is read', () => {
  const file = path.join(scratchFolder(), 'x.log');
  const open = async (): Promise<LineSource> => {
    writeFileSync(file, 'one line\n'.repeat(1000));
    return LineSource.open(file, { chunkBytes: 900 });
  };

  it.each([0, 4000])('is refused, not taken for all there was (%i bytes left)', async (left) => {
    const source = await open();
    const chunks = source.chunks();
    await chunks.next();
    truncateSync(file, left);
    await expect((async () => { for await (const { end } of chunks) expect(end).toBeGreaterThan(0); })()).rejects.toThrow(`${file}: was cut off while it was read`);
    const ranges = await (await open()).ranges();
    if (ranges === null) throw new Error('no ranges');
    const reader = new RangeReader(ranges);
    reader.read(0);
    truncateSync(file, left);
    for (const index of [8, ranges.count - 1]) expect(() => reader.read(index)).toThrow(`${file}: was cut off while it was read`);
    reader.close();
  });

  it('is read on where it has grown', async () => {
    const source = await open();
    appendFileSync(file, 'more\n');
    expect((await inOrder(source)).join('')).toContain('more\n');
  });
});
