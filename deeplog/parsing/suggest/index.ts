import { DataError } from '../../common/index.js';
import { LogFormat } from '../log_format.js';
import type { WholeRecords } from '../sources/index.js';
import { TimeFormat, timeFields } from '../time_format.js';
import { guessFields, jsonRecord, tableRecord, type FieldsGuess } from './json.js';
import { guessHeader } from './layout.js';
import { guessMasks, type MaskGuess } from './masks.js';
import { guessRecords } from './records.js';

export interface Suggestion {
  /** null: records, which have `fields`. */
  readonly logformat: string | null;
  /** For --fields, of records. */
  readonly fields: readonly string[] | null;
  /** For --input_format, where there are fields. */
  readonly inputFormat: string;
  /** For --record_start, where records have several lines. */
  readonly recordStart: string | null;
  readonly timeFormat: string | null;
  /** The time format that reads as many times as otherwise: day and month may stand either way. */
  readonly otherTimeFormat: string | null;
  readonly masks: readonly MaskGuess[];
  /** Lines looked at, and of them those that fit the layout and whose time fits its format. */
  readonly sampled: number;
  readonly fitting: number;
  readonly dated: number;
  /** The first line, field by field. */
  readonly example: readonly (readonly [field: string, value: string])[];
}

const SAMPLE_LINES = 5000;
const MAX_LINE = 4000;

/**
 * Proposes a layout (of records, fields), a time format and masks for an unknown log, from its first lines.
 * @param fields entries of --fields, which stand as they are
 * @throws DataError when it has none, or records no message
 */
export async function suggestSettings({ source, format, columns }: WholeRecords, fields: readonly string[] = []): Promise<Suggestion> {
  const lines: string[] = [];
  for await (const { buffer, end } of source.chunks()) {
    for (const line of buffer.toString('utf8', 0, end).split('\n')) if (line.trim() !== '' && lines.length < SAMPLE_LINES) lines.push(format === 'lines' ? line.trim().slice(0, MAX_LINE) : line);
    if (lines.length >= SAMPLE_LINES) break;
  }
  if (lines.length === 0) throw new DataError(`${source.name}: holds no lines to learn a layout from.`);
  if (format === 'lines') return suggestFor(lines, fields);
  const guess = guessFields(lines.map((l) => (columns === null ? jsonRecord(l) : tableRecord(l, columns))), fields);
  if (guess === null) throw new DataError(`${source.name}: has no column of text that could be the message${columns === null ? '' : ` among ${columns.join(', ')}`}. Name it with --fields Content=<column>.`);
  return ofFields(guess, lines.length, format);
}

function ofFields(guess: FieldsGuess, sampled: number, inputFormat: string): Suggestion {
  return { logformat: null, fields: guess.fields, inputFormat, recordStart: null, timeFormat: null, otherTimeFormat: null, masks: guessMasks(guess.messages), sampled, fitting: guess.messages.length, dated: guess.dated, example: guess.example };
}

/** The same for lines at hand. */
export function suggestFor(given: readonly string[], fields: readonly string[] = []): Suggestion {
  const json = guessFields(given.map(jsonRecord), fields);
  if (json !== null) return ofFields(json, given.length, 'jsonl');
  const records = guessRecords(given);
  const lines = records?.records ?? given;
  const header = guessHeader(lines, records?.prefix);
  const format = new LogFormat(header.layout);
  const messages: string[] = [];
  const dates: Buffer[] = [];
  let example: [string, string][] = [];
  const useful = header.time !== null && format.fields.some((f) => f === 'Time' || f === 'Date') ? new TimeFormat(header.time) : null;
  for (const line of lines) {
    const bytes = Buffer.from(line);
    if (!format.match(bytes, 0, bytes.length, bytes.length === line.length)) continue;
    const text = (field: string): string => {
      const i = format.fields.indexOf(field);
      return i < 0 ? '' : bytes.toString('utf8', format.starts[i], format.ends[i]);
    };
    if (messages.length === 0) example = format.fields.map((f) => [f, text(f)]);
    messages.push(text('Content'));
    const when = Buffer.from(timeFields(format.fields, header.time ?? '').map((f) => text(format.fields[f])).join(' '));
    if (useful !== null) dates.push(when);
  }
  const readable = (time: string): number => { const f = new TimeFormat(time); return dates.filter((d) => !Number.isNaN(f.parse(d, 0, d.length))).length; };
  const [first, second] = [header.time, otherOrder(header.time)].map((time) => (time === null || useful === null ? null : { time, dated: readable(time) }));
  const best = first !== null && second !== null && second.dated > first.dated ? second : first;
  const dated = best?.dated ?? 0;
  const timeFormat = dated >= messages.length * 0.95 && dated > 0 ? best?.time ?? null : null;
  return { logformat: header.layout, fields: null, inputFormat: 'lines', recordStart: records?.start ?? null, timeFormat, otherTimeFormat: timeFormat !== null && first !== null && second?.dated === first.dated ? second.time : null, masks: guessMasks(messages), sampled: lines.length, fitting: messages.length, dated: timeFormat === null ? 0 : dated, example };
}

/** Dates between slashes begin with the day in one country and with the month in another; null for times without such. */
function otherOrder(time: string | null): string | null {
  return time?.includes('%d/%m/%Y') === true ? time.replace('%d/%m', '%m/%d') : null;
}

/** The suggestion as a drain3.ini that works, with its evidence as comments. */
export function asIni(s: Suggestion, from: string): string {
  const percent = (n: number, of: number): string => `${n.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} (${((100 * n) / Math.max(1, of)).toFixed(1)} %)`;
  return [
    `; Suggested for ${from} from its first ${s.sampled.toLocaleString('en-US')} lines. Look it over; then: drain --parser_config THIS_FILE`,
    ...(s.fields === null ? [] : [`; and: --input_format ${s.inputFormat} --fields ${s.fields.join(',')}`]),
    ...(s.recordStart === null ? [] : [`; records have several lines; and: --record_start '${s.recordStart}'`]),
    ...(s.timeFormat !== null && new TimeFormat(s.timeFormat).yearless ? ['; times have no year; and: --year, the year of the first line'] : []),
    '', '[DRAIN]', 'sim_th = 0.5', 'depth = 4',
    '', '[MASKING]',
    ...s.masks.map((m) => `; ${m.what}: in ${(100 * m.share).toFixed(1)} % of the messages, ${m.distinct.toLocaleString('en-US')} values, e.g. ${m.example.slice(0, 80)}`),
    `masking = [${s.masks.map((m) => `\n    {"regex_pattern": ${JSON.stringify(m.regex)}, "mask_with": "*"}`).join(',')}${s.masks.length > 0 ? '\n    ' : ''}]`,
    '', ...(s.fields === null ? ['[ADAPTER_PARAMS]'] : []),
    `; lines that fit: ${percent(s.fitting, s.sampled)}; the first: ${s.example.map(([f, v]) => `${f} ${JSON.stringify(v.slice(0, 60))}`).join(', ')}`,
    ...(s.logformat === null ? [] : [`logformat = ${s.logformat}`]),
    ...(s.fields !== null ? [] : s.timeFormat === null ? ['; no field says when in a way that can be read; set time_format by hand where one does'] : [`; times that can be read: ${percent(s.dated, s.fitting)}`, `time_format = ${s.timeFormat}`, ...(s.otherTimeFormat === null ? [] : [`; these dates read either way; where it is the other: time_format = ${s.otherTimeFormat}`])]),
    '',
  ].join('\n');
}
