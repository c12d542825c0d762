import { Field, FixedSizeList, Float32, makeData, RecordBatch, Schema, Struct, TimestampMillisecond, Uint32, Uint64, Utf8, vectorFromArray } from 'apache-arrow';
import { readBatches } from '../../artifacts/index.js';

const LINES = new Schema([
  new Field('line', new Uint64(), false), new Field('kind', new Uint32(), false), new Field('error', new Float32(), false),
  new Field('time', new TimestampMillisecond(), true), new Field('day_sine', new Float32(), true), new Field('day_cosine', new Float32(), true),
]);

/** Rows of lines.arrow: a line's number, its kind (a row of kinds.arrow), how badly it was written again, and its time. */
export interface EncodedBlock {
  /** 1-based number of the first line; the others follow. */
  readonly first: number;
  readonly kinds: Uint32Array;
  readonly errors: Float32Array;
  /** Milliseconds, NaN for none. */
  readonly times: Float64Array;
  readonly sines: Float32Array;
  readonly cosines: Float32Array;
}

export function linesBatch({ first, kinds, errors, times, sines, cosines }: EncodedBlock): RecordBatch {
  const length = kinds.length;
  const missing = times.reduce((n, t) => n + (Number.isNaN(t) ? 1 : 0), 0);
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  times.forEach((t, i) => { if (!Number.isNaN(t)) nullBitmap[i >> 3] |= 1 << (i & 7); });
  const nullable = missing === 0 ? { nullCount: 0 } : { nullCount: missing, nullBitmap };
  const children = [
    makeData({ type: new Uint64(), length, nullCount: 0, data: BigUint64Array.from(kinds, (_, i) => BigInt(first + i)) }),
    makeData({ type: new Uint32(), length, nullCount: 0, data: kinds }),
    makeData({ type: new Float32(), length, nullCount: 0, data: errors }),
    makeData({ type: new TimestampMillisecond(), length, ...nullable, data: BigInt64Array.from(times, (t) => BigInt(Number.isNaN(t) ? 0 : Math.round(t))) }),
    makeData({ type: new Float32(), length, ...nullable, data: sines }),
    makeData({ type: new Float32(), length, ...nullable, data: cosines }),
  ];
  return new RecordBatch(LINES, makeData({ type: new Struct(LINES.fields), length, nullCount: 0, children }));
}

export async function* readLinesFile(file: string): AsyncGenerator<EncodedBlock> {
  for await (const batch of readBatches(file)) {
    if (batch.numRows === 0) continue;
    const column = (name: string): ArrayLike<unknown> => batch.getChild(name)?.toArray() as ArrayLike<unknown>;
    const time = batch.getChild('time');
    yield {
      first: Number((column('line') as BigUint64Array)[0]), kinds: column('kind') as Uint32Array, errors: column('error') as Float32Array,
      times: Float64Array.from({ length: batch.numRows }, (_, i) => { const t: unknown = time?.get(i); return t === null || t === undefined ? NaN : Number(t); }),
      sines: column('day_sine') as Float32Array, cosines: column('day_cosine') as Float32Array,
    };
  }
}

/** kinds.arrow: the vector of each kind of line, and the first line of the kind. */
export function kindsBatch(firstKind: number, vectors: Float32Array, dimensions: number, examples: readonly string[]): RecordBatch {
  const length = examples.length;
  const vector = new FixedSizeList(dimensions, new Field('item', new Float32(), false));
  const schema = new Schema([new Field('kind', new Uint32(), false), new Field('vector', vector, false), new Field('example', new Utf8(), false)]);
  const children = [
    makeData({ type: new Uint32(), length, nullCount: 0, data: Uint32Array.from({ length }, (_, i) => firstKind + i) }),
    makeData({ type: vector, length, nullCount: 0, child: makeData({ type: new Float32(), length: length * dimensions, nullCount: 0, data: vectors }) }),
    vectorFromArray(length === 0 ? [] : [...examples], new Utf8()).data[0],
  ];
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }));
}

/** All vectors of kinds.arrow, [kinds, dimensions]. */
export async function readVectors(file: string, kinds: number, dimensions: number): Promise<Float32Array> {
  const out = new Float32Array(kinds * dimensions);
  let at = 0;
  for await (const batch of readBatches(file)) {
    if (batch.numRows === 0) continue;
    const values = batch.getChild('vector')?.data[0].children[0].values as Float32Array;
    out.set(values.subarray(0, batch.numRows * dimensions), at);
    at += batch.numRows * dimensions;
  }
  return out;
}
