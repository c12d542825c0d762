import { USUAL_CONTENT, USUAL_TIME } from '../sources/index.js';

/** Of the lines, so many must be JSON objects, and hold the columns. */
const SHARE = 0.97;
/** Seconds to nanoseconds of this age are times. */
const EPOCH = /^1\d{9}(\d{3}){0,3}(\.\d+)?$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

export interface FieldsGuess {
  /** For --fields: `Content=msg`, `Time=ts`. */
  readonly fields: readonly string[];
  readonly messages: readonly string[];
  readonly dated: number;
}

/** Which columns of JSON lines hold the message and the time; null: they are no JSON lines, or none holds text. */
export function guessFields(lines: readonly string[]): FieldsGuess | null {
  const records = lines.map(columns).filter((r) => r !== null);
  if (records.length < lines.length * SHARE) return null;
  const names = [...new Set(records.flatMap((r) => [...r.keys()]))].filter((n) => records.filter((r) => r.has(n)).length >= records.length * SHARE);
  const values = (name: string): string[] => records.map((r) => r.get(name) ?? '');
  // Where nothing has a usual name: the text of most words.
  const words = (name: string): number => values(name).reduce((sum, v) => sum + v.split(/\s+/).length - 1, 0);
  const content = USUAL_CONTENT.find((n) => names.includes(n)) ?? names.filter((n) => words(n) >= records.length).sort((a, b) => words(b) - words(a))[0];
  if (content === undefined) return null;
  const timed = (name: string): boolean => values(name).filter((v) => EPOCH.test(v) || ISO.test(v)).length >= records.length * SHARE;
  const time = USUAL_TIME.find((n) => names.includes(n) && timed(n)) ?? names.find(timed);
  return { fields: [`Content=${content}`, ...(time === undefined ? [] : [`Time=${time}`])], messages: values(content), dated: time === undefined ? 0 : records.length };
}

/** Values that are no objects, those of objects in the object by `a.b`. */
function columns(line: string): Map<string, string> | null {
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
