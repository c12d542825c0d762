import { parquetWriteFile } from 'hyparquet-writer';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { drainSettings, runDrain } from '../../deeplog/sessions/index.js';
import { BLOCK_STORE_FLAGS } from '../block_store_log.js';

/** Simulated logs as JSON lines, CSV and Parquet, for models that are trained on records. */

export interface Row { ts: string; level: string; msg: string; host: { name: string }; trace: string }

/** A simulated log as records with the same message, time and session. */
export function rowsOf(lines: readonly string[]): Row[] {
  return lines.map((line) => {
    const [, date, time, , level, component, msg] = /^(\d{6}) (\d{6}) (\d+) (\w+) ([^:]+): (.*)$/.exec(line) ?? [];
    const two = (text: string): string[] => text.match(/../g) ?? [];
    return { ts: `20${two(date).join('-')}T${two(time).join(':')}Z`, level, msg, host: { name: component }, trace: /blk_-?\d+/.exec(msg)?.[0] ?? '' };
  });
}

export const quoted = (value: string): string => (/[",\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);
export const COLUMNS = ['level', 'trace', 'msg', 'ts'] as const;
export const csvRows = (rows: readonly Row[]): string => rows.map((row) => `${COLUMNS.map((c) => quoted(row[c])).join(',')}\n`).join('');
/** Values with commas, quotes and a line break in them: two lines of the file. */
export const spread = (rows: readonly Row[]): Row[] => rows.map((row, i) => (i % 5 === 0 ? { ...row, level: 'IN"F,O' } : i % 7 === 0 ? { ...row, level: 'IN\nFO' } : row));
export const FORMATS = {
  jsonl: { write: (file: string, rows: readonly Row[]) => writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join('')), fields: ['Content=msg', 'Time=ts', 'Session=trace', 'Host=host.name'] },
  csv: { write: (file: string, rows: readonly Row[]) => writeFile(file, `${COLUMNS.join(',')}\n${csvRows(spread(rows))}`), fields: ['Content=msg', 'Time=ts', 'Session=trace', 'Level=level'] },
  parquet: {
    write: async (file: string, rows: readonly Row[]) => parquetWriteFile({ filename: file, columnData: [{ name: 'msg', data: rows.map((r) => r.msg), type: 'STRING' }, { name: 'at', data: rows.map((r) => BigInt(Date.parse(r.ts))), type: 'INT64' }, { name: 'trace', data: rows.map((r) => r.trace), type: 'STRING' }] }),
    fields: ['Content=msg', 'Time=at', 'Session=trace'],
  },
} as const;
export type RecordFormatName = keyof typeof FORMATS;

/** Writes the rows to a file of the folder and parses it; gives the drain_result folder. */
export async function parseRecords(name: RecordFormatName, rows: readonly Row[], folder: string): Promise<string> {
  const [input_file, output_path] = [path.join(folder, `today.${name}`), path.join(folder, `drain-${name}`)];
  await FORMATS[name].write(input_file, rows);
  await runDrain(drainSettings({ ...BLOCK_STORE_FLAGS, logformat: undefined, time_format: undefined, adapter_type: undefined, regex: undefined, input_file, output_path, fields: [...FORMATS[name].fields] }));
  return output_path;
}
