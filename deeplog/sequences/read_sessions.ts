import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { readBatches, readJson, readManifest, readSessions } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { eachLine as eachLineOf, LineSource } from '../parsing/index.js';
import { readLabels } from '../sessions/index.js';
import { ABNORMAL, NORMAL, SessionTableBuilder, UNLABELLED, type SessionTable } from './session_table.js';

/** A session set, and what is known of how it came about. */
export interface SessionSet {
  readonly table: SessionTable;
  /** The files it was read from. */
  readonly files: readonly string[];
  /** Sessions end where they end in the log (identifiers, delimiters), so an END may be predicted; windows do not. */
  readonly complete: boolean;
  /** The parser learned from lines before this one only; null: from all of them. */
  readonly fitUntilLine: number | null;
  /** What a reader of a number from this set should know. */
  readonly notes: readonly string[];
}

/**
 * Reads sessions from a drain_result folder, a sessions.arrow or .parquet (a folder of part files, too), a data.json, or a sequence file (ids per line, `.gz` too).
 * @throws DataError when there is no such input or it is none of these.
 */
export async function readSessionSet(input: string, labelFile?: string): Promise<SessionSet> {
  if (!existsSync(input)) throw new DataError(`${input}: there is no such file or folder. Check --input_file, or run "deeplog drain" first.`);
  const parquet = input.replace(/\/$/, '').endsWith('.parquet');
  if (statSync(input).isDirectory() && !parquet) {
    await readManifest(input);
    return readSessionSet(path.join(input, 'sessions.arrow'), labelFile);
  }
  if (parquet || input.endsWith('.arrow') || input.endsWith('.json')) {
    const { table, files } = parquet || input.endsWith('.arrow') ? await fromArrow(input) : { table: await fromDataJson(input), files: [input] };
    const labelled = labelFile === undefined ? table : relabelled(table, await readLabels(labelFile), labelFile);
    return { table: labelled, files: labelFile === undefined ? files : [...files, labelFile], ...(await origin(input)) };
  }
  const table = await readSequenceFile(input, labelFile);
  return { table, files: labelFile === undefined ? [input] : [input, labelFile], complete: true, fitUntilLine: null, notes: [] };
}

/** How the sessions came about, from the manifest beside them. */
async function origin(file: string): Promise<Pick<SessionSet, 'complete' | 'fitUntilLine' | 'notes'>> {
  const folder = path.dirname(file);
  if (!existsSync(path.join(folder, 'manifest.json'))) {
    return { complete: true, fitUntilLine: null, notes: [`${file} has no manifest.json beside it: it may be unfinished, and whether its sessions overlap is not known`] };
  }
  const manifest = await readManifest(folder);
  return { complete: manifest.complete_sessions !== false, fitUntilLine: (manifest.fit_until_line as number | null | undefined) ?? null, notes: [] };
}

/** @throws DataError when no key of the file is that of a session. */
function relabelled(table: SessionTable, labels: ReadonlyMap<string, boolean>, labelFile: string): SessionTable {
  const { details } = table;
  let found = 0;
  const out = Uint8Array.from(table.labels, (old, s) => {
    const label = labels.get(details?.keys[s] ?? '');
    if (label === undefined) return old;
    found++;
    return label ? ABNORMAL : NORMAL;
  });
  if (found === 0) throw new DataError(`${labelFile}: has keys like ${JSON.stringify([...labels.keys()][0] ?? '')}, the sessions ${JSON.stringify(details?.keys[0] ?? '')}: none of them match.`);
  return table.withLabels(out);
}

async function fromArrow(file: string): Promise<{ table: SessionTable; files: string[] }> {
  const builder = new SessionTableBuilder();
  const keys: string[] = [];
  const firstLines: number[] = [];
  const lastLines: number[] = [];
  const ids: number[] = [];
  for await (const s of readSessions(file)) {
    builder.add(s.events, 0, s.events.length, s.label === null ? UNLABELLED : s.label ? ABNORMAL : NORMAL);
    keys.push(s.key);
    firstLines.push(s.firstLine);
    ids.push(s.session);
    lastLines.push(s.lines === null ? s.firstLine + s.events.length - 1 : s.lines[s.lines.length - 1] ?? s.firstLine);
  }
  if (keys.length === 0) throw new DataError(`${file}: holds no sessions: the log was not grouped. Run "deeplog drain" again with --adapter_type.`);
  const lines = Float64Array.from(firstLines);
  return { table: builder.build({ ids: Float64Array.from(ids), keys, firstLines: lines, lastLines: Float64Array.from(lastLines), startTimes: await startTimes(path.join(path.dirname(file), 'events.arrow'), lines) }), files: [file] };
}

