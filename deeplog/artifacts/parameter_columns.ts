/** Longer values are copied by the engine's own copying. */
const LONG = 64;
/** Shorter ones are copied so many bytes at a time, up to one less than that beyond their end. */
const WORD = 4;

/**
 * The parameters of rows as Arrow holds them: text end to end, where each value begins and ends, how many values there are up to each row.
 * Offsets begin with a 0, so that value v is text[valueOffsets[v], valueOffsets[v + 1]), and row r's values are [rowOffsets[r], rowOffsets[r + 1]).
 */
export class ParameterColumns {
  rows = 0;
  values = 0;
  rowOffsets: Int32Array;
  valueOffsets: Int32Array;
  text: Uint8Array;
  private out: DataView;
  private source: Uint8Array = new Uint8Array(0);
  private words: DataView = new DataView(this.source.buffer);

  constructor(rows: number, textBytes: number) {
    this.rowOffsets = new Int32Array(rows + 1);
    this.valueOffsets = new Int32Array(rows * 4 + 1);
    this.text = new Uint8Array(textBytes);
    this.out = new DataView(this.text.buffer);
  }

  /** Bytes of text held. */
  get textBytes(): number {
    return this.valueOffsets[this.values];
  }

  /** One more row: spans of `buffer`. */
  append(buffer: Uint8Array, starts: Int32Array, ends: Int32Array, count: number): void {
    const { values } = this;
    if (values + count + 1 > this.valueOffsets.length) this.valueOffsets = enlarged(this.valueOffsets, values + count + 1);
    const { valueOffsets } = this;
    let at = valueOffsets[values];
    let need = at + WORD;
    for (let p = 0; p < count; p++) need += ends[p] - starts[p];
    if (need > this.text.length) this.makeRoom(need);
    if (this.source !== buffer) {
      this.source = buffer;
      this.words = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    const { text, out, words } = this;
    const lastWord = buffer.length - WORD;
    for (let p = 0; p < count; p++) {
      const start = starts[p];
      const end = ends[p];
      if (end - start > LONG) {
        text.set(buffer.subarray(start, end), at);
        at += end - start;
      } else if (end <= lastWord) {
        const stop = at + end - start;
        for (let i = start, o = at; o < stop; i += WORD, o += WORD) out.setInt32(o, words.getInt32(i, true), true);
        at = stop;
      } else for (let i = start; i < end; i++) text[at++] = buffer[i];
      valueOffsets[values + p + 1] = at;
    }
    this.values = values + count;
    const { rows } = this;
    if (rows + 2 > this.rowOffsets.length) this.rowOffsets = enlarged(this.rowOffsets, rows + 2);
    this.rowOffsets[rows + 1] = values + count;
    this.rows = rows + 1;
  }

  /** Rows [from, to) of other columns. */
  appendRows(other: PlainParameters, from: number, to: number): void {
    if (to <= from) return;
    const firstValue = other.rowOffsets[from];
    const lastValue = other.rowOffsets[to];
    const firstByte = other.valueOffsets[firstValue];
    const lastByte = other.valueOffsets[lastValue];
    const bytes = this.textBytes;
    if (bytes + lastByte - firstByte > this.text.length) this.makeRoom(bytes + lastByte - firstByte);
    this.text.set(other.text.subarray(firstByte, lastByte), bytes);
    const { values, rows } = this;
    if (values + lastValue - firstValue + 1 > this.valueOffsets.length) this.valueOffsets = enlarged(this.valueOffsets, values + lastValue - firstValue + 1);
    const { valueOffsets } = this;
    for (let v = firstValue + 1, at = values + 1; v <= lastValue; v++, at++) valueOffsets[at] = other.valueOffsets[v] - firstByte + bytes;
    if (rows + to - from + 1 > this.rowOffsets.length) this.rowOffsets = enlarged(this.rowOffsets, rows + to - from + 1);
    const { rowOffsets } = this;
    for (let r = from + 1, at = rows + 1; r <= to; r++, at++) rowOffsets[at] = other.rowOffsets[r] - firstValue + values;
    this.rows = rows + to - from;
    this.values = values + lastValue - firstValue;
  }

  private makeRoom(atLeast: number): void {
    this.text = enlarged(this.text, atLeast);
    this.out = new DataView(this.text.buffer);
  }

  /** Starts over in the same arrays. */
  clear(): void {
    this.rows = 0;
    this.values = 0;
    this.rowOffsets[0] = 0;
    this.valueOffsets[0] = 0;
  }
}

/** Parameter columns as others see them; there may be room behind what they hold. */
export interface PlainParameters {
  readonly rowOffsets: Int32Array;
  readonly valueOffsets: Int32Array;
  readonly text: Uint8Array;
}

/** A larger array with the same values in front. */
export function enlarged<T extends Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array>(array: T, atLeast: number): T {
  const larger = new (array.constructor as new (n: number) => T)(Math.max(array.length * 2, atLeast));
  larger.set(array);
  return larger;
}
