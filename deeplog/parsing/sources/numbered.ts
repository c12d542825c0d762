import { DataError } from '../../common/index.js';
import { DerivedSource } from './derived.js';
import { eachLine } from './each_line.js';
import { LineWriter } from './line_writer.js';
import type { LineChunk, LogSource } from './types.js';

/** Lines that bring their number along, `<number><tab><line>`: shards of a log, whose lines are numbered in the whole. */
export function numberedLines(source: LogSource): LogSource {
  return new DerivedSource(source, stripped);
}

async function* stripped(source: LogSource): AsyncGenerator<LineChunk> {
  const out = new LineWriter();
  let line = 0;
  for await (const chunk of source.chunks()) {
    line += eachLine(chunk, (buffer, start, end, index) => {
      let at = start;
      let number = 0;
      for (; at < end && buffer[at] >= 48 && buffer[at] <= 57; at++) number = number * 10 + buffer[at] - 48;
      if (at === start || buffer[at] !== 9 || at >= end) throw new DataError(`${source.name}, line ${line + index + 1}: has no number and tab in front, as --numbered expects: ${JSON.stringify(buffer.toString('utf8', start, Math.min(end, start + 60)))}.`);
      out.append(buffer, at + 1, end);
      out.endLine(number);
    });
    if (!out.empty) yield out.take();
  }
}
