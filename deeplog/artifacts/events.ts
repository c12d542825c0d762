import { Bool, Field, List, makeData, RecordBatch, Schema, Struct, TimestampMillisecond, Uint32, Uint64, Utf8 } from 'apache-arrow';
import { ParameterColumns } from './parameter_columns.js';

const VALUE = new Field('item', new Utf8(), false);
const TYPES = { line: new Uint64(), session: new Uint32(), event: new Uint32(), time: new TimestampMillisecond(), parameters: new List(VALUE), label: new Bool() };

/** events.arrow: one row per parsed line, in line order. */
export const EVENTS_SCHEMA = new Schema([
  new Field('line', TYPES.line, false),
  new Field('session', TYPES.session, true),
  new Field('event', TYPES.event, false),
  new Field('time', TYPES.time, true),
  new Field('parameters', TYPES.parameters, false),
  new Field('label', TYPES.label, true),
]);

/** Columns of rows to append; the first `count` entries of each count. */
export interface EventColumns {
  readonly count: number;
  readonly line: Float64Array;
  /** −1: none, or several windows. */
  readonly session: Int32Array;
  readonly event: Uint32Array;
  /** Milliseconds; NaN: none. */
  readonly time: Float64Array;
  /** 1 abnormal, 0 normal, −1 unknown. */
  readonly label: Int8Array;
}

/** Rows as Arrow holds them: 64-bit integers as pairs of 32-bit words, missing values as zeros in a bitmap. */
class Rows {
  count = 0;
  line: Int32Array<ArrayBuffer>;
  session: Uint32Array;
  event: Uint32Array;
  time: Int32Array<ArrayBuffer>;
  label: Uint8Array;
  hasSession: Uint8Array;
  hasTime: Uint8Array;
  hasLabel: Uint8Array;
  withSession = 0;
  withTime = 0;
  withLabel = 0;

  constructor(readonly capacity: number, readonly parameters: ParameterColumns) {
    this.line = new Int32Array(capacity * 2);
    this.session = new Uint32Array(capacity);
    this.event = new Uint32Array(capacity);
    this.time = new Int32Array(capacity * 2);
    const bits = (): Uint8Array => new Uint8Array((capacity + 7) >> 3);
    this.label = bits();
    this.hasSession = bits();
    this.hasTime = bits();
    this.hasLabel = bits();
  }

  append({ count, line, session, event, time, label }: EventColumns): void {
    const at = this.count;
    putWords(this.line, at, line, count);
    this.withSession += putOrZero(this.session, this.hasSession, at, session, count);
    this.event.set(event.subarray(0, count), at);
    this.withTime += putTimes(this.time, this.hasTime, at, time, count);
    this.withLabel += putLabels(this.label, this.hasLabel, at, label, count);
    this.count = at + count;
  }

  /** The same rows with more room. */
  larger(atLeast: number): Rows {
    const out = new Rows(Math.max(this.capacity * 2, atLeast), this.parameters);
    for (const name of ['line', 'session', 'event', 'time', 'label', 'hasSession', 'hasTime', 'hasLabel'] as const) out[name].set(this[name]);
    const { count, withSession, withTime, withLabel } = this;
    return Object.assign(out, { count, withSession, withTime, withLabel });
  }

  clear(): void {
    this.count = 0;
    this.withSession = 0;
    this.withTime = 0;
    this.withLabel = 0;
    this.parameters.clear();
  }

  batch(): RecordBatch {
    const { count: length, parameters } = this;
    const { values } = parameters;
    const bytes = (length + 7) >> 3;
    const strings = makeData({ type: VALUE.type, length: values, nullCount: 0, valueOffsets: parameters.valueOffsets.subarray(0, values + 1), data: parameters.text.subarray(0, parameters.textBytes) });
    const children = [
      makeData({ type: TYPES.line, length, nullCount: 0, data: new BigUint64Array(this.line.buffer, 0, length) }),
      makeData({ type: TYPES.session, length, nullCount: length - this.withSession, nullBitmap: this.hasSession.subarray(0, bytes), data: this.session.subarray(0, length) }),
      makeData({ type: TYPES.event, length, nullCount: 0, data: this.event.subarray(0, length) }),
      makeData({ type: TYPES.time, length, nullCount: length - this.withTime, nullBitmap: this.hasTime.subarray(0, bytes), data: new BigInt64Array(this.time.buffer, 0, length) }),
      makeData({ type: TYPES.parameters, length, nullCount: 0, valueOffsets: parameters.rowOffsets.subarray(0, length + 1), child: strings }),
      makeData({ type: TYPES.label, length, nullCount: length - this.withLabel, nullBitmap: this.hasLabel.subarray(0, bytes), data: this.label.subarray(0, bytes) }),
    ];
    return new RecordBatch(EVENTS_SCHEMA, makeData({ type: new Struct(EVENTS_SCHEMA.fields), length, nullCount: 0, children }));
  }
}

