import { UsageError } from '../common/index.js';

type Step =
  | { kind: 'digits'; field: Field; min: number; max: number }
  | { kind: 'name'; field: 'month' | 'ignored' | 'pm'; names: readonly string[] }
  | { kind: 'zone' }
  | { kind: 'blank' }
  | { kind: 'literal'; byte: number };
type Field = 'year' | 'year2' | 'month' | 'day' | 'hour' | 'hour12' | 'minute' | 'second' | 'fraction' | 'dayOfYear' | 'epoch' | 'ignored';

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const SHORT = (names: readonly string[]): string[] => names.map((n) => n.slice(0, 3));

const DIRECTIVES: Readonly<Record<string, readonly Step[]>> = {
  Y: [{ kind: 'digits', field: 'year', min: 4, max: 4 }],
  y: [{ kind: 'digits', field: 'year2', min: 2, max: 2 }],
  m: [{ kind: 'digits', field: 'month', min: 1, max: 2 }],
  d: [{ kind: 'digits', field: 'day', min: 1, max: 2 }],
  e: [{ kind: 'digits', field: 'day', min: 1, max: 2 }],
  H: [{ kind: 'digits', field: 'hour', min: 1, max: 2 }],
  I: [{ kind: 'digits', field: 'hour12', min: 1, max: 2 }],
  M: [{ kind: 'digits', field: 'minute', min: 1, max: 2 }],
  S: [{ kind: 'digits', field: 'second', min: 1, max: 2 }],
  f: [{ kind: 'digits', field: 'fraction', min: 1, max: 9 }],
  j: [{ kind: 'digits', field: 'dayOfYear', min: 1, max: 3 }],
  s: [{ kind: 'digits', field: 'epoch', min: 1, max: 12 }],
  w: [{ kind: 'digits', field: 'ignored', min: 1, max: 1 }],
  b: [{ kind: 'name', field: 'month', names: SHORT(MONTHS) }],
  B: [{ kind: 'name', field: 'month', names: MONTHS }],
  a: [{ kind: 'name', field: 'ignored', names: SHORT(DAYS) }],
  A: [{ kind: 'name', field: 'ignored', names: DAYS }],
  p: [{ kind: 'name', field: 'pm', names: ['am', 'pm'] }],
  z: [{ kind: 'zone' }],
};
const COMPOSITES: Readonly<Record<string, string>> = { T: '%H:%M:%S', D: '%m/%d/%y', F: '%Y-%m-%d', R: '%H:%M' };

const MS_PER_DAY = 86_400_000;

/** A month this much earlier than the one before is the next year's. */
const HALF_YEAR = 6;
/** Months from January to December: only such a straggler belongs to the year before. */
const TURN_OF_THE_YEAR = 11;

/**
 * A Python strptime format, compiled to steps over bytes. Times are read as UTC unless the format has %z. Without a year in
 * the format (syslog), lines count from `year`, 1970 unless given, and on into the next when December turns into January;
 * a straggler of December after that is the old year's.
 */
export class TimeFormat {
  private readonly steps: readonly Step[];
  /** All steps are plain digits, blanks and literals: the flat, fast form of them, three numbers a step. */
  private readonly flat: Int32Array | null;
  private readonly fields = new Float64Array(FIELDS.length);
  private cachedDay = -1;
  private cachedDayMs = 0;
  /** The format has a month but no year: the year is ours to keep. */
  readonly yearless: boolean;
  private currentYear: number;
  private lastMonth = 0;

  /** @throws UsageError naming the directive that is not supported. */
  constructor(readonly format: string, private readonly year = 1970) {
    this.steps = compile(format);
    const has = (...fields: string[]): boolean => this.steps.some((s) => 'field' in s && fields.includes(s.field));
    this.yearless = has('month') && !has('year', 'year2', 'epoch');
    this.currentYear = year;
    this.flat = flatten(this.steps);
    // What the format does not name: 1970-01-01 00:00:00.
    this.fields.set([1970, -1, 1, 1, 0, 0, 0, 0]);
  }

  /** The same format for another log: its years count from the start. */
  anew(): TimeFormat {
    return new TimeFormat(this.format, this.year);
  }

