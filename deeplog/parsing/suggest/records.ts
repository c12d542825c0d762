import { TIMES } from './pieces.js';

/** Fewer first lines than this share, and they are no records; more, and the others are odd lines. */
const LEAST = 0.02;
const MOST = 0.9;

export interface RecordGuess {
  /** A Python regular expression that matches the first line of each record. */
  readonly start: string;
  /** What every first line begins with, before its time. */
  readonly prefix: string;
  /** Each joined to one line. */
  readonly records: readonly string[];
}

/** Records of several lines: only some lines, the first among them, begin with a time, or with a word and a time. */
export function guessRecords(lines: readonly string[]): RecordGuess | null {
  for (const prefix of ['', /^[A-Za-z][\w-]*: */.exec(lines[0])?.[0] ?? '']) {
    for (const { looks } of TIMES) {
      const begins = (line: string): boolean => {
        looks.lastIndex = prefix.length;
        return line.startsWith(prefix) && looks.test(line);
      };
      if (!begins(lines[0])) continue;
      const first = lines.filter(begins).length;
      if (first < Math.max(2, lines.length * LEAST) || first > lines.length * MOST) continue;
      const records: string[] = [];
      for (const line of lines) {
        if (begins(line)) records.push(line);
        else records[records.length - 1] += ` ${line}`;
      }
      return { start: `^${prefix}${looks.source}`, prefix, records };
    }
  }
  return null;
}
