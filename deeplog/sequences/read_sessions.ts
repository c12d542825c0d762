import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { readBatches, readJson, readManifest, readSessions } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { LineSource } from '../parsing/index.js';
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
}

/**
 * Reads sessions from a drain_result folder, a sessions.arrow, a data.json, or a sequence file (ids per line, `.gz` too).
 * @throws DataError when there is no such input or it is none of these.
 */
export async function readSessionSet(input: string, labelFile?: string): Promise<SessionSet> {
  if (!existsSync(input)) throw new DataError(`${input}: there is no such file or folder. Check --input_file, or run "deeplog drain" first.`);
  if (statSync(input).isDirectory()) {
    const manifest = await readManifest(input);
    const file = path.join(input, 'sessions.arrow');
    return { ...(await fromArrow(file)), complete: manifest.complete_sessions !== false, fitUntilLine: (manifest.fit_until_line as number | null | undefined) ?? null };
  }
  if (input.endsWith('.arrow')) {
    const folder = path.dirname(input);
    if (existsSync(path.join(folder, 'manifest.json')) && path.basename(input) === 'sessions.arrow') return readSessionSet(folder);
    return { ...(await fromArrow(input)), complete: true, fitUntilLine: null };
  }
  if (input.endsWith('.json')) return { table: await fromDataJson(input), files: [input], complete: true, fitUntilLine: null };
  const table = await readSequenceFile(input, labelFile);
  return { table, files: labelFile === undefined ? [input] : [input, labelFile], complete: true, fitUntilLine: null };
}

async function fromArrow(file: string): Promise<{ table: SessionTable; files: string[] }> {
  const builder = new SessionTableBuilder();
  const keys: string[] = [];
  const firstLines: number[] = [];
  for await (const s of readSessions(file)) {
    builder.add(s.events, 0, s.events.length, s.label === null ? UNLABELLED : s.label ? ABNORMAL : NORMAL);
    keys.push(s.key);
    firstLines.push(s.firstLine);
  }
  if (keys.length === 0) throw new DataError(`${file}: holds no sessions. Was the log grouped (--adapter_type)?`);
  const lines = Float64Array.from(firstLines);
  return { table: builder.build({ keys, firstLines: lines, startTimes: await startTimes(path.join(path.dirname(file), 'events.arrow'), lines) }), files: [file] };
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
  return builder.build({ keys: ids, firstLines: new Float64Array(ids.length).fill(NaN), startTimes: null });
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
      if (i === from || i - from > 9) throw new DataError(`${file}, line ${session + 1}: expected event ids separated by blanks, got ${JSON.stringify(buffer.toString('utf8', start, Math.min(end, start + 60)))}.`);
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
  for await (const { buffer, end } of source.chunks()) {
    for (let start = 0; start < end;) {
      let stop = buffer.indexOf(10, start);
      if (stop < 0 || stop > end) stop = end;
      take(buffer, start, stop > start && buffer[stop - 1] === 13 ? stop - 1 : stop);
      start = stop + 1;
    }
  }
}
