import { parse } from 'csv-parse';
import { createReadStream, existsSync } from 'node:fs';
import { DataError, messageOf } from '../common/index.js';

/**
 * The right event and template of each line of a log, from a csv with the columns LineId, EventId and EventTemplate (Loghub's structured.csv).
 * @throws DataError naming what is missing.
 */
export async function readTruth(file: string): Promise<Map<number, { event: string; template: string }>> {
  if (!existsSync(file)) throw new DataError(`${file}: there is no such file. Check --truth_file.`);
  const truth = new Map<number, { event: string; template: string }>();
  const rows = createReadStream(file).pipe(parse({ columns: true, bom: true, relax_quotes: true, relax_column_count: true }));
  try {
    for await (const row of rows as AsyncIterable<Record<string, string | undefined>>) {
      const line = Number(row.LineId);
      if (!Number.isInteger(line) || row.EventId === undefined || row.EventTemplate === undefined) throw new DataError(`${file}, row ${truth.size + 1}: expected the columns LineId, EventId and EventTemplate, got ${Object.keys(row).join(', ').slice(0, 200)}.`);
      truth.set(line, { event: row.EventId, template: row.EventTemplate });
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: cannot be read as csv (${messageOf(error)}).`);
  }
  if (truth.size === 0) throw new DataError(`${file}: holds no lines.`);
  return truth;
}
