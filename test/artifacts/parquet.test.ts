import { parquetWriteFile } from 'hyparquet-writer';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArrowFileWriter, arrowToParquet, readSessions, SessionsBuilder, type SessionRecord } from '../../deeplog/artifacts/index.js';
import { readSessionSet } from '../../deeplog/sequences/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

const SESSIONS: SessionRecord[] = [
  { session: 1, key: 'blk_ü', firstLine: 2 ** 33, lines: Float64Array.of(2 ** 33, 2 ** 33 + 7), events: Uint32Array.of(4, 0), elapsedMs: Float64Array.of(0, NaN), label: true },
  { session: 2, key: '', firstLine: 3, lines: null, events: new Uint32Array(0), elapsedMs: null, label: null },
  { session: 9, key: 'x', firstLine: 5, lines: null, events: Uint32Array.of(1), elapsedMs: Float64Array.of(-5), label: false },
];

async function collected(file: string): Promise<SessionRecord[]> {
  const out: SessionRecord[] = [];
  for await (const s of readSessions(file)) out.push(s);
  return out;
}

describe('Parquet', () => {
  // The same files were read with pyarrow, column by column, when this was written: events and sessions of the HDFS log.
  it('holds what the Arrow file holds, a row group per batch', async () => {
    const folder = scratchFolder();
    const writer = await ArrowFileWriter.create(path.join(folder, 's.arrow'));
    const builder = new SessionsBuilder();
    builder.append(SESSIONS[0]);
    await writer.write(builder.flush());
    for (const s of SESSIONS.slice(1)) builder.append(s);
    await writer.write(builder.flush());
    await writer.commit();
    const file = path.join(folder, 's.parquet');
    await arrowToParquet(path.join(folder, 's.arrow'), file);
    expect(await parquetReadObjects({ file: await asyncBufferFromFile(file) })).toEqual([
      { session: 1, key: 'blk_ü', first_line: BigInt(2 ** 33), lines: [BigInt(2 ** 33), BigInt(2 ** 33 + 7)], n_lines: 2, events: [4, 0], elapsed_ms: [0, NaN], label: true },
      { session: 2, key: '', first_line: 3n, lines: undefined, n_lines: 0, events: [], elapsed_ms: undefined, label: null },
      { session: 9, key: 'x', first_line: 5n, lines: undefined, n_lines: 1, events: [1], elapsed_ms: [-5], label: false },
    ]);
    expect(await collected(file)).toEqual(SESSIONS);
  });

  it('of other makers needs no more than events, and may come in part files', async () => {
    const folder = path.join(scratchFolder(), 'sessions.parquet');
    mkdirSync(folder);
    const schema = [{ name: 'root', num_children: 2 }, { name: 'key', type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const, repetition_type: 'OPTIONAL' as const },
      { name: 'events', repetition_type: 'OPTIONAL' as const, num_children: 1, converted_type: 'LIST' as const }, { name: 'list', repetition_type: 'REPEATED' as const, num_children: 1 }, { name: 'element', type: 'INT64' as const, repetition_type: 'OPTIONAL' as const }];
    const part = (name: string, keys: string[], events: bigint[][]): void => parquetWriteFile({ filename: path.join(folder, name), schema, columnData: [{ name: 'key', data: keys }, { name: 'events', data: events }] });
    part('part-00001.parquet', ['c'], [[7n, 8n]]);
    part('part-00000.parquet', ['a', 'b'], [[1n], [7n, 8n]]);
    writeFileSync(path.join(folder, '_SUCCESS'), '');
    const { table } = await readSessionSet(folder);
    expect(Array.from({ length: table.size }, (_, i) => [table.details?.keys[i], Array.from(table.sequence(table.sequenceOf[i]))])).toEqual([['a', [1]], ['b', [7, 8]], ['c', [7, 8]]]);
    expect(table.distinct).toBe(2);
  });

  it('that is none, or has no sessions, is named', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'x.parquet'), 'PAR1 or so');
    await expect(collected(path.join(folder, 'x.parquet'))).rejects.toThrow(/x\.parquet: is not a readable Parquet file/);
    parquetWriteFile({ filename: path.join(folder, 'y.parquet'), columnData: [{ name: 'key', data: ['a'] }] });
    await expect(collected(path.join(folder, 'y.parquet'))).rejects.toThrow('has no column "events"');
    await expect(collected(path.join(folder, 'z.parquet'))).rejects.toThrow('there is no such file');
  });
});
