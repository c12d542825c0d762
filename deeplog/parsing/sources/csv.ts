import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { DataError, messageOf } from '../../common/index.js';
import { DerivedSource } from './derived.js';
import { flatLine, type FieldMap } from './fields.js';
import { LineWriter } from './line_writer.js';
import type { LineChunk, LogSource } from './types.js';

interface CsvRecord {
  readonly values: readonly string[];
  /** Line on which it begins: quoted values may span lines. */
  readonly line: number;
}

/** The first line is a header, but not one that names all the columns that are needed. */
export class HeaderError extends DataError {
  override name = 'HeaderError';

  constructor(source: string, readonly named: readonly string[], readonly missing: readonly string[]) {
    super(`${source}, line 1: names the columns ${named.join(', ')}, but not ${missing.join(', ')}. Give the table's own header, or none.`);
  }
}

/** A record grew beyond what its reader allows. */
export class RecordTooLongError extends DataError {
  override name = 'RecordTooLongError';
}

export interface CsvOptions {
  /** The table's columns, for inputs that may come without a header line; without it the first line always is the header. */
  readonly header?: readonly string[];
  /** Characters of a record at most. */
  readonly maxRecord?: number;
}

/** CSV with a header line as flat lines. @throws HeaderError, RecordTooLongError, DataError while it is read */
export function csvLines(source: LogSource, map: FieldMap, keepTime: boolean, options: CsvOptions = {}): LogSource {
  return new DerivedSource(source, (from) => flattened(from, map, keepTime, options));
}

async function* flattened(source: LogSource, map: FieldMap, keepTime: boolean, options: CsvOptions): AsyncGenerator<LineChunk> {
  const out = new LineWriter();
  let columns: Map<string, number> | null = null;
  for await (const { values, line } of records(source, options)) {
    if (columns === null) {
      const isHeader = options.header === undefined || namesColumns(source.name, values, map);
      columns = new Map((isHeader ? values : options.header ?? []).map((name, i) => [name, i]));
      if (isHeader) continue;
    }
    const at = columns;
    out.appendText(flatLine(map, (column) => values[at.get(column) ?? -1], keepTime) ?? values.join(','));
    out.endLine(line);
    if (out.full) yield out.take();
  }
  if (!out.empty) yield out.take();
}

/** A first line is the header when it names every column that the map needs; when it names none of them, it is a record. @throws HeaderError when it names some */
function namesColumns(source: string, values: readonly string[], map: FieldMap): boolean {
  const needed = [...new Set([...map.columns.values()].flat())];
  const named = needed.filter((name) => values.includes(name));
  if (named.length > 0 && named.length < needed.length) throw new HeaderError(source, named, needed.filter((name) => !named.includes(name)));
  return named.length > 0;
}

/** The header's names. */
export async function csvNames(source: LogSource): Promise<string[] | null> {
  for await (const { values } of records(source, {})) return [...values];
  return null;
}

/** @throws DataError naming the line where the CSV is broken. */
async function* records(source: LogSource, { maxRecord = 0 }: CsvOptions): AsyncGenerator<CsvRecord> {
  const parser = parse({ info: true, bom: true, relax_column_count: true, skip_empty_lines: true, max_record_size: maxRecord });
  const bytes = Readable.from((async function* () {
    // Copied: the chunk's buffer is used again.
    for await (const { buffer, end } of source.chunks()) yield Buffer.from(buffer.subarray(0, end));
  })(), { objectMode: false });
  bytes.on('error', (error) => parser.destroy(error));
  bytes.pipe(parser);
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      yield { values: record, line };
      line = info.lines + 1;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error; // the source's own
    if (error.code === 'CSV_MAX_RECORD_SIZE') throw new RecordTooLongError(`${source.name}, line ${line}: a record is longer than ${maxRecord} characters.`);
    throw new DataError(`${source.name}, line ${line}: is broken CSV (${messageOf(error)}). Correct it there.`);
  } finally {
    bytes.destroy(); // whoever reads no further closes the file
  }
}
