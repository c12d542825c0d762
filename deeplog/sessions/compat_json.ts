import { readBatches, readSessions, writeChunks } from '../artifacts/index.js';
import type { List, Utf8, Vector } from 'apache-arrow';

/**
 * Writes the Devo-compatible `data.json`: {"data": [{template_seq, template_params, is_abnormal?, session_id}]}.
 * The parameters of all lines are held while it is written: it is for sets of moderate size.
 */
export async function writeCompatJson(eventsFile: string, sessionsFile: string, target: string): Promise<void> {
  const batches: { firstLine: number; lines: BigUint64Array; parameters: Vector<List<Utf8>> }[] = [];
  for await (const batch of readBatches(eventsFile)) {
    const lines = batch.getChild('line')?.toArray() as BigUint64Array;
    if (lines.length > 0) batches.push({ firstLine: Number(lines[0]), lines, parameters: batch.getChild('parameters') as Vector<List<Utf8>> });
  }
  const parametersAt = (line: number): string[] => {
    let low = 0;
    let high = batches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (batches[middle].firstLine <= line) low = middle;
      else high = middle - 1;
    }
    const row = rowOf(batches[low].lines, line);
    return Array.from(batches[low].parameters.get(row) ?? [], String);
  };
  await writeChunks(target, (async function* () {
    yield '{"data": [';
    let separator = '\n';
    for await (const s of readSessions(sessionsFile)) {
      const lines = s.lines ?? Array.from(s.events, (_, i) => s.firstLine + i);
      yield separator + JSON.stringify({
        template_seq: Array.from(s.events),
        template_params: Array.from(lines, parametersAt),
        ...(s.label === null ? {} : { is_abnormal: s.label }),
        session_id: s.session,
      });
      separator = ',\n';
    }
    yield '\n]}\n';
  })());
}

/** Rows are in line order; lines left out make the row at most line − first. */
function rowOf(lines: BigUint64Array, line: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(lines[middle]) < line) low = middle + 1;
    else high = middle;
  }
  return low;
}
