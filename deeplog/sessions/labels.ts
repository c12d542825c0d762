import { parse } from 'csv-parse';
import { createReadStream, existsSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DataError, messageOf } from '../common/index.js';

const NORMAL = new Set(['normal', '0', '-', 'false', 'no', '']);
const ABNORMAL = new Set(['anomaly', 'anomalous', 'abnormal', '1', 'true', 'yes']);

/**
 * Session labels from a csv of key,label (a header is recognised; .gz is read too). Labels: Normal/Anomaly, 0/1, false/true.
 * @throws DataError naming the line whose label it cannot read.
 */
export async function readLabels(file: string): Promise<Map<string, boolean>> {
  if (!existsSync(file)) throw new DataError(`${file}: there is no such label file. Check --label_file.`);
  const labels = new Map<string, boolean>();
  const raw = createReadStream(file);
  const source = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  const rows = source.pipe(parse({ relax_column_count: true, skip_empty_lines: true, trim: true, bom: true }));
  for (const stream of new Set([raw, source])) stream.on('error', (error: Error) => rows.destroy(error));
  let line = 0;
  try {
    for await (const row of rows as AsyncIterable<string[]>) {
      line++;
      if (row.length < 2) throw new DataError(`${file}, line ${line}: expected key,label, got ${JSON.stringify(row.join(','))}.`);
      const value = row[1].toLowerCase();
      if (NORMAL.has(value)) labels.set(row[0], false);
      else if (ABNORMAL.has(value)) labels.set(row[0], true);
      else if (line > 1) throw new DataError(`${file}, line ${line}: the label ${JSON.stringify(row[1])} is unknown. Use Normal or Anomaly, 0 or 1.`);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: cannot be read as csv (${messageOf(error)}).`);
  }
  return labels;
}
