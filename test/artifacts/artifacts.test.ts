import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArrowFileWriter, AtomicFile, checkOutput, EventsBuilder, hashFile, hashOfValue, openOutput, readBatches, readJson, readManifest, readSessions, readTensors, SessionsBuilder, writeAtomic, writeManifest, writeTensors, type SessionRecord } from '../../deeplog/artifacts/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

describe('atomic files', () => {
  it('appear when whole; an abandoned one leaves the old file and nothing beside it', async () => {
    const folder = scratchFolder();
    const file = path.join(folder, 'deep', 'x.txt');
    await writeAtomic(file, 'old');
    const half = await AtomicFile.create(file);
    await half.write('new, but half');
    expect(readFileSync(file, 'utf8')).toBe('old');
    await half.abandon();
    expect(readdirSync(path.dirname(file))).toEqual(['x.txt']);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  it.each(['at the next piece', 'at the end'])('that are long say it %s when the disk fails while they are synced, and leave nothing', async (when) => {
    const folder = scratchFolder();
    const file = await AtomicFile.create(path.join(folder, 'long'));
    const handle = Reflect.get(file, 'handle') as { datasync: () => Promise<void> };
    handle.datasync = () => Promise.reject(new Error('EIO: i/o error, fdatasync'));
    const piece = new Uint8Array(40 << 20);
    await file.writeAll([piece]);
    await new Promise(setImmediate);
    const next = when === 'at the end' ? file.commit() : file.writeAll([piece.subarray(0, 1)]);
    await expect(next).rejects.toThrow(`${path.join(folder, 'long')}: writing failed (EIO: i/o error, fdatasync). What was there before is untouched.`);
    await file.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('name the path that cannot be written, and JSON that cannot be read', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'file'), '');
    await expect(writeAtomic(path.join(folder, 'file', 'x'), '')).rejects.toThrow(/file\/x: cannot be written/);
    await expect(writeAtomic('/proc/no/such/x', '')).rejects.toThrow(/\/proc\/no\/such\/x: cannot be written/);
    writeFileSync(path.join(folder, 'cut.json'), '{"a": ');
    await expect(readJson(path.join(folder, 'cut.json'))).rejects.toThrow(/cut\.json: is not valid JSON/);
    await expect(readJson(path.join(folder, 'none.json'))).rejects.toThrow(/none\.json: cannot be read/);
  });
});

describe('manifests', () => {
  it('finish a folder; a finished one is only replaced on demand', async () => {
    const folder = path.join(scratchFolder(), 'out');
    await expect(readManifest(folder)).rejects.toThrow('there is no such folder');
    mkdirSync(folder);
    await expect(readManifest(folder)).rejects.toThrow('did not finish');
    await checkOutput(folder, false);
    await writeManifest(folder, { stage: 'test', startedAt: performance.now(), inputs: { a: 'b' }, options: { x: 1 }, seed: 3 });
    expect(await readManifest(folder)).toMatchObject({ schema: 'deeplog.manifest/1', stage: 'test', seed: 3, inputs: { a: 'b' }, options: { x: 1 }, node: process.version });
    await expect(checkOutput(folder, false)).rejects.toThrow('Add --overwrite');
    await checkOutput(folder, true);
    expect(existsSync(path.join(folder, 'manifest.json'))).toBe(true); // nothing is lost before the work is done
    await openOutput(folder);
    expect(existsSync(path.join(folder, 'manifest.json'))).toBe(false);
  });

  it('are not started in a folder of somebody else, but in what an unfinished run left', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'config.json'), '{"mine": true}');
    await expect(checkOutput(folder, false)).rejects.toThrow(/holds a file that no stage left there \(config.json\).*another --output_path/);
    await checkOutput(folder, true);
    await openOutput(folder); // killed from here on
    await checkOutput(folder, false);
    await writeManifest(folder, { stage: 'test', startedAt: performance.now(), inputs: {}, options: {} });
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'manifest.json']);
    const early = scratchFolder();
    writeFileSync(path.join(early, 'unparsed.log'), 'x');
    await checkOutput(early, false);
  });

  it('are refused below a file before any work, overwrite or not', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'file'), '');
    for (const overwrite of [false, true]) await expect(checkOutput(path.join(folder, 'file', 'a', 'b'), overwrite)).rejects.toThrow(`cannot be written to: ${path.join(folder, 'file')} is a file. Choose another --output_path.`);
    await checkOutput(path.join(folder, 'a', 'b'), false);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('clear away what a killed run left behind, not what one may be writing', async () => {
    const folder = scratchFolder();
    for (const name of ['events.arrow.0123abcd.tmp', 'events.arrow.4567cdef.tmp', 'mine.tmp']) writeFileSync(path.join(folder, name), '');
    const before = new Date(Date.now() - 2 * 3_600_000);
    for (const name of ['events.arrow.0123abcd.tmp', 'mine.tmp']) utimesSync(path.join(folder, name), before, before);
    await openOutput(folder);
    expect(readdirSync(folder).sort()).toEqual(['.unfinished', 'events.arrow.4567cdef.tmp', 'mine.tmp']);
  });

  it('hash as sha256 does', async () => {
    const file = path.join(scratchFolder(), 'abc');
    writeFileSync(file, 'abc'); // FIPS 180-2, example B.1
    expect(await hashFile(file)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hashOfValue({ b: [1, { d: 2, c: 3 }], a: null })).toBe(hashOfValue({ a: null, b: [1, { c: 3, d: 2 }] }));
    expect(hashOfValue({ a: 1 })).not.toBe(hashOfValue({ a: 2 }));
  });
});

