import { DataType, type Field, type Vector } from 'apache-arrow';
import type { ColumnSource } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DataError, messageOf } from '../common/index.js';
import { readBatches } from './arrow_file.js';
import { AtomicFile } from './atomic.js';
import type { SessionRecord } from './sessions.js';

/**
 * Writes an Arrow file's record batches as Parquet row groups (snappy), one at a time: memory stays that of a batch. Unsigned
 * 32-bit columns become INT32 and 64-bit ones INT64, since not every reader knows unsigned integers.
 * @throws DataError when the Arrow file cannot be read or the Parquet file not be written.
 */
export async function arrowToParquet(arrowFile: string, parquetFile: string): Promise<void> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const file = await AtomicFile.create(parquetFile);
  const bytes = new ByteWriter();
  const flush = async (): Promise<void> => {
    await file.write(new Uint8Array(bytes.buffer.slice(0, bytes.index)));
    bytes.index = 0;
  };
  try {
    let writer: InstanceType<typeof ParquetWriter> | null = null;
    for await (const batch of readBatches(arrowFile)) {
      writer ??= new ParquetWriter({ writer: bytes, schema: [{ name: 'root', num_children: batch.schema.fields.length }, ...batch.schema.fields.flatMap(schemaOf)] });
      if (batch.numRows === 0) continue;
      await writer.write({ columnData: batch.schema.fields.map((field) => columnOf(field, batch.getChild(field.name))), rowGroupSize: batch.numRows });
      await flush();
    }
    writer?.finish();
    await flush();
    await file.commit();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

function schemaOf(field: Field): SchemaElement[] {
  const repetition_type = field.nullable ? 'OPTIONAL' : 'REQUIRED';
  const { type, name } = field;
  if (DataType.isList(type)) {
    return [{ name, repetition_type, num_children: 1, converted_type: 'LIST' }, { name: 'list', repetition_type: 'REPEATED', num_children: 1 }, { ...primitive(type.children[0].type), name: 'element', repetition_type: 'REQUIRED' }];
  }
  return [{ ...primitive(type), name, repetition_type }];
}

function primitive(type: DataType): Pick<SchemaElement, 'type' | 'converted_type'> {
  if (DataType.isInt(type)) return { type: type.bitWidth === 64 ? 'INT64' : 'INT32' };
  if (DataType.isUtf8(type)) return { type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  if (DataType.isBool(type)) return { type: 'BOOLEAN' };
  if (DataType.isFloat(type)) return { type: 'DOUBLE' };
  if (DataType.isTimestamp(type)) return { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' };
  throw new TypeError(`no Parquet type for ${String(type)}`);
}

function columnOf(field: Field, vector: Vector | null): ColumnSource {
  if (vector === null) throw new TypeError(`no column ${field.name}`);
  const plain = (type: DataType) => (value: unknown): unknown => (value !== null && DataType.isTimestamp(type) ? new Date(Number(value)) : value);
  const { type } = field;
  const data = DataType.isList(type)
    ? Array.from(vector, (list: Vector | null) => (list === null ? null : Array.from(list, plain(type.children[0].type))))
    : Array.from(vector, plain(type));
  return { name: field.name, data, nullable: field.nullable };
}

/**
 * Streams sessions from a Parquet file, or a folder of part files (as Spark writes them, in the order of their names), a row
 * group at a time. Columns as in sessions.arrow; `session`, `first_line`, `lines`, `elapsed_ms` and `label` may be missing.
 * @throws DataError when a file is missing, no Parquet, or has no events.
 */
export async function* readParquetSessions(input: string): AsyncGenerator<SessionRecord> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  let row = 0;
  for (const part of await partFiles(input)) {
    const fail = (error: unknown): DataError => new DataError(`${part}: is not a readable Parquet file (${messageOf(error)}). Write it again.`);
    const file = await asyncBufferFromFile(part).catch((error: unknown) => { throw fail(error); });
    const metadata = await parquetMetadataAsync(file).catch((error: unknown) => { throw fail(error); });
    if (!metadata.schema.some((e) => e.name === 'events')) throw new DataError(`${part}: has no column "events" (lists of event ids), so it holds no sessions. Columns as in sessions.arrow are expected.`);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd }).catch((error: unknown) => { throw fail(error); });
      for (const r of rows) yield sessionOf(r as ParquetSession, ++row);
      rowStart = rowEnd;
    }
  }
}

interface ParquetSession {
  readonly session?: number | bigint | null;
  readonly key?: string | null;
  readonly first_line?: number | bigint | null;
  readonly lines?: readonly (number | bigint)[] | null;
  readonly events: readonly (number | bigint)[];
  readonly elapsed_ms?: readonly (number | null)[] | null;
  readonly label?: boolean | null;
}

function sessionOf(r: ParquetSession, row: number): SessionRecord {
  const lines = r.lines ? Float64Array.from(r.lines, Number) : null;
  return {
    session: Number(r.session ?? row), key: r.key ?? String(row), firstLine: Number(r.first_line ?? lines?.[0] ?? row), lines,
    events: Uint32Array.from(r.events, Number), elapsedMs: r.elapsed_ms ? Float64Array.from(r.elapsed_ms, (e) => e ?? NaN) : null, label: r.label ?? null,
  };
}

async function partFiles(input: string): Promise<string[]> {
  if (!existsSync(input)) throw new DataError(`${input}: there is no such file or folder. Check --input_file.`);
  if (!statSync(input).isDirectory()) return [input];
  const names = (await readdir(input)).filter((name) => name.endsWith('.parquet') && !name.startsWith('.') && !name.startsWith('_')).sort();
  if (names.length === 0) throw new DataError(`${input}: holds no .parquet files.`);
  return names.map((name) => path.join(input, name));
}
