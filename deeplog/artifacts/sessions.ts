import { Bool, Field, Float64, List, makeData, RecordBatch, Schema, Struct, Uint32, Uint64, Utf8, type Vector } from 'apache-arrow';
import { readBatches } from './arrow_file.js';
import { Bits, Column, Int64Column } from './columns.js';
import { readParquetSessions } from './parquet.js';

/** One session as it stands in sessions.arrow. */
export interface SessionRecord {
  readonly session: number;
  readonly key: string;
  /** 1-based line of its first event. */
  readonly firstLine: number;
  /** Lines of its events, or null when they are contiguous from firstLine. */
  readonly lines: ArrayLike<number> | null;
  readonly events: ArrayLike<number>;
  /** Milliseconds since the session's event before (0 for the first, NaN where a time is missing); null without times. */
  readonly elapsedMs: ArrayLike<number> | null;
  readonly label: boolean | null;
}

/** A session's events in arrays of at least `count`; whoever hands it out may fill them anew for the next. */
export interface SessionEvents {
  /** 1-based line of its first event. */
  readonly firstLine: number;
  readonly count: number;
  readonly events: Uint32Array;
  /** Lines of its events; of no use where they are contiguous from firstLine. */
  readonly lines: Float64Array;
  readonly contiguous: boolean;
  /** As {@link SessionRecord.elapsedMs}; of no use where it is not timed. */
  readonly elapsedMs: Float64Array;
  readonly timed: boolean;
  readonly label: boolean | null;
}

const LINE_ITEM = new Field('item', new Uint64(), false);
const EVENT_ITEM = new Field('item', new Uint32(), false);
const ELAPSED_ITEM = new Field('item', new Float64(), false);

export const SESSIONS_SCHEMA = new Schema([
  new Field('session', new Uint32(), false),
  new Field('key', new Utf8(), false),
  new Field('first_line', new Uint64(), false),
  new Field('lines', new List(LINE_ITEM), true),
  new Field('n_lines', new Uint32(), false),
  new Field('events', new List(EVENT_ITEM), false),
  new Field('elapsed_ms', new List(ELAPSED_ITEM), true),
  new Field('label', new Bool(), true),
]);

/** Collects sessions and cuts them into record batches. */
export class SessionsBuilder {
  private readonly session = new Column(new Uint32Array(1 << 10));
  private readonly keyOffsets = new Column(new Int32Array(1 << 10));
  private readonly keys = new Column(new Uint8Array(1 << 14));
  private readonly firstLine = new Int64Column();
  private readonly lineOffsets = new Column(new Int32Array(1 << 10));
  private readonly linesValid = new Bits();
  private readonly lines = new Int64Column();
  private readonly nLines = new Column(new Uint32Array(1 << 10));
  private readonly eventOffsets = new Column(new Int32Array(1 << 10));
  private readonly events = new Column(new Uint32Array(1 << 12));
  private readonly elapsedOffsets = new Column(new Int32Array(1 << 10));
  private readonly elapsedValid = new Bits();
  private readonly elapsed = new Column(new Float64Array(1 << 12));
  private readonly label = new Bits();
  private readonly labelValid = new Bits();

  constructor() {
    this.startBatch();
  }

  /** Events held; a batch is best cut at some hundred thousand. */
  get weight(): number {
    return this.events.length + this.session.length;
  }

  append(record: SessionRecord): void {
    const { lines, events, elapsedMs } = record;
    this.session.push(record.session);
    const key = Buffer.from(record.key);
    this.keys.reserve(key.length).set(key, this.keys.length);
    this.keys.length += key.length;
    this.keyOffsets.push(this.keys.length);
    this.firstLine.push(record.firstLine);
    this.nLines.push(events.length);
    if (lines !== null) this.lines.pushAll(lines);
    this.linesValid.push(lines !== null);
    this.lineOffsets.push(this.lines.length);
    this.events.pushAll(events);
    this.eventOffsets.push(this.events.length);
    if (elapsedMs !== null) this.elapsed.pushAll(elapsedMs);
    this.elapsedValid.push(elapsedMs !== null);
    this.elapsedOffsets.push(this.elapsed.length);
    this.label.push(record.label === true);
    this.labelValid.push(record.label !== null);
  }

