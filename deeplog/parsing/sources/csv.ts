import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
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

/** CSV with a header line as flat lines. */
export function csvLines(source: LogSource, map: FieldMap, keepTime: boolean): LogSource {
  return new DerivedSource(source, (from) => flattened(from, map, keepTime));
}

async function* flattened(source: LogSource, map: FieldMap, keepTime: boolean): AsyncGenerator<LineChunk> {
  const out = new LineWriter();
  let columns: Map<string, number> | null = null;
  for await (const { values, line } of records(source)) {
    if (columns === null) {
      columns = new Map(values.map((name, i) => [name, i]));
      continue;
    }
    const at = columns;
    out.appendText(flatLine(map, (column) => values[at.get(column) ?? -1], keepTime) ?? values.join(','));
    out.endLine(line);
    if (out.full) yield out.take();
  }
  if (!out.empty) yield out.take();
}

/** The header's names. */
export async function csvNames(source: LogSource): Promise<string[] | null> {
  for await (const { values } of records(source)) return [...values];
  return null;
}

/** @throws DataError naming the line where the CSV is broken. */
async function* records(source: LogSource): AsyncGenerator<CsvRecord> {
  const parser = parse({ info: true, bom: true, relax_column_count: true, skip_empty_lines: true });
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
    if (error instanceof DataError) throw error;
    throw new DataError(`${source.name}, line ${line}: is broken CSV (${messageOf(error)}). Correct it there.`);
  } finally {
    bytes.destroy(); // whoever reads no further closes the file
  }
}
