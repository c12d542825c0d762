import { Bool, Field, List, makeData, RecordBatch, Schema, Struct, TimestampMillisecond, Uint32, Uint64, Utf8 } from 'apache-arrow';

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
  private parameterRows = 0;
  private capacity: number;
  private line: Float64Array;
  private session: Int32Array;
  private event: Uint32Array;
  private time: Float64Array;
  private label: Int8Array;
  private parameterEnds: Int32Array;
  private values = 0;
  private valueEnds: Int32Array;
  private text: Uint8Array;

  /** @param capacity rows to make room for at first */
  constructor(capacity = 1 << 17) {
    this.capacity = capacity;
    this.line = new Float64Array(capacity);
    this.session = new Int32Array(capacity);
    this.event = new Uint32Array(capacity);
    this.time = new Float64Array(capacity);
    this.label = new Int8Array(capacity);
    this.parameterEnds = new Int32Array(capacity + 1);
    this.valueEnds = new Int32Array(capacity * 4);
    this.text = new Uint8Array(capacity * 64);
  }

  /** Bytes of parameter text held. */
  get textBytes(): number {
    return this.values === 0 ? 0 : this.valueEnds[this.values - 1];
  }

  /** Adds the parameters of the next row: spans of `buffer`. Rows follow, as many, by {@link appendRows}. */
  appendParameters(buffer: Uint8Array, starts: Int32Array, ends: Int32Array, count: number): void {
    const firstValue = this.values;
    if (firstValue + count > this.valueEnds.length) this.valueEnds = enlarged(this.valueEnds, firstValue + count);
    const { valueEnds } = this;
    let at = firstValue === 0 ? 0 : valueEnds[firstValue - 1];
    let need = at;
    for (let p = 0; p < count; p++) need += ends[p] - starts[p];
    if (need > this.text.length) this.text = enlarged(this.text, need);
    const { text } = this;
    for (let p = 0; p < count; p++) {
      const end = ends[p];
      for (let i = starts[p]; i < end; i++) text[at++] = buffer[i];
      valueEnds[firstValue + p] = at;
    }
    this.values = firstValue + count;
    if (this.parameterRows === this.capacity) this.growRows();
    this.parameterEnds[this.parameterRows++] = this.values;
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
    const { rows: length, values } = this;
    const bytes = values === 0 ? 0 : this.valueEnds[values - 1];
    const sessions = atLeastZero(this.session, length);
    const times = numbers(this.time, length);
    const labels = atLeastZero(this.label, length);
    const strings = makeData({ type: VALUE.type, length: values, nullCount: 0, valueOffsets: offsets(this.valueEnds, values), data: this.text.slice(0, bytes) });
    const children = [
      makeData({ type: TYPES.line, length, nullCount: 0, data: new BigUint64Array(int64Words(this.line, length)) }),
      makeData({ type: TYPES.session, length, nullCount: sessions.nulls, nullBitmap: sessions.bits, data: withoutSentinels(this.session, length) }),
      makeData({ type: TYPES.event, length, nullCount: 0, data: this.event.slice(0, length) }),
      makeData({ type: TYPES.time, length, nullCount: times.nulls, nullBitmap: times.bits, data: new BigInt64Array(int64Words(this.time, length)) }),
      makeData({ type: TYPES.parameters, length, nullCount: 0, valueOffsets: offsets(this.parameterEnds, length), child: strings }),
      makeData({ type: TYPES.label, length, nullCount: labels.nulls, nullBitmap: labels.bits, data: ones(this.label, length) }),
    ];
    this.rows = 0;
    this.parameterRows = 0;
    this.values = 0;
    return new RecordBatch(EVENTS_SCHEMA, makeData({ type: new Struct(EVENTS_SCHEMA.fields), length, nullCount: 0, children }));
  }

  private growRows(atLeast = 0): void {
    this.capacity = Math.max(this.capacity * 2, atLeast);
    this.line = enlarged(this.line, this.capacity);
    this.session = enlarged(this.session, this.capacity);
    this.event = enlarged(this.event, this.capacity);
    this.time = enlarged(this.time, this.capacity);
    this.label = enlarged(this.label, this.capacity);
    this.parameterEnds = enlarged(this.parameterEnds, this.capacity);
  }
}

function enlarged<T extends Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array>(array: T, atLeast: number): T {
  const larger = new (array.constructor as new (n: number) => T)(Math.max(array.length * 2, atLeast));
  larger.set(array);
  return larger;
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
