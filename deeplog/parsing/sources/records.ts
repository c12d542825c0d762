import { isAscii } from 'node:buffer';
import { LinePattern } from '../patterns/index.js';
import { DerivedSource } from './derived.js';
import { eachLine } from './each_line.js';
import { LineWriter } from './line_writer.js';
import type { LineChunk, LogSource } from './types.js';

/** A record this long is handed on as it is, and what follows starts another: memory stays bounded whatever the pattern. */
const MAX_RECORD_BYTES = 16 << 20;

/**
 * Records of several lines (stack traces, dumps): a line that `recordStart` (a Python regular expression, searched in the line)
 * matches starts one, others continue it. A record becomes one line, a blank between what were lines, numbered by its first.
 * @throws UsageError when the pattern cannot be used.
 */
export function multiLineRecords(source: LogSource, recordStart: string): LogSource {
  const pattern = new LinePattern(recordStart);
  return new DerivedSource(source, (from) => joined(from, pattern));
}

async function* joined(source: LogSource, pattern: LinePattern): AsyncGenerator<LineChunk> {
  // The record that is not complete yet stands alone in `open`; complete ones are collected in `done`.
  const done = new LineWriter();
  let open: Buffer = Buffer.allocUnsafe(1 << 16);
  let length = 0;
  let number = 0;
  let line = 0;
  const add = (from: Buffer, start: number, end: number): void => {
    if (length + end - start + 1 > open.length) {
      const larger = Buffer.allocUnsafe(Math.max(open.length * 2, length + end - start + 1));
      open.copy(larger, 0, 0, length);
      open = larger;
    }
    if (length > 0) open[length++] = 32;
    length += from.copy(open, length, start, end);
  };
  const close = (): void => {
    if (number > 0) {
      done.append(open, 0, length);
      done.endLine(number);
    }
    length = 0;
  };
  for await (const chunk of source.chunks()) {
    const before = line;
    line += eachLine(chunk, (buffer, start, end, index) => {
      const ascii = chunk.ascii || isAscii(buffer.subarray(start, end));
      if (number === 0 || length > MAX_RECORD_BYTES || pattern.find(buffer, start, end, ascii)) {
        close();
        number = chunk.lineNumbers?.[index] ?? before + index + 1;
      }
      add(buffer, start, end);
    });
    if (done.full) yield done.take();
  }
  close();
  if (!done.empty) yield done.take();
}
