import { existsSync } from 'node:fs';
import { countLines } from '../../parsing/index.js';
import { LineBook } from '../../text/index.js';
import type { LineEncoder } from '../../detectors/index.js';
import type { WindowShape } from './line_stream.js';
import { lineBlocks, openLog } from './log_lines.js';

/** Kinds of lines to choose from, for each that is wanted: the rest of a long log is not read. */
const CHOICE = 20;

/** Of `size` things so many, spread evenly. */
function spread(count: number, size: number): number[] {
  const most = Math.min(count, size);
  return Array.from({ length: most }, (_, i) => Math.floor((i * size) / most));
}

function atHand(log: unknown, asked: boolean): log is string {
  return typeof log === 'string' && (asked || existsSync(log));
}

/** `count` kinds of a log's lines as token ids; null when the log is not there and was not `asked` for. @throws DataError when it was */
export async function sampleKinds(log: unknown, asked: boolean, { vocabulary, longest }: LineEncoder, count: number): Promise<Int32Array[] | null> {
  if (!atHand(log, asked)) return null;
  const book = new LineBook(vocabulary, longest);
  for await (const { lines } of lineBlocks(await openLog(log), {})) {
    for (const line of lines) book.intern(line);
    if (book.size > CHOICE * count) break;
  }
  return spread(count, book.size).map((kind) => book.lines[kind]);
}

export interface SampledWindow {
  readonly lines: readonly string[];
  /** Milliseconds since 1970, NaN for none. */
  readonly times: readonly number[];
}

/** `count` windows of a log's lines, spread evenly over it; null when it is not there and was not `asked` for. @throws DataError when it was */
export async function sampleLineWindows(log: unknown, asked: boolean, { windowSize }: WindowShape, timeFormat: string | undefined, count: number): Promise<SampledWindow[] | null> {
  if (!atHand(log, asked)) return null;
  const input = await openLog(log);
  const starts = spread(count, Math.max(1, (await countLines(input)) - windowSize + 1)); // from 0
  const windows = starts.map(() => ({ lines: [] as string[], times: [] as number[] }));
  let open = 0; // the first window that is not full
  let number = 0;
  for await (const { lines, times } of lineBlocks(input, timeFormat === undefined ? {} : { timeFormat })) {
    lines.forEach((line, i) => {
      while (open < starts.length && starts[open] + windowSize <= number) open++;
      for (let w = open; w < starts.length && starts[w] <= number; w++) {
        windows[w].lines.push(line);
        windows[w].times.push(times[i]);
      }
      number++;
    });
    if (open === starts.length) break;
  }
  return windows;
}
