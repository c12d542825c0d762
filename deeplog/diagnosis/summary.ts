import type { Diagnosis, Expected, Place, ValueFinding } from './diagnosis.js';

const LISTED = 3;

/** The findings in sentences: where it left the workflow, how it ended, what was unlikely, which values stand out. */
export function summarise({ workflow, keys, values }: Pick<Diagnosis, 'workflow' | 'keys' | 'values'>, events: number): string[] {
  const out: string[] = [];
  if (workflow !== null) {
    const [first, ...more] = workflow.departures;
    if (first !== undefined) {
      out.push(`It left the workflow at ${where(first)}${quoted(first)}: ${first.reason.split('; expected')[0]}. Expected there: ${expectedText(first.expected)}.`);
      if (more.length > 0) out.push(`${more.length} more event${more.length === 1 ? '' : 's'} after that are not where the workflow has them (${listed(more.map(where))}).`);
    }
    if (workflow.endedEarly !== null) out.push(`It ended early, after ${events} event${events === 1 ? '' : 's'}, where no training session ended. Expected next: ${expectedText(workflow.endedEarly.expected)}.`);
  }
  if (keys !== null && keys.outside.length > 0) {
    const inside = keys.outside.filter((k) => k.event !== null);
    const atEnd = keys.outside.find((k) => k.event === null);
    if (inside.length > 0) out.push(`${inside.length} event${inside.length === 1 ? ' is' : 's are'} not among the ${keys.g} most likely: ${listed(inside.map((k) => `event ${k.event ?? ''}${quoted(k)} at ${where(k)} (p ${k.probability === 0 ? '0, unknown from training' : k.probability.toPrecision(2)})`))}.`);
    if (atEnd !== undefined) out.push(`Its end is not among the ${keys.g} most likely next steps (p ${atEnd.probability.toPrecision(2)}); expected ${expectedText(atEnd.expected)}.`);
  }
  if (values !== null && values.length > 0) out.push(`${values.length} value${values.length === 1 ? ' is' : 's are'} outside the interval: ${listed(values.map(valueText))}.`);
  if (out.length === 0) out.push('None of the models asked finds anything unusual here.');
  return out;
}

export function where({ line, index, event }: Place): string {
  if (event === null) return 'the end';
  return line === null ? `event ${index + 1} of the session` : `line ${line}`;
}

/** The template, where one is known: an event id alone says nothing to a person. */
function quoted({ template }: Place): string {
  return template === null ? '' : ` (“${template}”)`;
}

export function expectedText(expected: readonly Expected[]): string {
  if (expected.length === 0) return 'nothing that training knows';
  // What fewer than one in 2,000 did is no help, unless there is nothing else.
  const worth = expected.filter((e, i) => i === 0 || e.probability >= 0.0005);
  return worth.map((e) => `${e.template} (${(100 * e.probability).toFixed(1)} %)`).join(' | ');
}

export function valueText(v: ValueFinding): string {
  return `${v.column} is ${number(v.value)} at ${where(v)}, expected ${number(v.low)} to ${number(v.high)}`;
}

export function number(value: number): string {
  return Math.abs(value) >= 1000 || Number.isInteger(value) ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

function listed(items: readonly string[]): string {
  return items.length <= LISTED ? items.join('; ') : `${items.slice(0, LISTED).join('; ')}; and ${items.length - LISTED} more`;
}