  /** The same without a record, for sessions by the hundred thousand; keys[keyStart, keyEnd) is the key in UTF-8. */
  appendEvents(session: number, keys: Uint8Array, keyStart: number, keyEnd: number, s: SessionEvents, label: boolean | null): void {
    const { count } = s;
    this.session.push(session);
    this.keys.pushSome(keys, keyStart, keyEnd);
    this.keyOffsets.push(this.keys.length);
    this.firstLine.push(s.firstLine);
    this.nLines.push(count);
    if (!s.contiguous) this.lines.pushSome(s.lines, count);
    this.linesValid.push(!s.contiguous);
    this.lineOffsets.push(this.lines.length);
    this.events.pushSome(s.events, 0, count);
    this.eventOffsets.push(this.events.length);
    if (s.timed) this.elapsed.pushSome(s.elapsedMs, 0, count);
    this.elapsedValid.push(s.timed);
    this.elapsedOffsets.push(this.elapsed.length);
    this.label.push(label === true);
    this.labelValid.push(label !== null);
  }

  flush(): RecordBatch {
    const length = this.session.length;
    const [linesNull, elapsedNull, labelNull] = [this.linesValid.zeros, this.elapsedValid.zeros, this.labelValid.zeros];
    const lineData = makeData({ type: LINE_ITEM.type, length: this.lines.length, nullCount: 0, data: this.lines.takeUnsigned() });
    const eventData = makeData({ type: EVENT_ITEM.type, length: this.events.length, nullCount: 0, data: this.events.take() });
    const elapsedData = makeData({ type: ELAPSED_ITEM.type, length: this.elapsed.length, nullCount: 0, data: this.elapsed.take() });
    const [tSession, tKey, tFirst, tLines, tN, tEvents, tElapsed, tLabel] = SESSIONS_SCHEMA.fields.map((f) => f.type);
    const children = [
      makeData({ type: tSession as Uint32, length, nullCount: 0, data: this.session.take() }),
      makeData({ type: tKey as Utf8, length, nullCount: 0, valueOffsets: this.keyOffsets.take(), data: this.keys.take() }),
      makeData({ type: tFirst as Uint64, length, nullCount: 0, data: this.firstLine.takeUnsigned() }),
      makeData({ type: tLines as List<Uint64>, length, nullCount: linesNull, nullBitmap: this.linesValid.take(), valueOffsets: this.lineOffsets.take(), child: lineData }),
      makeData({ type: tN as Uint32, length, nullCount: 0, data: this.nLines.take() }),
      makeData({ type: tEvents as List<Uint32>, length, nullCount: 0, valueOffsets: this.eventOffsets.take(), child: eventData }),
      makeData({ type: tElapsed as List<Float64>, length, nullCount: elapsedNull, nullBitmap: this.elapsedValid.take(), valueOffsets: this.elapsedOffsets.take(), child: elapsedData }),
      makeData({ type: tLabel as Bool, length, nullCount: labelNull, nullBitmap: this.labelValid.take(), data: this.label.take() }),
    ];
    this.startBatch();
    return new RecordBatch(SESSIONS_SCHEMA, makeData({ type: new Struct(SESSIONS_SCHEMA.fields), length, nullCount: 0, children }));
  }

  private startBatch(): void {
    for (const offsets of [this.keyOffsets, this.lineOffsets, this.eventOffsets, this.elapsedOffsets]) offsets.push(0);
  }
}

/** Streams the sessions of a sessions.arrow or .parquet, batch by batch. @throws DataError when the file is missing or broken. */
export async function* readSessions(file: string): AsyncGenerator<SessionRecord> {
  if (file.replace(/\/$/, '').endsWith('.parquet')) {
    yield* readParquetSessions(file);
    return;
  }
  for await (const batch of readBatches(file)) {
    const column = (name: string): Vector => {
      const vector = batch.getChild(name);
      if (vector === null) throw new TypeError(`no column ${name}`);
      return vector;
    };
    const [session, key, first, lines, events, elapsed, label] = ['session', 'key', 'first_line', 'lines', 'events', 'elapsed_ms', 'label'].map(column);
    for (let i = 0; i < batch.numRows; i++) {
      const lineList = lines.get(i) as Vector<Uint64> | null;
      const elapsedList = elapsed.get(i) as Vector<Float64> | null;
      yield {
        session: session.get(i) as number,
        key: key.get(i) as string,
        firstLine: Number(first.get(i)),
        lines: lineList && Float64Array.from(lineList.toArray(), Number),
        events: (events.get(i) as Vector<Uint32>).toArray(),
        elapsedMs: elapsedList && elapsedList.toArray(),
        label: label.get(i) as boolean | null,
      };
    }
  }
}
