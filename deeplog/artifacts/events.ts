import { Bool, Field, List, makeData, RecordBatch, Schema, Struct, TimestampMillisecond, Uint32, Uint64, Utf8 } from 'apache-arrow';
import { enlarged, ParameterColumns } from './parameter_columns.js';

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

/**
 * Collects rows of events.arrow and cuts them into record batches. Rows are kept in plain typed arrays with sentinels for
 * missing values; bitmaps and 64-bit integers are made when a batch is cut, which is cheaper than per row.
 */
export class EventsBuilder {
  rows = 0;
  private capacity: number;
  private line: Float64Array;
  private session: Int32Array;
  private event: Uint32Array;
  private time: Float64Array;
  private label: Int8Array;
  /** Of the next rows, to be added before the other columns. */
  readonly parameters: ParameterColumns;

  /** @param capacity rows to make room for at first */
  constructor(capacity = 1 << 17) {
    this.capacity = capacity;
    this.line = new Float64Array(capacity);
    this.session = new Int32Array(capacity);
    this.event = new Uint32Array(capacity);
    this.time = new Float64Array(capacity);
    this.label = new Int8Array(capacity);
    this.parameters = new ParameterColumns(capacity, capacity * 64);
  }

  /** Bytes of parameter text held. */
  get textBytes(): number {
    return this.parameters.textBytes;
  }

  /** Adds the other columns of `block.count` rows whose parameters were added before. */
  appendRows(block: EventColumns): void {
    const { rows, capacity } = this;
    const { count } = block;
    if (rows + count > capacity) this.growRows(rows + count);
    this.line.set(block.line.subarray(0, count), rows);
    this.session.set(block.session.subarray(0, count), rows);
    this.event.set(block.event.subarray(0, count), rows);
    this.time.set(block.time.subarray(0, count), rows);
    this.label.set(block.label.subarray(0, count), rows);
    this.rows = rows + count;
  }

  /** The rows so far as one batch; the builder starts over. */
  flush(): RecordBatch {
    const { rows: length } = this;
    const { rowEnds, valueEnds, text } = this.parameters.take();
    const values = valueEnds.length;
    const sessions = atLeastZero(this.session, length);
    const times = numbers(this.time, length);
    const labels = atLeastZero(this.label, length);
    const strings = makeData({ type: VALUE.type, length: values, nullCount: 0, valueOffsets: offsets(valueEnds, values), data: text });
    const children = [
      makeData({ type: TYPES.line, length, nullCount: 0, data: new BigUint64Array(int64Words(this.line, length)) }),
      makeData({ type: TYPES.session, length, nullCount: sessions.nulls, nullBitmap: sessions.bits, data: withoutSentinels(this.session, length) }),
      makeData({ type: TYPES.event, length, nullCount: 0, data: this.event.slice(0, length) }),
      makeData({ type: TYPES.time, length, nullCount: times.nulls, nullBitmap: times.bits, data: new BigInt64Array(int64Words(this.time, length)) }),
      makeData({ type: TYPES.parameters, length, nullCount: 0, valueOffsets: offsets(rowEnds, length), child: strings }),
      makeData({ type: TYPES.label, length, nullCount: labels.nulls, nullBitmap: labels.bits, data: ones(this.label, length) }),
    ];
    this.rows = 0;
    return new RecordBatch(EVENTS_SCHEMA, makeData({ type: new Struct(EVENTS_SCHEMA.fields), length, nullCount: 0, children }));
  }

  private growRows(atLeast = 0): void {
    this.capacity = Math.max(this.capacity * 2, atLeast);
    this.line = enlarged(this.line, this.capacity);
    this.session = enlarged(this.session, this.capacity);
    this.event = enlarged(this.event, this.capacity);
    this.time = enlarged(this.time, this.capacity);
    this.label = enlarged(this.label, this.capacity);
  }
}

function offsets(ends: Int32Array, length: number): Int32Array {
  const out = new Int32Array(length + 1);
  out.set(ends.subarray(0, length), 1);
  return out;
}

interface Validity {
  readonly bits: Uint8Array;
  readonly nulls: number;
}

function atLeastZero(values: Int32Array | Int8Array, length: number): Validity {
  const bits = new Uint8Array((length + 7) >> 3);
  let set = 0;
  for (let i = 0; i < length; i++) {
    const valid = values[i] >= 0 ? 1 : 0;
    bits[i >> 3] |= valid << (i & 7);
    set += valid;
  }
  return { bits, nulls: length - set };
}

function numbers(values: Float64Array, length: number): Validity {
  const bits = new Uint8Array((length + 7) >> 3);
  let set = 0;
  for (let i = 0; i < length; i++) {
    const valid = values[i] === values[i] ? 1 : 0;
    bits[i >> 3] |= valid << (i & 7);
    set += valid;
  }
  return { bits, nulls: length - set };
}

function ones(values: Int8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) if (values[i] === 1) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

function withoutSentinels(values: Int32Array, length: number): Uint32Array {
  const out = new Uint32Array(length);
  for (let i = 0; i < length; i++) out[i] = values[i] < 0 ? 0 : values[i];
  return out;
}

/** Whole numbers as little-endian 64-bit words, without a BigInt per value; NaN becomes 0. Exact up to 2^53. */
function int64Words(values: Float64Array, length: number): ArrayBuffer {
  const words = new Int32Array(length * 2);
  for (let i = 0; i < length; i++) {
    const value = Number.isNaN(values[i]) ? 0 : values[i];
    const high = Math.floor(value / 4294967296);
    words[2 * i] = (value - high * 4294967296) | 0;
    words[2 * i + 1] = high;
  }
  return words.buffer;
}