  /** Milliseconds since 1970-01-01 UTC, or NaN when bytes[start, end) does not fit the format. */
  parse(bytes: Uint8Array, start: number, end: number): number {
    return this.flat === null ? this.parseAny(bytes, start, end) : this.parseFlat(bytes, start, end, this.flat);
  }

  private yearOf(month: number): number {
    const { lastMonth } = this;
    if (lastMonth > 0 && month - lastMonth >= TURN_OF_THE_YEAR) return this.currentYear - 1;
    if (lastMonth - month >= HALF_YEAR) this.currentYear++;
    this.lastMonth = month;
    return this.currentYear;
  }

  private parseFlat(bytes: Uint8Array, start: number, end: number, flat: Int32Array): number {
    const { fields } = this;
    let i = start;
    for (let s = 0; s < flat.length; s += 3) {
      const op = flat[s];
      if (op >= 0) {
        const max = flat[s + 2];
        let value = 0;
        let n = 0;
        for (; n < max && i < end; n++, i++) {
          const digit = bytes[i] - 48;
          if (digit < 0 || digit > 9) break;
          value = value * 10 + digit;
        }
        if (n < flat[s + 1]) return NaN;
        fields[op] = op === FRACTION ? value * 10 ** (3 - n) : value;
      } else if (op === LITERAL) {
        if (i >= end || bytes[i++] !== flat[s + 1]) return NaN;
      } else {
        if (i >= end || !isSpace(bytes[i])) return NaN;
        do i++; while (i < end && isSpace(bytes[i]));
      }
    }
    if (i !== end) return NaN;
    const [year4, year2, month, day, hour, minute, second, fraction] = [fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6], fields[7]];
    const year = this.yearless ? this.yearOf(month) : year2 < 0 ? year4 : year2 < 69 ? 2000 + year2 : 1900 + year2;
    const key = (year * 16 + month) * 32 + day;
    if (key !== this.cachedDay) {
      if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN;
      this.cachedDay = key;
      this.cachedDayMs = Date.UTC(year, month - 1, day);
    }
    if (hour > 23 || minute > 59 || second > 61) return NaN;
    return this.cachedDayMs + ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(fraction);
  }

  private parseAny(bytes: Uint8Array, start: number, end: number): number {
    let year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0, zone = 0, dayOfYear = 0, epoch = NaN;
    let pm = -1;
    let i = start;
    const { steps } = this;
    for (let s = 0; s < steps.length; s++) {
      const step = steps[s];
      if (step.kind === 'digits') {
        let value = 0;
        let n = 0;
        while (n < step.max && i < end) {
          const digit = bytes[i] - 48;
          if (digit < 0 || digit > 9) break;
          value = value * 10 + digit;
          i++;
          n++;
        }
        if (n < step.min) return NaN;
        const { field } = step;
        switch (field) {
          case 'year': year = value; break;
          case 'year2': year = value < 69 ? 2000 + value : 1900 + value; break;
          case 'month': month = value; break;
          case 'day': day = value; break;
          case 'hour': hour = value; break;
          case 'hour12': hour = value % 12; if (pm < 0) pm = 0; break;
          case 'minute': minute = value; break;
          case 'second': second = value; break;
          case 'fraction': ms = value * 10 ** (3 - n); break;
          case 'dayOfYear': dayOfYear = value; break;
          case 'epoch': epoch = value * 1000; break;
          case 'ignored': break;
          default: field satisfies never;
        }
      } else if (step.kind === 'literal') {
        if (i >= end || bytes[i] !== step.byte) return NaN;
        i++;
      } else if (step.kind === 'blank') {
        if (i >= end || !isSpace(bytes[i])) return NaN;
        do i++; while (i < end && isSpace(bytes[i]));
      } else if (step.kind === 'name') {
        const found = step.names.findIndex((name) => startsWithFolded(bytes, i, end, name));
        if (found < 0) return NaN;
        i += step.names[found].length;
        if (step.field === 'month') month = found + 1;
        else if (step.field === 'pm') pm = found;
      } else {
        const offset = parseZone(bytes, i, end);
        if (offset === null) return NaN;
        zone = offset.minutes;
        i = offset.next;
      }
    }
    if (this.yearless && month >= 1 && month <= 12) year = this.yearOf(month);
    if (i !== end || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 61) return NaN;
    if (!Number.isNaN(epoch)) return Math.floor(epoch + ms);
    if (pm === 1) hour += 12;
    const key = (year * 16 + month) * 32 + day;
    if (key !== this.cachedDay) {
      this.cachedDay = key;
      this.cachedDayMs = Date.UTC(year, month - 1, day);
    }
    const dayMs = dayOfYear > 0 ? Date.UTC(year, 0, 1) + (dayOfYear - 1) * MS_PER_DAY : this.cachedDayMs;
    return dayMs + ((hour * 60 + minute - zone) * 60 + second) * 1000 + Math.floor(ms);
  }
}

