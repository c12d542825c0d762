import { csvLines } from './csv.js';
import { fieldMapOf, type FieldMap } from './fields.js';
import type { InputFormat, LogInput } from './input.js';
import { jsonLines } from './json_lines.js';
import type { LineChunk } from './types.js';

export type RecordFormat = Exclude<InputFormat, 'auto' | 'lines'>;

/** What is kept of a structured log with what was learned from it, so that other records of its kind are read in the same way. */
export interface RecordLayout {
  readonly format: RecordFormat;
  /** Field of the line → columns, in the order of the line. */
  readonly columns: readonly (readonly [string, readonly string[]])[];
  /** The table's columns, or those of the first record; null where they were not known (standard input). */
  readonly names: readonly string[] | null;
}

/** The layout of a log that was opened; null for lines of text. */
export function recordLayout({ format, fields, names }: Pick<LogInput, 'format' | 'fields' | 'names'>): RecordLayout | null {
  return format === 'lines' || fields === null ? null : { format, columns: [...fields.columns], names };
}

/** Reads records of one layout that do not come from a file: a request's. */
export class RecordReader {
  readonly map: FieldMap;

  constructor(readonly layout: RecordLayout, private readonly keepTime: boolean) {
    this.map = fieldMapOf(layout.columns);
  }

  /**
   * Chunks of whole lines → the flat lines of their records, each with the number of the line that it begins on. `json`: a JSON object a line,
   * whatever the layout's format; else CSV for a CSV layout, with its header or without.
   * @throws HeaderError, RecordTooLongError, DataError while it is read
   */
  lines(chunks: () => AsyncGenerator<LineChunk>, json: boolean, maxRecord: number): AsyncGenerator<LineChunk> {
    const source = { name: 'the log', bytesRead: 0, totalBytes: null, chunks };
    if (json || this.layout.format !== 'csv') return jsonLines(source, this.map, this.keepTime).chunks();
    return csvLines(source, this.map, this.keepTime, { maxRecord, ...(this.layout.names === null ? {} : { header: this.layout.names }) }).chunks();
  }

  /** In words: `Content=message, Time=ts`. */
  describe(): string {
    return this.layout.columns.map(([field, columns]) => `${field}=${columns.join('+')}`).join(', ');
  }
}
