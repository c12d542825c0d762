import type { RecordBatch } from 'apache-arrow';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readBatches, readSessions, type SessionRecord } from '../artifacts/index.js';
import { DataError } from '../common/index.js';

/** The numbers of one log key, a row per occurrence in line order: its parameters, then the elapsed time. */
export interface KeyRows {
  readonly key: number;
  readonly columnNames: readonly string[];
  readonly rows: number;
  /** 1-based line of each row; empty where there are no lines. */
  readonly lines: Float64Array;
  /** [rows × columns]; NaN where a value is missing or is text. */
  readonly values: Float64Array;
  /** [rows × columns]: 1 where the value is text that is no number. */
  readonly text: Uint8Array;
}

export const ELAPSED_COLUMN = 'elapsed_ms';

/**
 * The numeric parameters and elapsed times of a parsed log, by key, from events.arrow and sessions.arrow. Columnar throughout: no
 * string is made of a parameter. A key whose template was still being learned has rows with fewer parameters; each number of
 * parameters is a table of its own.
 */
export class ParameterLog {
  private constructor(
    readonly tables: readonly KeyRows[],
    /** Table and row of each line, −1 where there is none; by line. */
    private readonly tableOfLine: Int32Array,
    private readonly rowOfLine: Int32Array,
    readonly hasTimes: boolean,
  ) {}

  /** @throws DataError when the folder lacks one of the files. */
  static async read(folder: string): Promise<ParameterLog> {
    const events = path.join(folder, 'events.arrow');
    const sessions = path.join(folder, 'sessions.arrow');
    for (const file of [events, sessions]) if (!existsSync(file)) throw new DataError(`${file}: there is no such file, and parameters are read from it. Give --input_file a drain_result folder (written with --format arrow or both).`);
    return ParameterLog.of(readSessions(sessions), readBatches(events));
  }

  /** From rows as sessions.arrow and events.arrow hold them. */
  static async of(sessions: AsyncIterable<SessionRecord> | Iterable<SessionRecord>, rows: AsyncIterable<RecordBatch> | Iterable<RecordBatch>): Promise<ParameterLog> {
    const elapsed = new Growing(new Float64Array(1 << 8).fill(NaN), NaN);
    let hasTimes = false;
    for await (const { lines, firstLine, events: keys, elapsedMs } of sessions) {
      if (elapsedMs === null) continue;
      hasTimes = true;
      for (let i = 0; i < keys.length; i++) elapsed.set(lines === null ? firstLine + i : lines[i], elapsedMs[i]);
    }
    const builder = new Builder(elapsed);
    for await (const batch of rows) builder.add(batch);
    return new ParameterLog(builder.tables.map((t) => t.build()), builder.tableOfLine.data, builder.rowOfLine.data, hasTimes);
  }

  /** Where a line's numbers are: index of the table and row in it; null for a line that is not in the log. */
  at(line: number): { table: number; row: number } | null {
    const table = this.tableOfLine[line] ?? -1;
    return table < 0 ? null : { table, row: this.rowOfLine[line] };
  }
}

class Builder {
  readonly tables: TableBuilder[] = [];
  readonly tableOfLine = new Growing(new Int32Array(1 << 8).fill(-1), -1);
  readonly rowOfLine = new Growing(new Int32Array(1 << 8).fill(-1), -1);
  private readonly byName = new Map<number, number>();

  constructor(private readonly elapsed: Growing<Float64Array>) {}

  add(batch: RecordBatch): void {
    const line = batch.getChild('line')?.toArray() as BigUint64Array;
    const event = batch.getChild('event')?.toArray() as Uint32Array;
    const list = batch.getChild('parameters')?.data[0];
    const strings = list?.children[0];
    if (list === undefined || strings === undefined) throw new DataError('events.arrow has no column parameters. Parse the log again.');
    const [ends, valueEnds, bytes] = [list.valueOffsets as Int32Array, strings.valueOffsets as Int32Array, strings.values as Uint8Array];
    for (let i = 0; i < event.length; i++) {
      const count = ends[i + 1] - ends[i];
      const name = event[i] * 4096 + Math.min(count, 4095);
      let table = this.byName.get(name);
      if (table === undefined) {
        this.byName.set(name, (table = this.tables.length));
        this.tables.push(new TableBuilder(event[i], count));
      }
      const at = Number(line[i]);
      this.tableOfLine.set(at, table);
      this.rowOfLine.set(at, this.tables[table].rows);
      this.tables[table].add(at, bytes, valueEnds, ends[i], this.elapsed.get(at));
    }
  }
}

class TableBuilder {
  rows = 0;
  private readonly columns: number;
  private readonly lines = new Growing(new Float64Array(64), 0);
  private readonly values = new Growing(new Float64Array(256), NaN);
  private readonly text = new Growing(new Uint8Array(256), 0);

  constructor(private readonly key: number, private readonly parameters: number) {
    this.columns = parameters + 1;
  }

  add(line: number, bytes: Uint8Array, valueEnds: Int32Array, first: number, elapsed: number): void {
    const start = this.rows * this.columns;
    for (let p = 0; p < this.parameters; p++) {
      const parsed = parseNumber(bytes, valueEnds[first + p], valueEnds[first + p + 1]);
      this.values.set(start + p, parsed ?? NaN);
      this.text.set(start + p, parsed === null ? 1 : 0);
    }
    this.values.set(start + this.parameters, elapsed);
    this.text.set(start + this.parameters, 0);
    this.lines.set(this.rows++, line);
  }

  build(): KeyRows {
    const size = this.rows * this.columns;
    return {
      key: this.key, rows: this.rows, lines: this.lines.data.slice(0, this.rows), values: this.values.data.slice(0, size), text: this.text.data.slice(0, size),
      columnNames: [...Array.from({ length: this.parameters }, (_, p) => `parameter ${p + 1}`), ELAPSED_COLUMN],
    };
  }
}

const MISSING = /^(|-|nan|null|none|n\/a)$/i;
const INFINITE = /^[-+]?inf(inity)?$/i;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const LONGEST_NUMBER = 32;

/** The number that bytes[start, end) spell; NaN for a missing one, null for text. */
function parseNumber(bytes: Uint8Array, start: number, end: number): number | null {
  if (end - start > LONGEST_NUMBER) return null;
  const word = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  return numberOf(word);
}

/** The number a word spells; NaN when it says that there is none, ±Infinity, or null for any other text. */
export function numberOf(word: string): number | null {
  if (NUMBER.test(word)) return Number(word);
  if (MISSING.test(word)) return NaN;
  if (INFINITE.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
  return null;
}

class Growing<T extends Float64Array | Int32Array | Uint8Array> {
  constructor(public data: T, private readonly empty: number) {}

  set(index: number, value: number): void {
    if (index >= this.data.length) {
      const larger = new (this.data.constructor as new (n: number) => T)(Math.max(this.data.length * 2, index + 1));
      larger.fill(this.empty);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[index] = value;
  }

  get(index: number): number {
    return this.data[index] ?? this.empty;
  }
}
