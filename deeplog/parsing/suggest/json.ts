import { UsageError } from '../../common/index.js';
import { SEPARATOR, USUAL_CONTENT, USUAL_TIME } from '../sources/index.js';

/** Text by column. */
type Record = ReadonlyMap<string, string>;

/** Of the lines, so many must be JSON objects, and hold the columns. */
const SHARE = 0.97;
/** Seconds to nanoseconds of this age are times. */
const EPOCH = /^1\d{9}(\d{3}){0,3}(\.\d+)?$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

const USUAL_SESSION = ['session', 'session_id', 'sessionId', 'trace.id', 'trace_id', 'traceId', 'request_id', 'requestId', 'req_id', 'reqId', 'rid', 'correlation_id', 'correlationId'];
const USUAL_LEVEL = ['level', 'Level', 'lvl', 'severity', 'log.level', 'loglevel', 'levelname'];
/** Levels are no more than so many. */
const LEVELS = 12;
const LEVEL = /^(?:trace|debug|info|information|notice|warn|warning|err|error|severe|crit|critical|fatal|alert|emerg|panic|[tdiwefcva])$/i;
/** A key that a program made up: one word with a digit. */
const KEY = /^(?=.*\d)[\w-]{6,}$/;

export interface FieldsGuess {
  /** For --fields: `Content=msg`, `Time=ts`. */
  readonly fields: readonly string[];
  readonly messages: readonly string[];
  readonly dated: number;
  /** The first record, field by field. */
  readonly example: readonly (readonly [field: string, value: string])[];
}

/**
 * Which columns of records hold the message, the time, the session and the level; null: too few are records, or none holds text.
 * @param given entries of --fields, which stand as they are
 * @throws UsageError when no record has a column that they name
 */
export function guessFields(found: readonly (Record | null)[], given: readonly string[] = []): FieldsGuess | null {
  const records = found.filter((r) => r !== null);
  if (records.length === 0 || records.length < found.length * SHARE) return null;
  const all = [...new Set(records.flatMap((r) => [...r.keys()]))];
  const names = all.filter((n) => records.filter((r) => r.has(n)).length >= records.length * SHARE);
  const values = (name: string): string[] => records.map((r) => name.split('+').map((n) => r.get(n) ?? '').join(' '));
  const share = (name: string, looks: RegExp): number => values(name).filter((v) => looks.test(v)).length / records.length;
  const fields = new Map(given.map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  const missing = [...fields.values()].flatMap((c) => c.split('+')).find((c) => !all.includes(c));
  if (missing !== undefined) throw new UsageError(`--fields names the column ${JSON.stringify(missing)}, which no record has. There are: ${all.join(', ')}.`);
  const choose = (field: string, usual: readonly string[], fits: (name: string) => boolean, else_?: (free: readonly string[]) => string | undefined): void => {
    const free = names.filter((n) => ![...fields.values()].some((c) => c.split('+').includes(n)));
    const name = fields.get(field) ?? usual.find((n) => free.includes(n) && fits(n)) ?? (else_ === undefined ? free.find(fits) : else_(free));
    if (name !== undefined) fields.set(field, name);
  };
  // Where nothing has a usual name: the text of most words.
  const words = (name: string): number => values(name).reduce((sum, v) => sum + v.split(/\s+/).length - 1, 0);
  choose('Content', USUAL_CONTENT, () => true, (free) => free.filter((n) => words(n) >= records.length).sort((a, b) => words(b) - words(a))[0]);
  const content = fields.get('Content');
  if (content === undefined) return null;
  choose('Time', USUAL_TIME, (n) => share(n, EPOCH) + share(n, ISO) >= SHARE);
  // A session has several records, and there are several; without a usual name its values must look like made-up keys.
  const grouping = (n: string): boolean => { const distinct = new Set(values(n)).size; return distinct > 1 && distinct * 2 <= records.length; };
  const many = (n: string): boolean => new Set(values(n)).size >= Math.max(3, records.length / 100);
  choose('Session', USUAL_SESSION, grouping, (free) => free.find((n) => grouping(n) && many(n) && share(n, KEY) >= SHARE && share(n, /[A-Za-z]/) >= 0.5));
  choose('Level', USUAL_LEVEL, (n) => new Set(values(n)).size <= LEVELS, (free) => free.find((n) => share(n, LEVEL) >= SHARE));
  const time = fields.get('Time');
  return { fields: [...fields].map(([field, column]) => `${field}=${column}`), messages: values(content), dated: time === undefined ? 0 : values(time).filter((v) => v !== '').length, example: [...fields].map(([field, column]) => [field, values(column)[0]]) };
}

/** A line of a table, whose values stand in the order of `names`. */
export function tableRecord(line: string, names: readonly string[]): Record {
  const values = line.split(SEPARATOR).slice(names.length === 1 ? 1 : 0);
  return new Map(names.map((name, i) => [name, values[i] ?? '']));
}

/** Values that are no objects, those of objects in the object by `a.b`. */
export function jsonRecord(line: string): Record | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const out = new Map<string, string>();
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== null && typeof inner === 'object') for (const [below, v] of Object.entries(inner as object)) if (v === null || typeof v !== 'object') out.set(`${name}.${below}`, String(v));
    if (inner === null || typeof inner !== 'object') out.set(name, String(inner));
  }
  return out;
}
