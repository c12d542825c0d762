import { Message } from '../../common/index.js';
import type { Histogram } from './histogram.js';

// Event and Summary messages by the field numbers of tensorboard/compat/proto/{event,summary,tensor,tensor_shape}.proto; those of plugins
// by tensorboard/plugins/{hparams,pr_curve}/plugin_data.proto and hparams/api.proto.

/** DataType of tensor.proto. */
const DT_FLOAT = 1;
const DT_STRING = 7;
/** DataClass of summary.proto. */
const DATA_CLASS_TENSOR = 2;
const SESSION_START = 1;

/** A Summary.Value. */
export type SummaryValue = Message;

export function fileVersionEvent(seconds: number): Uint8Array {
  return new Message().double(1, seconds).text(3, 'brain.Event:2').finish();
}

/** A process begins with this step. TensorBoard takes the first for the beginning, and drops at each later one what it has of this step and later ones. */
export function startEvent(seconds: number, step: number): Uint8Array {
  return new Message().double(1, seconds).int(2, step).message(7, new Message().int(1, SESSION_START)).finish();
}

export function summaryEvent(seconds: number, step: number, values: readonly SummaryValue[]): Uint8Array {
  const summary = new Message();
  for (const value of values) summary.message(1, value);
  return new Message().double(1, seconds).int(2, step).message(5, summary).finish();
}

export function scalarValue(tag: string, value: number): SummaryValue {
  return new Message().text(1, tag).float(2, value);
}

export function histogramValue(tag: string, h: Histogram): SummaryValue {
  const proto = new Message().double(1, h.min).double(2, h.max).double(3, h.count).double(4, h.sum).double(5, h.sumOfSquares).doubles(6, h.limits).doubles(7, h.counts);
  return new Message().text(1, tag).message(5, proto);
}

/** Markdown. */
export function textValue(tag: string, text: string): SummaryValue {
  const tensor = new Message().int(1, DT_STRING).message(2, shape([1])).text(8, text);
  return new Message().text(1, tag).message(9, metadata('text', new Uint8Array(0))).message(8, tensor);
}

/** Rows: true positives, false positives, true negatives, false negatives, precision, recall; a column for each threshold, rising. */
export function prCurveValue(tag: string, rows: readonly (readonly number[])[], description: string): SummaryValue {
  const thresholds = rows[0].length;
  const content = new Message().int(1, 0).int(2, thresholds).finish();
  return new Message().text(1, tag).message(9, metadata('pr_curves', content, tag, description)).message(8, floats([rows.length, thresholds], rows.flat()));
}

/** What the run's settings are; their values are numbers, strings or booleans. */
export function hparamsValue(settings: Readonly<Record<string, unknown>>, group: string, startedSeconds: number): SummaryValue {
  const session = new Message();
  for (const [name, value] of Object.entries(settings)) session.message(1, new Message().text(1, name).message(2, protoValue(value)));
  session.text(4, group).double(5, startedSeconds);
  return hparams('_hparams_/session_start_info', new Message().int(1, 0).message(3, session));
}

const SESSION_STATUS = { finished: 1, failed: 2, interrupted: 2 } as const;

export function hparamsEndValue(status: keyof typeof SESSION_STATUS, seconds: number): SummaryValue {
  return hparams('_hparams_/session_end_info', new Message().int(1, 0).message(4, new Message().int(1, SESSION_STATUS[status]).double(2, seconds)));
}

/** Which scalars the table of settings shows beside them. `group`: the subfolder that has the scalar. */
export function hparamsExperimentValue(metrics: readonly { readonly group: string; readonly tag: string; readonly name: string }[], settings: Readonly<Record<string, unknown>>): SummaryValue {
  const experiment = new Message();
  for (const [name, value] of Object.entries(settings)) experiment.message(4, new Message().text(1, name).int(4, typeof value === 'boolean' ? 2 : typeof value === 'number' ? 3 : 1));
  for (const { group, tag, name } of metrics) experiment.message(5, new Message().message(1, new Message().text(1, group).text(2, tag)).text(3, name));
  return hparams('_hparams_/experiment', new Message().int(1, 0).message(2, experiment));
}

function hparams(tag: string, content: Message): SummaryValue {
  return new Message().text(1, tag).message(9, metadata('hparams', content.finish())).message(8, floats([], [0]));
}

/** google.protobuf.Value */
function protoValue(value: unknown): Message {
  if (typeof value === 'number') return new Message().double(2, value);
  if (typeof value === 'boolean') return new Message().int(4, value ? 1 : 0);
  return new Message().text(3, typeof value === 'string' ? value : JSON.stringify(value));
}

function metadata(plugin: string, content: Uint8Array, displayName?: string, description?: string): Message {
  const out = new Message().message(1, new Message().text(1, plugin).bytes(2, content));
  if (displayName !== undefined) out.text(2, displayName);
  if (description !== undefined) out.text(3, description);
  return out.int(4, DATA_CLASS_TENSOR);
}

function shape(dimensions: readonly number[]): Message {
  const out = new Message();
  for (const size of dimensions) out.message(2, new Message().int(1, size));
  return out;
}

function floats(dimensions: readonly number[], values: readonly number[]): Message {
  return new Message().int(1, DT_FLOAT).message(2, shape(dimensions)).bytes(4, new Uint8Array(Float32Array.from(values).buffer));
}