/**
 * Collects rows of events.arrow and cuts them into record batches. Rows are written as Arrow holds them, so that a batch is cut without copying: it is a view
 * of the builder's arrays, of which there are two sets in turn. New arrays for every batch had the garbage collector busy for a fifth of the time.
 */
export class EventsBuilder {
  private filling: Rows;
  private spare: Rows | null = null;

  /** @param capacity rows to make room for at first */
  constructor(private readonly capacity = 1 << 17) {
    this.filling = this.room();
  }

  get rows(): number {
    return this.filling.count;
  }

  /** Of the next rows, to be added before the other columns. */
  get parameters(): ParameterColumns {
    return this.filling.parameters;
  }

  /** Bytes of parameter text held. */
  get textBytes(): number {
    return this.parameters.textBytes;
  }

  /** Adds the other columns of `block.count` rows whose parameters were added before. */
  appendRows(block: EventColumns): void {
    const atLeast = this.filling.count + block.count;
    if (atLeast > this.filling.capacity) this.filling = this.filling.larger(atLeast);
    this.filling.append(block);
  }

  /** The rows so far as one batch, which holds until the next is cut; the builder starts over. */
  flush(): RecordBatch {
    const full = this.filling;
    this.filling = this.spare ?? this.room();
    this.filling.clear();
    this.spare = full;
    return full.batch();
  }

  private room(): Rows {
    return new Rows(this.capacity, new ParameterColumns(this.capacity, this.capacity * 64));
  }
}

/** Whole numbers as little-endian 64-bit words, without a BigInt per value. Exact up to 2^53. */
function putWords(words: Int32Array, at: number, values: Float64Array, count: number): void {
  for (let i = 0, w = 2 * at; i < count; i++, w += 2) {
    const value = values[i];
    const high = Math.floor(value / 4294967296);
    words[w] = (value - high * 4294967296) | 0;
    words[w + 1] = high;
  }
}

/** The same with NaN as missing; how many are there. */
function putTimes(words: Int32Array, bits: Uint8Array, at: number, values: Float64Array, count: number): number {
  let there = 0;
  for (let i = 0, row = at; i < count; i++, row++) {
    const valid = values[i] === values[i] ? 1 : 0;
    const value = valid === 1 ? values[i] : 0;
    const high = Math.floor(value / 4294967296);
    words[2 * row] = (value - high * 4294967296) | 0;
    words[2 * row + 1] = high;
    putBit(bits, row, valid);
    there += valid;
  }
  return there;
}

function putOrZero(out: Uint32Array, bits: Uint8Array, at: number, values: Int32Array, count: number): number {
  let there = 0;
  for (let i = 0, row = at; i < count; i++, row++) {
    const value = values[i];
    const valid = value >= 0 ? 1 : 0;
    out[row] = valid === 1 ? value : 0;
    putBit(bits, row, valid);
    there += valid;
  }
  return there;
}

function putLabels(out: Uint8Array, bits: Uint8Array, at: number, values: Int8Array, count: number): number {
  let there = 0;
  for (let i = 0, row = at; i < count; i++, row++) {
    const value = values[i];
    const valid = value >= 0 ? 1 : 0;
    putBit(out, row, value === 1 ? 1 : 0);
    putBit(bits, row, valid);
    there += valid;
  }
  return there;
}

/** Rows come in order: the first of a byte clears it. */
function putBit(bits: Uint8Array, row: number, bit: number): void {
  if ((row & 7) === 0) bits[row >> 3] = bit;
  else bits[row >> 3] |= bit << (row & 7);
}
