import { hashFile, hashOfValue } from '../../artifacts/index.js';
import { DataError, messageOf, UsageError } from '../../common/index.js';
import { eachLine, logInput, TimeFormat, type LogInput } from '../../parsing/index.js';

/** Lines of a log as they are read: text by text, in order, with the 1-based number of the first. */
export interface LineBlock {
  readonly first: number;
  readonly lines: readonly string[];
  /** Milliseconds since 1970 of each line, NaN where it has none. */
  readonly times: Float64Array;
}

export interface TimeSettings {
  /** Python strptime format of the time that a line begins with; none: lines have no time. */
  readonly timeFormat?: string;
}

/** Lines in a block: what is in memory at a time. */
const BLOCK = 8192;

/** How many blank-separated fields a time format spans, so that it can be read off the beginning of a line. */
function fieldsOf(format: string): number {
  return format.trim().split(/\s+/).length;
}

/** Reads the log block by block, whatever its size. @throws DataError when it is missing or damaged; UsageError for a time format that is not understood */
export async function* lineBlocks(input: LogInput, { timeFormat }: TimeSettings): AsyncGenerator<LineBlock> {
  const format = timeFormat === undefined ? null : new TimeFormat(timeFormat);
  const fields = timeFormat === undefined ? 0 : fieldsOf(timeFormat);
  let first = 1;
  let lines: string[] = [];
  let times: number[] = [];
  const ready: LineBlock[] = [];
  for await (const chunk of (await input.open()).chunks()) {
    eachLine(chunk, (buffer, start, end) => {
      lines.push(buffer.toString('utf8', start, end));
      times.push(format === null ? NaN : format.parse(buffer, start, endOfFields(buffer, start, end, fields)));
      if (lines.length < BLOCK) return;
      ready.push({ first, lines, times: Float64Array.from(times) });
      first += lines.length;
      [lines, times] = [[], []];
    });
    yield* ready.splice(0);
  }
  if (lines.length > 0) yield { first, lines, times: Float64Array.from(times) };
}

function endOfFields(buffer: Buffer, start: number, end: number, fields: number): number {
  let at = start;
  for (let field = 0; field < fields; field++) {
    while (at < end && buffer[at] === 32) at++;
    while (at < end && buffer[at] !== 32) at++;
  }
  return at;
}

/** @throws DataError when there is no such log */
export async function openLog(file: string): Promise<LogInput> {
  if (file === '-') throw new UsageError('--input_file - cannot be used here: the log is read more than once. Name a file.');
  return logInput({ file, format: 'lines' }); // as text, whatever is in it
}

/** sha256 over the log's files, wherever they lie. */
export async function hashOfLog({ files }: LogInput): Promise<string> {
  return hashOfValue(await Promise.all(files.map(hashFile)));
}

/** @throws DataError when the log is not the one that a former stage has read: line numbers would mean other lines. */
export async function requireSameLog(input: LogInput, before: { readonly folder: string; readonly sha256: unknown }): Promise<string> {
  const sha256 = await hashOfLog(input);
  if (sha256 !== before.sha256) throw new DataError(`${input.name}: is not the log that ${before.folder} was made from, or it has changed since: its lines are not those that training and validation end at. Name that log, or begin again with "autoencoder prepare".`);
  return sha256;
}

/** Milliseconds since midnight (UTC as written) as a point on the circle: the angle's sine and cosine; null without a time. */
export function timeOfDay(time: number): { readonly sine: number; readonly cosine: number } | null {
  if (Number.isNaN(time)) return null;
  const angle = (2 * Math.PI * (((time % DAY_MS) + DAY_MS) % DAY_MS)) / DAY_MS;
  return { sine: Math.sin(angle), cosine: Math.cos(angle) };
}

const DAY_MS = 86_400_000;

/**
 * Labels of a log's lines: a file with 0 or 1 per line, or `pattern:<regular expression>` for logs that say it themselves (BGL: lines that do
 * not begin with "- " are alerts).
 */
export class LineLabels {
  private constructor(private readonly given: Uint8Array | null, private readonly pattern: RegExp | null) {}

  /** @throws DataError when a line of the file is neither 0 nor 1 */
  static async read(source: string): Promise<LineLabels> {
    if (source.startsWith('pattern:')) return new LineLabels(null, expression(source.slice('pattern:'.length)));
    const out: number[] = [];
    for await (const { lines, first } of lineBlocks(await openLog(source), {})) {
      lines.forEach((line, i) => {
        if (line !== '0' && line !== '1') throw new DataError(`${source}, line ${first + i}: is ${JSON.stringify(line.slice(0, 40))}; a label file has 0 (normal) or 1 (abnormal) per line of the log. For a log that labels its own lines give pattern:<regular expression>.`);
        out.push(Number(line));
      });
    }
    return new LineLabels(Uint8Array.from(out), null);
  }

  /** @throws DataError when the file has no label for the line */
  abnormal(line: number, text: string): boolean {
    if (this.pattern !== null) return this.pattern.test(text);
    if (this.given === null || line > this.given.length) throw new DataError(`The label file has ${this.given?.length ?? 0} lines; the log has more. It needs one for each line of the log.`);
    return this.given[line - 1] === 1;
  }
}

function expression(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new UsageError(`--label_file: ${messageOf(error)}.`);
  }
}