describe('weights', () => {
  it('survive safetensors, and broken files are named', async () => {
    const file = path.join(scratchFolder(), 'w.safetensors');
    const tensors = { 'a/kernel': { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, Infinity, 1e-30, 0) }, b: { shape: [], data: Float32Array.of(7) } };
    await writeTensors(file, tensors, { note: 'ü' });
    expect(await readTensors(file)).toEqual(tensors);
    const bytes = readFileSync(file);
    // The format by its description: length, JSON, data; offsets relative to the data.
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: number[] }>;
    expect(header['a/kernel'].data_offsets).toEqual([0, 24]);
    expect(bytes.readFloatLE(8 + length + 8)).toBe(3.5);
    writeFileSync(file, bytes.subarray(0, bytes.length - 2));
    await expect(readTensors(file)).rejects.toThrow('b is cut off');
    writeFileSync(file, 'short');
    await expect(readTensors(file)).rejects.toThrow('no whole safetensors file');
  });
});

describe('Arrow artifacts', () => {
  it('give back every event: lines and times as 64-bit integers, missing values as nulls', async () => {
    const file = path.join(scratchFolder(), 'events.arrow');
    const row = fc.record({
      line: fc.integer({ min: 1, max: 2 ** 40 }), session: fc.integer({ min: -1, max: 5 }), event: fc.nat(9),
      time: fc.oneof(fc.constant(NaN), fc.integer({ min: -1e12, max: 4e12 })), label: fc.constantFrom(-1, 0, 1), parameters: fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { maxLength: 3 }),
    });
    await fc.assert(fc.asyncProperty(fc.array(fc.array(row, { maxLength: 30 }), { minLength: 1, maxLength: 3 }), async (batches) => {
      const builder = new EventsBuilder(4);
      const writer = await ArrowFileWriter.create(file);
      for (const rows of batches) {
        for (const r of rows) {
          const bytes = Buffer.from(`xx${r.parameters.join('')}`);
          let at = 2;
          const spans = r.parameters.map((p) => [at, (at += Buffer.byteLength(p))]);
          builder.parameters.append(bytes, Int32Array.from(spans, ([s]) => s), Int32Array.from(spans, ([, e]) => e), spans.length);
        }
        builder.appendRows({
          count: rows.length, line: Float64Array.from(rows, (r) => r.line), session: Int32Array.from(rows, (r) => r.session), event: Uint32Array.from(rows, (r) => r.event),
          time: Float64Array.from(rows, (r) => r.time), label: Int8Array.from(rows, (r) => r.label),
        });
        await writer.write(builder.flush());
      }
      await writer.commit();
      const read = tableFromIPC(readFileSync(file)).toArray().map((r) => r?.toJSON());
      const expected = batches.flat().map((r) => [BigInt(r.line), r.session < 0 ? null : r.session, r.event, Number.isNaN(r.time) ? null : r.time, r.parameters.map((p) => Buffer.from(p).toString('utf8')), r.label < 0 ? null : r.label === 1]);
      expect(read.map((r) => [r?.line, r?.session, r?.event, r?.time, Array.from(r?.parameters ?? []), r?.label])).toEqual(expected);
    }), { numRuns: 60, seed: 21 });
  });

  it('give back every session', async () => {
    const file = path.join(scratchFolder(), 'sessions.arrow');
    const sessions: SessionRecord[] = [
      { session: 1, key: 'blk_ü', firstLine: 2 ** 33, lines: Float64Array.of(2 ** 33, 2 ** 33 + 7), events: Uint32Array.of(4, 0), elapsedMs: Float64Array.of(0, NaN), label: true },
      { session: 2, key: '', firstLine: 3, lines: null, events: new Uint32Array(0), elapsedMs: null, label: null },
      { session: 9, key: 'x', firstLine: 5, lines: null, events: Uint32Array.of(1), elapsedMs: Float64Array.of(-5), label: false },
    ];
    const builder = new SessionsBuilder();
    const writer = await ArrowFileWriter.create(file);
    builder.append(sessions[0]);
    await writer.write(builder.flush());
    builder.append(sessions[1]);
    builder.append(sessions[2]);
    await writer.write(builder.flush());
    await writer.commit();
    const read: SessionRecord[] = [];
    for await (const s of readSessions(file)) read.push(s);
    expect(read).toEqual(sessions);
  });

  it('are named when missing or broken', async () => {
    const file = path.join(scratchFolder(), 'x.arrow');
    const all = async (): Promise<void> => { for await (const batch of readBatches(file)) expect(batch).toBeDefined(); };
    await expect(all()).rejects.toThrow('there is no such file');
    writeFileSync(file, 'ARROW1 or so they say');
    await expect(all()).rejects.toThrow('is not a readable Arrow file');
  });
});
