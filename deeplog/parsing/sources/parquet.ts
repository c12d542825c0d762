import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { DataError, messageOf } from '../../common/index.js';
import { flatLine, lookUp, type FieldMap } from './fields.js';
import { LineWriter } from './line_writer.js';
import type { LineChunk, LogSource } from './types.js';

/** No layout fits this: a row without a message is counted as unparsed. */
const NO_MESSAGE = '(a row without a message)';

/** A Parquet table whose rows are log lines; a line's number is its row's, from 1. Read a row group at a time. */
export class ParquetLog {
  private constructor(readonly name: string, private readonly file: AsyncBuffer, private readonly metadata: FileMetaData) {}

  /** @throws DataError when the file is no Parquet. */
  static async open(file: string): Promise<ParquetLog> {
    const { asyncBufferFromFile, parquetMetadataAsync } = await import('hyparquet');
    try {
      const buffer = await asyncBufferFromFile(file);
      return new ParquetLog(file, buffer, await parquetMetadataAsync(buffer));
    } catch (error) {
      throw new DataError(`${file}: is not a readable Parquet file (${messageOf(error)}). Check --input_file and --input_format.`);
    }
  }

  /** The table's columns. */
  names(): string[] {
    const [root, ...rest] = this.metadata.schema;
    const names: string[] = [];
    // Depth-first: a column's children stand behind it.
    for (let at = 0, left = root.num_children ?? 0; left > 0; left--) {
      names.push(rest[at].name);
      for (let open = 1; open > 0; open--) open += rest[at++].num_children ?? 0;
    }
    return names;
  }

  /** The rows as flat lines. */
  lines(map: FieldMap, keepTime: boolean): LogSource {
    const progress = { rows: 0 };
    const { byteLength } = this.file;
    const total = Number(this.metadata.num_rows);
    return {
      name: this.name, totalBytes: byteLength,
      get bytesRead() { return total === 0 ? byteLength : Math.round((byteLength * progress.rows) / total); },
      chunks: () => this.flattened(map, keepTime, progress),
    };
  }

  private async *flattened(map: FieldMap, keepTime: boolean, progress: { rows: number }): AsyncGenerator<LineChunk> {
    const { parquetReadObjects } = await import('hyparquet');
    const { compressors } = await import('hyparquet-compressors');
    const columns = [...new Set([...map.columns.values()].flat().map((c) => (this.names().includes(c) ? c : c.split('.')[0])))];
    const out = new LineWriter();
    let row = 0;
    for (const group of this.metadata.row_groups) {
      const rowEnd = row + Number(group.num_rows);
      let rows: Record<string, unknown>[];
      try {
        rows = await parquetReadObjects({ file: this.file, metadata: this.metadata, compressors, columns, rowStart: row, rowEnd });
      } catch (error) {
        throw new DataError(`${this.name}: rows ${row + 1} to ${rowEnd} cannot be read (${messageOf(error)}). Fetch or write it again.`);
      }
      for (const record of rows) {
        row++;
        out.appendText(flatLine(map, (column) => lookUp(record, column), keepTime) ?? NO_MESSAGE);
        out.endLine(row);
        if (out.full) yield out.take();
      }
      progress.rows = row;
    }
    if (!out.empty) yield out.take();
  }
}

