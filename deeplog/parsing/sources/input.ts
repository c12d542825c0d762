import { UsageError } from '../../common/index.js';
import { ConcatenatedSource } from './concatenated.js';
import { csvLines, csvNames } from './csv.js';
import { eachLine } from './each_line.js';
import { fieldMap, fieldMapOf, type FieldMap } from './fields.js';
import { inputFiles } from './files.js';
import { firstJsonNames, jsonLines } from './json_lines.js';
import { LineSource } from './line_source.js';
import { numberedLines } from './numbered.js';
import { ParquetLog } from './parquet.js';
import { multiLineRecords } from './records.js';
import type { LogSource } from './types.js';

export const INPUT_FORMATS = ['auto', 'lines', 'jsonl', 'csv', 'parquet'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

export interface InputOptions {
  /** A file, `-`, or a pattern for several. */
  readonly file: string;
  readonly format?: InputFormat;
  /** `Name=column` entries, for structured formats. */
  readonly fields?: readonly string[];
  /** Python regular expression that matches the first line of each record; others continue it. */
  readonly recordStart?: string;
  /** Each line brings its number and a tab. */
  readonly numbered?: boolean;
  /** Leave times as they stand: the user gives their format. */
  readonly keepTime?: boolean;
}

/** An input whose files are known and readable; `open` reads it from the start, as often as asked (standard input once); `hashed`: its files' hashes are taken by the way. */
export interface LogInput {
  readonly name: string;
  readonly files: readonly string[];
  readonly format: Exclude<InputFormat, 'auto'>;
  /** How structured records become lines; null for text. */
  readonly fields: FieldMap | null;
  /** Names of the table's columns, or of the first record's values; null for text, and for standard input, which is read once. */
  readonly names: readonly string[] | null;
  open(options?: { readonly hashed?: boolean }): Promise<LogSource>;
}

/** @throws DataError when a file is missing or damaged; UsageError when options contradict each other or name unknown columns. */
export async function logInput(options: InputOptions): Promise<LogInput> {
  const files = await inputFiles(options.file);
  const format = formatOf(options.format, files[0]);
  if (format === 'lines' && options.fields !== undefined) throw new UsageError(`--fields is for structured input, and ${options.file} is read as lines. Give --input_format jsonl, csv or parquet.`);
  if (format !== 'lines' && options.recordStart !== undefined) throw new UsageError(`--record_start joins lines of text, and ${options.file} is read as ${format}. Give --input_format lines, or leave it out.`);
  if (format !== 'lines' && format !== 'jsonl' && options.numbered) throw new UsageError(`--numbered is for lines, and ${options.file} is read as ${format}.`);
  if (format === 'parquet') return parquetInput(options, files);
  const text = async ({ hashed = false }: { hashed?: boolean } = {}): Promise<LogSource> => {
    const opened = files.length === 1 ? await LineSource.open(files[0], { hashed }) : await ConcatenatedSource.open(options.file, files, hashed);
    return options.numbered ? numberedLines(opened) : opened;
  };
  await text(); // a missing file is the first thing to say
  if (format === 'lines') {
    const { recordStart } = options;
    return { name: options.file, files, format, fields: null, names: null, open: async (how) => (recordStart === undefined ? text(how) : multiLineRecords(await text(how), recordStart)) };
  }
  if (format === 'csv' && files.length > 1) throw new UsageError(`${options.file}: matches ${files.length} files; CSV is read one file at a time, since each has a header.`);
  const names = options.file === '-' ? null : await (format === 'csv' ? csvNames : firstJsonNames)(await text());
  const fields = fieldMap(options.fields ?? [], names, format === 'csv');
  const keepTime = options.keepTime ?? false;
  return { name: options.file, files, format, fields, names, open: async (how) => (format === 'csv' ? csvLines : jsonLines)(await text(how), fields, keepTime) };
}

/** Records whole, for whoever is to find out what they hold. */
export interface WholeRecords {
  readonly source: LogSource;
  readonly format: Exclude<InputFormat, 'auto'>;
  /** The columns that each line has the values of, in order, as {@link fieldMapOf} joins them; null: JSON lines or text as they stand. */
  readonly columns: readonly string[] | null;
}

/** @throws DataError when a file is missing or damaged; UsageError for a table from standard input. */
export async function wholeRecords(options: Pick<InputOptions, 'file' | 'format'>): Promise<WholeRecords> {
  const { file } = options;
  const [first] = await inputFiles(file);
  const format = formatOf(options.format, first);
  if (format === 'jsonl' || format === 'lines') return { source: await (await logInput({ file, format: 'lines' })).open(), format, columns: null };
  if (first === '-') throw new UsageError(`Of a table from standard input the columns cannot be looked at first. Name the file, or leave --suggest out.`);
  const table = format === 'parquet' ? await ParquetLog.open(first) : null;
  const columns = table !== null ? table.names() : (await csvNames(await LineSource.open(first))) ?? [];
  // Under names of no meaning: as Content or Label they would be treated as such.
  const map = fieldMapOf(columns.map((name, i) => [`c${i}`, [name]]));
  return { source: table !== null ? table.lines(map, true) : csvLines(await LineSource.open(first), map, true), format, columns };
}

async function parquetInput(options: InputOptions, files: readonly string[]): Promise<LogInput> {
  if (files[0] === '-') throw new UsageError('Parquet has its index at its end, so it cannot come from standard input. Name the file.');
  if (files.length > 1) throw new UsageError(`${options.file}: matches ${files.length} files; Parquet is read one file at a time.`);
  await LineSource.open(files[0]); // the same words for a missing file or a folder
  const table = await ParquetLog.open(files[0]);
  const names = table.names();
  const fields = fieldMap(options.fields ?? [], names, true);
  return { name: options.file, files, format: 'parquet', fields, names, open: () => Promise.resolve(table.lines(fields, options.keepTime ?? false)) };
}

/** Records with named values (JSON lines, CSV, Parquet), not lines of text. */
export function isStructured(format: InputFormat | undefined, file: string): boolean {
  return formatOf(format, file) !== 'lines';
}

function formatOf(given: InputFormat | undefined, file: string): Exclude<InputFormat, 'auto'> {
  if (given !== undefined && given !== 'auto') return given;
  const name = file.toLowerCase().replace(/\.(gz|zst|zstd)$/, '');
  if (/\.(jsonl|ndjson)$/.test(name)) return 'jsonl';
  if (name.endsWith('.csv')) return 'csv';
  return name.endsWith('.parquet') ? 'parquet' : 'lines';
}

/** The number of lines as the parser numbers them, a last one without newline included. */
export async function countLines(input: LogInput): Promise<number> {
  let last = 0;
  for await (const chunk of (await input.open()).chunks()) {
    const counted = eachLine(chunk, () => undefined);
    last = chunk.lineNumbers === undefined ? last + counted : chunk.lineNumbers[chunk.lineNumbers.length - 1] ?? last;
  }
  return last;
}

/** The given lines (1-based), each cut at 1,000 bytes, as they stand in the files. @throws DataError */
export async function quoteLines(file: string, wanted: ReadonlySet<number>): Promise<Map<number, string>> {
  const out = new Map<number, string>();
  if (wanted.size === 0) return out;
  const files = await inputFiles(file);
  if (files.some((f) => f.endsWith('.parquet'))) return out; // rows, no lines
  let line = 0;
  for await (const chunk of (await ConcatenatedSource.open(file, files)).chunks()) {
    const before = line;
    line += eachLine(chunk, (buffer, start, end, index) => {
      const number = before + index + 1;
      if (wanted.has(number)) out.set(number, buffer.toString('utf8', start, Math.min(end, start + 1000)).trimEnd());
    });
  }
  return out;
}
