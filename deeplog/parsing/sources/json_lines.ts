import { DerivedSource } from './derived.js';
import { eachLine } from './each_line.js';
import { flatLine, lookUp, type FieldMap } from './fields.js';
import { LineWriter } from './line_writer.js';
import type { LineChunk, LogSource } from './types.js';

/** JSON lines (NDJSON) as flat lines. What is no JSON object, or has no message, stays as it is: no layout fits it, so it is counted and shown. */
export function jsonLines(source: LogSource, map: FieldMap, keepTime: boolean): LogSource {
  return new DerivedSource(source, (from) => flattened(from, map, keepTime));
}

async function* flattened(source: LogSource, map: FieldMap, keepTime: boolean): AsyncGenerator<LineChunk> {
  const out = new LineWriter();
  let line = 0;
  for await (const chunk of source.chunks()) {
    const before = line;
    line += eachLine(chunk, (buffer, start, end, index) => {
      const record = parseObject(buffer.toString('utf8', start, end));
      const flat = record === null ? null : flatLine(map, (column) => lookUp(record, column), keepTime);
      if (flat === null) out.append(buffer, start, end);
      else out.appendText(flat);
      out.endLine(chunk.lineNumbers?.[index] ?? before + index + 1);
    });
    if (!out.empty) yield out.take();
  }
}

/** Names of the first record, nested ones as they stand. */
export async function firstJsonNames(source: LogSource): Promise<string[] | null> {
  for await (const chunk of source.chunks()) {
    let names: string[] | null = null;
    eachLine(chunk, (buffer, start, end) => {
      const record = names === null && end > start ? parseObject(buffer.toString('utf8', start, end)) : null;
      if (record !== null) names = Object.keys(record);
    });
    if (names !== null) return names;
  }
  return null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
