import { UsageError } from '../../common/index.js';

/** Which values of a structured record (JSON, CSV, Parquet) make a log line. */
export interface FieldMap {
  /** Field of the log format → the record's columns, joined by a blank; `a.b` reaches into objects. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** The line layout that `flatLine` writes. */
  readonly layout: string;
  /** A Python regular expression that finds the session key in such a line; null without a Session field. */
  readonly sessionRegex: string | null;
}

/** Stands between the values of a flat line: no text log has it, and it is no blank. */
export const SEPARATOR = '\x01';

/** Times are written so, unless they are left as they are. */
export const FLAT_TIME_FORMAT = '%Y-%m-%dT%H:%M:%S.%f';

/** What columns of messages, and of times, are called. */
export const USUAL_CONTENT = ['Content', 'content', 'message', 'Message', 'msg', 'MESSAGE', 'log', 'text', 'body'];
export const USUAL_TIME = ['timestamp', '@timestamp', 'Timestamp', 'time', 'Time', 'ts', 'datetime'];

/**
 * `given`: entries such as `Content=message`, `Time=Date+Time`, `Session=trace.id`, `Label=alert`; further names stand before
 * the message, for --anomaly_labels and --regex to search. Content and Time are found under their usual names among `names`
 * where they are not given; `names` are the table's columns, or those of the first record (`complete` false: others may have more).
 * @throws UsageError when an entry is malformed, or no message can be found.
 */
export function fieldMap(given: readonly string[], names: readonly string[] | null, complete: boolean): FieldMap {
  const columns = new Map<string, readonly string[]>();
  for (const entry of given) {
    const match = /^([A-Za-z_]\w*)=(.+)$/.exec(entry);
    if (match === null) throw new UsageError(`--fields has ${JSON.stringify(entry)}; expected Name=column, e.g. Content=message,Time=timestamp,Session=trace_id.`);
    if (columns.has(match[1])) throw new UsageError(`--fields names ${match[1]} twice. Join columns with +: ${match[1]}=a+b.`);
    columns.set(match[1], match[2].split('+'));
  }
  const guess = (field: string, usual: readonly string[]): void => {
    const found = columns.has(field) ? undefined : usual.find((name) => names?.includes(name) === true);
    if (found !== undefined) columns.set(field, [found]);
  };
  guess('Content', USUAL_CONTENT);
  guess('Time', USUAL_TIME);
  if (!columns.has('Content')) throw new UsageError(`--fields must say which column holds the message, e.g. --fields Content=${names?.[0] ?? 'message'}.${names === null ? '' : ` The first record has: ${names.join(', ')}.`}`);
  const missing = names === null || !complete ? undefined : [...columns.values()].flat().find((c) => !names.includes(c) && !names.includes(c.split('.')[0]));
  if (missing !== undefined) throw new UsageError(`--fields names the column ${JSON.stringify(missing)}, which the table does not have. It has: ${names?.join(', ')}.`)
  // The session key first, where a regular expression finds it at once; the message last, as every layout has it.
  const rank = (field: string): number => (field === 'Session' ? 0 : field === 'Content' ? 2 : 1);
  return fieldMapOf([...columns].sort(([a], [b]) => rank(a) - rank(b)));
}

/** The map with these columns of each field, in the order of the line. */
export function fieldMapOf(ordered: Iterable<readonly [string, readonly string[]]>): FieldMap {
  const columns = new Map(ordered);
  return { columns, layout: joined([...columns.keys()].map((f) => `<${f}>`)), sessionRegex: columns.has('Session') ? `^[^${SEPARATOR}]+` : null };
}

/**
 * A record as one line in the map's layout; null when it has no message.
 * @param keepTime leave the time as it stands, for a time format of the user's
 */
export function flatLine(map: FieldMap, value: (column: string) => unknown, keepTime: boolean): string | null {
  const parts: string[] = [];
  for (const [field, columns] of map.columns) {
    const values = columns.map(value);
    if (field === 'Content' && values.every((v) => v === undefined || v === null)) return null;
    if (field === 'Time' && !keepTime && values.length === 1) parts.push(isoTime(values[0]));
    else if (field === 'Label') parts.push(labelText(values[0]));
    else parts.push(values.map(text).join(' '));
  }
  return joined(parts.map((p) => p.replace(/[\r\n\x01]+/g, ' ')));
}

/** A flat line has a separator even where it has but one value: lines that are no record have none, so that they do not fit the layout. */
function joined(values: readonly string[]): string {
  return values.length === 1 ? SEPARATOR + values[0] : values.join(SEPARATOR);
}

/** `a.b` is the column of that name, else b in the object a. */
export function lookUp(record: Readonly<Record<string, unknown>>, column: string): unknown {
  if (column in record) return record[column];
  let at: unknown = record;
  for (const step of column.split('.')) at = at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[step] : undefined;
  return at;
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? nested(value) : String(value);
}

function nested(value: object): string {
  try {
    return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
  } catch (error) {
    if (error instanceof RangeError) return '(nested too deep)'; // JSON.parse takes any depth, JSON.stringify does not
    throw error;
  }
}

const NORMAL = new Set(['', '-', '0', 'false', 'normal', 'none']);

/** BGL's convention, which the rest knows: `-` is normal, anything else the kind of alert. No label counts as normal. */
function labelText(value: unknown): string {
  const word = text(value).trim();
  return NORMAL.has(word.toLowerCase()) ? '-' : word;
}

/** Numbers are seconds, milliseconds, microseconds or nanoseconds since 1970, by their size; texts are ISO 8601, UTC unless they say otherwise. */
function isoTime(value: unknown): string {
  const ms = value instanceof Date ? value.getTime() : typeof value === 'string' && !/^\d{9,19}(\.\d+)?$/.test(value) ? Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) || !/\d:\d/.test(value) ? value : `${value.replace(' ', 'T').replace(',', '.')}Z`) : epochMs(Number(value));
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString().slice(0, 23) : text(value);
}

function epochMs(n: number): number {
  const size = Math.abs(n);
  if (size < 1e11) return n * 1000;
  if (size < 1e14) return n;
  return size < 1e17 ? n / 1000 : n / 1e6;
}
