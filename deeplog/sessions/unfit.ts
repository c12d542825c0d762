import { DataError } from '../common/index.js';
import { FLAT_TIME_FORMAT, type LogInput } from '../parsing/index.js';
import type { AdapterOptions } from './adapters.js';

/** A log that its settings do not fit. What to do about it depends on whose settings they are: the caller's flags, or a trained model's. */
export class UnfitLogError extends DataError {
  /** `setting`: the flag that it comes from, which may have been set elsewhere than on the command line. */
  constructor(readonly finding: string, readonly advice: string, readonly setting: string) {
    super(`${finding} ${advice}`);
  }
}

/** What is known when a log turns out not to fit. */
export interface Misfit {
  readonly input: LogInput;
  /** Of `of` lines (records), so many do not fit. */
  readonly count: number;
  readonly of: number;
}

/** Lines that the layout does not fit; records without a message. `first`: number and text. */
export function unfitLayout({ input, count, of }: Misfit, layout: string, first: string, samples: string, maxUnparsed: number): UnfitLogError {
  const share = `${((100 * count) / of).toFixed(1)} %`;
  const sample = `the first is line ${first.slice(0, 120).replace(/\p{Cc}/gu, '\ufffd')}`;
  const more = `or allow more than --max_unparsed ${maxUnparsed}.`;
  if (input.fields === null) return new UnfitLogError(`${input.name}: ${count} of ${of} lines (${share}) do not fit the log format ${JSON.stringify(layout)}; ${sample}. Samples are in ${samples}.`, `Correct --logformat ("drain --suggest" proposes one), ${more}`, 'logformat');
  const why = input.format === 'jsonl' ? 'are no JSON objects, or lack the message' : 'lack the message';
  return new UnfitLogError(`${input.name}: ${count} of ${of} records (${share}) ${why} (${columnOf(input, 'Content')}); ${sample}. Samples are in ${samples}.${fieldsOf(input)}`, `Correct --fields (Content=<field>), ${more}`, 'fields');
}

/** Times that cannot be read; `first`: the text of one. */
export function unfitTimes({ input, count, of }: Misfit, format: string, first: string): UnfitLogError {
  const misfit = `does not fit the time format ${JSON.stringify(format)}; the first is ${JSON.stringify(first)}.`;
  if (input.fields === null) return new UnfitLogError(`${input.name}: the time of ${count} of ${of} lines ${misfit}`, 'Correct --time_format (strptime codes; <Date> and <Time> are joined by one blank), or leave it out.', 'time_format');
  const own = format !== FLAT_TIME_FORMAT;
  const what = first.trim() === '' ? 'is missing.' : own ? misfit : `is neither ISO 8601 nor a number of seconds since 1970; the first is ${JSON.stringify(first)}.`;
  const advice = first.trim() === '' ? 'Correct --fields (Time=<field>).' : `Correct --fields (Time=<field>), or ${own ? '--time_format' : 'say how times are written: --time_format'} (strptime codes).`;
  return new UnfitLogError(`${input.name}: the time of ${count} of ${of} records (${columnOf(input, 'Time')}) ${what}${fieldsOf(input)}`, advice, own ? 'time_format' : 'fields');
}

/** No line belongs to a session; `preview`: the first line, field by field. */
export function unfitSessions(input: LogInput, adapter: AdapterOptions, of: number, preview: string): UnfitLogError {
  const regex = 'regex' in adapter ? adapter.regex : null;
  if (input.fields !== null && regex !== null && regex === input.fields.sessionRegex && adapter.type === 'only_identifier') {
    return new UnfitLogError(`${input.name}: none of ${of} records has a value in the ${columnOf(input, 'Session')}, which names the session.${fieldsOf(input)}`, 'Correct --fields (Session=<field>).', 'fields');
  }
  const pattern = regex === null || regex === input.fields?.sessionRegex ? '' : `: the pattern ${JSON.stringify(regex)} is found in none of ${of} lines`;
  const named = input.fields === null || input.fields.columns.has('Session') ? '' : `, or name the field that all records of a session share: --fields ${fieldFlag(input)},Session=<field>`;
  return new UnfitLogError(`${input.name}: no line belongs to a session${pattern}. The first reads: ${preview}.${named === '' ? '' : fieldsOf(input)}`, `Correct ${regex === null ? '--adapter_type' : '--regex'}${named}.`, regex === null ? 'adapter_type' : 'regex');
}

/** The fields as --fields takes them; '' for text. */
export function fieldFlag(input: LogInput): string {
  return [...(input.fields?.columns ?? [])].map(([field, columns]) => `${field}=${columns.join('+')}`).join(',');
}

/** `the first record has at, text`; '' where it is not known. */
export function namesOf({ names, format }: LogInput): string {
  return names === null ? '' : `the ${format === 'jsonl' ? 'first record' : 'table'} has ${names.join(', ')}`;
}

/** The same as a sentence, with a blank before it. */
function fieldsOf(input: LogInput): string {
  const names = namesOf(input);
  return names === '' ? '' : ` T${names.slice(1)}.`;
}

function columnOf(input: LogInput, field: string): string {
  const columns = input.fields?.columns.get(field) ?? [];
  return `field${columns.length > 1 ? 's' : ''} ${columns.map((c) => JSON.stringify(c)).join(', ')}`;
}