const DATED = ['Year', 'Month', 'Day', 'Date', 'Time'];

/**
 * The fields of a layout that say when, in their order: <Date> and <Time>, and with them <Day>, <Month> and <Year> where there is a <Month> and the time format
 * reads one that they alone do not hold (syslog; not Thunderbird, whose date stands whole before it).
 */
export function timeFields(fields: readonly string[], timeFormat: string): number[] {
  const of = (names: readonly string[]): number[] => fields.map((f, i) => (names.includes(f) ? i : -1)).filter((i) => i >= 0);
  const plain = of(['Date', 'Time']);
  const pieces = timeFormat.trim().split(/\s+/).length;
  return fields.includes('Month') && /%[bBm]/.test(timeFormat) && plain.length < pieces ? of(DATED) : plain;
}

/** Fields of the flat form, by index. */
const FIELDS: readonly Field[] = ['year', 'year2', 'month', 'day', 'hour', 'minute', 'second', 'fraction'];
const FRACTION = 7;
const LITERAL = -1;
const BLANK = -2;

function flatten(steps: readonly Step[]): Int32Array | null {
  const out: number[] = [];
  for (const step of steps) {
    if (step.kind === 'digits' && FIELDS.includes(step.field)) out.push(FIELDS.indexOf(step.field), step.min, step.max);
    else if (step.kind === 'literal') out.push(LITERAL, step.byte, 0);
    else if (step.kind === 'blank') out.push(BLANK, 0, 0);
    else return null;
  }
  return Int32Array.from(out);
}

function compile(format: string): Step[] {
  const steps: Step[] = [];
  for (let i = 0; i < format.length; i++) {
    const c = format[i];
    if (c === '%') {
      const directive = format[++i] ?? '';
      if (directive === '%') steps.push({ kind: 'literal', byte: 37 });
      else if (directive in COMPOSITES) steps.push(...compile(COMPOSITES[directive]));
      else if (directive in DIRECTIVES) steps.push(...DIRECTIVES[directive]);
      else throw new UsageError(`time_format ${JSON.stringify(format)} uses %${directive}, which is not supported. Supported: ${Object.keys({ ...DIRECTIVES, ...COMPOSITES }).map((d) => `%${d}`).join(' ')}.`);
    } else if (c === ' ') {
      if (steps.at(-1)?.kind !== 'blank') steps.push({ kind: 'blank' });
    } else for (const byte of Buffer.from(c)) steps.push({ kind: 'literal', byte });
  }
  return steps;
}

function isSpace(b: number): boolean {
  return b === 32 || (b >= 9 && b <= 13);
}

function startsWithFolded(bytes: Uint8Array, at: number, end: number, name: string): boolean {
  if (at + name.length > end) return false;
  for (let j = 0; j < name.length; j++) if ((bytes[at + j] | 32) !== name.charCodeAt(j)) return false;
  return true;
}

function parseZone(bytes: Uint8Array, at: number, end: number): { minutes: number; next: number } | null {
  if (bytes[at] === 90 && at < end) return { minutes: 0, next: at + 1 };
  const match = /^([+-])(\d\d):?(\d\d)/.exec(Buffer.from(bytes.subarray(at, Math.min(end, at + 6))).toString('latin1'));
  if (!match) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return { minutes: match[1] === '-' ? -minutes : minutes, next: at + match[0].length };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