/** Times of the given lines, from events.arrow beside; null when it is not there or has no times. */
async function startTimes(eventsFile: string, lines: Float64Array): Promise<Float64Array | null> {
  if (!existsSync(eventsFile)) return null;
  const wanted = Uint32Array.from(lines, (_, i) => i).sort((a, b) => lines[a] - lines[b]);
  const times = new Float64Array(lines.length).fill(NaN);
  let next = 0;
  let any = false;
  for await (const batch of readBatches(eventsFile)) {
    const line = batch.getChild('line')?.toArray() as BigUint64Array;
    const time = batch.getChild('time');
    for (let row = 0; row < line.length && next < wanted.length; row++) {
      const at = Number(line[row]);
      while (next < wanted.length && lines[wanted[next]] < at) next++;
      if (next >= wanted.length || lines[wanted[next]] !== at) continue;
      const value = time?.get(row) as number | null | undefined;
      for (; next < wanted.length && lines[wanted[next]] === at; next++) {
        if (value !== null && value !== undefined) {
          times[wanted[next]] = Number(value);
          any = true;
        }
      }
    }
  }
  return any ? times : null;
}

async function fromDataJson(file: string): Promise<SessionTable> {
  const parsed = (await readJson(file)) as { data?: { template_seq?: number[]; is_abnormal?: boolean; session_id?: number }[] };
  if (!Array.isArray(parsed.data)) throw new DataError(`${file}: expected {"data": [{"template_seq": […]}, …]}.`);
  const builder = new SessionTableBuilder();
  for (const [i, s] of parsed.data.entries()) {
    if (!Array.isArray(s.template_seq)) throw new DataError(`${file}: entry ${i + 1} has no template_seq.`);
    builder.add(s.template_seq, 0, s.template_seq.length, s.is_abnormal === undefined ? UNLABELLED : s.is_abnormal ? ABNORMAL : NORMAL);
  }
  const ids = parsed.data.map((s, i) => String(s.session_id ?? i + 1));
  const unknown = new Float64Array(ids.length).fill(NaN);
  return builder.build({ ids: Float64Array.from(ids, Number), keys: ids, firstLines: unknown, lastLines: unknown, startTimes: null });
}

/**
 * One session per line, event ids separated by blanks or commas; labels (0 or 1 per line) in a file beside. Streams: only the
 * distinct sequences are kept.
 * @throws DataError naming the line that is not made of ids, or when the two files differ in length.
 */
export async function readSequenceFile(file: string, labelFile?: string): Promise<SessionTable> {
  const labels = labelFile === undefined ? null : await readLabelLines(labelFile);
  const builder = new SessionTableBuilder();
  let ids = new Uint32Array(1024);
  let session = 0;
  await eachLine(file, (buffer, start, end) => {
    let count = 0;
    for (let i = start; i < end;) {
      const c = buffer[i];
      if (c === 32 || c === 44 || c === 9) { i++; continue; }
      let value = 0;
      const from = i;
      for (; i < end && buffer[i] >= 48 && buffer[i] <= 57; i++) value = value * 10 + buffer[i] - 48;
      if (i === from || i - from > 9) throw new DataError(`${file}, line ${session + 1}: expected event ids separated by blanks, got ${JSON.stringify(buffer.toString('utf8', start, Math.min(end, start + 60)))}. A raw log is first made into events: run the drain stage, and give what it writes.`);
      if (count === ids.length) {
        const larger = new Uint32Array(count * 2);
        larger.set(ids);
        ids = larger;
      }
      ids[count++] = value;
    }
    builder.add(ids, 0, count, labels === null ? UNLABELLED : labels[session] ?? UNLABELLED);
    session++;
  });
  if (labels !== null && labels.length !== session) throw new DataError(`${labelFile ?? ''}: has ${labels.length} labels for ${session} sessions in ${file}. They must match line by line.`);
  if (session === 0) throw new DataError(`${file}: holds no sessions.`);
  return builder.build();
}

/** A stream of event ids, one per line (a log line each). @throws DataError naming the line that is no id. */
export async function readEventStream(file: string): Promise<Uint32Array> {
  let stream = new Uint32Array(1 << 20);
  let length = 0;
  await eachLine(file, (buffer, start, end) => {
    let value = 0;
    for (let i = start; i < end; i++) {
      const digit = buffer[i] - 48;
      if (digit < 0 || digit > 9) throw new DataError(`${file}, line ${length + 1}: expected one event id, got ${JSON.stringify(buffer.toString('utf8', start, Math.min(end, start + 60)))}.`);
      value = value * 10 + digit;
    }
    if (length === stream.length) {
      const larger = new Uint32Array(length * 2);
      larger.set(stream);
      stream = larger;
    }
    stream[length++] = value;
  });
  return stream.slice(0, length);
}

/** 0 or 1 per line. @throws DataError naming the line that is neither. */
export async function readLabelLines(file: string): Promise<Uint8Array> {
  const labels: number[] = [];
  await eachLine(file, (buffer, start, end) => {
    const label = buffer[start] - 48;
    if (end !== start + 1 || (label !== 0 && label !== 1)) throw new DataError(`${file}, line ${labels.length + 1}: expected 0 or 1, got ${JSON.stringify(buffer.toString('utf8', start, Math.min(end, start + 60)))}.`);
    labels.push(label);
  });
  return Uint8Array.from(labels);
}

async function eachLine(file: string, take: (buffer: Buffer, start: number, end: number) => void): Promise<void> {
  const source = await LineSource.open(file);
  for await (const chunk of source.chunks()) eachLineOf(chunk, take);
}
