/** The parameters of rows as Arrow holds them: text end to end, where each value ends, how many values there are up to each row's end. */
export class ParameterColumns {
  rows = 0;
  values = 0;
  rowEnds: Int32Array;
  valueEnds: Int32Array;
  text: Uint8Array;

  constructor(rows: number, textBytes: number) {
    this.rowEnds = new Int32Array(rows);
    this.valueEnds = new Int32Array(rows * 4);
    this.text = new Uint8Array(textBytes);
  }

  /** Bytes of text held. */
  get textBytes(): number {
    return this.values === 0 ? 0 : this.valueEnds[this.values - 1];
  }

  /** One more row: spans of `buffer`. */
  append(buffer: Uint8Array, starts: Int32Array, ends: Int32Array, count: number): void {
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
    if (this.rows === this.rowEnds.length) this.rowEnds = enlarged(this.rowEnds, this.rows + 1);
    this.rowEnds[this.rows++] = this.values;
  }

  /** Rows [from, to) of other columns. */
  appendRows(other: PlainParameters, from: number, to: number): void {
    if (to <= from) return;
    const firstValue = from === 0 ? 0 : other.rowEnds[from - 1];
    const lastValue = other.rowEnds[to - 1];
    const firstByte = firstValue === 0 ? 0 : other.valueEnds[firstValue - 1];
    const lastByte = lastValue === 0 ? 0 : other.valueEnds[lastValue - 1];
    const bytes = this.textBytes;
    if (bytes + lastByte - firstByte > this.text.length) this.text = enlarged(this.text, bytes + lastByte - firstByte);
    this.text.set(other.text.subarray(firstByte, lastByte), bytes);
    if (this.values + lastValue - firstValue > this.valueEnds.length) this.valueEnds = enlarged(this.valueEnds, this.values + lastValue - firstValue);
    const { valueEnds } = this;
    for (let v = firstValue, at = this.values; v < lastValue; v++, at++) valueEnds[at] = other.valueEnds[v] - firstByte + bytes;
    if (this.rows + to - from > this.rowEnds.length) this.rowEnds = enlarged(this.rowEnds, this.rows + to - from);
    for (let r = from, at = this.rows; r < to; r++, at++) this.rowEnds[at] = other.rowEnds[r] - firstValue + this.values;
    this.rows += to - from;
    this.values += lastValue - firstValue;
  }

  /** Gives what is held away and goes on with other arrays, which may hold anything. */
  handOver(spare: PlainParameters | null): PlainParameters {
    const { rowEnds, valueEnds, text } = this;
    this.rowEnds = spare?.rowEnds ?? new Int32Array(rowEnds.length);
    this.valueEnds = spare?.valueEnds ?? new Int32Array(valueEnds.length);
    this.text = spare?.text ?? new Uint8Array(text.length);
    this.rows = 0;
    this.values = 0;
    return { rowEnds, valueEnds, text };
  }

  /** What is held, as arrays of just its size; the columns start over. */
  take(): PlainParameters {
    const out = { rowEnds: this.rowEnds.slice(0, this.rows), valueEnds: this.valueEnds.slice(0, this.values), text: this.text.slice(0, this.textBytes) };
    this.rows = 0;
    this.values = 0;
    return out;
  }
}

/** Parameter columns as others see them; there may be room behind what they hold. */
export interface PlainParameters {
  readonly rowEnds: Int32Array;
  readonly valueEnds: Int32Array;
  readonly text: Uint8Array;
}

/** A larger array with the same values in front. */
export function enlarged<T extends Float64Array | Int32Array | Uint32Array | Int8Array | Uint8Array>(array: T, atLeast: number): T {
  const larger = new (array.constructor as new (n: number) => T)(Math.max(array.length * 2, atLeast));
  larger.set(array);
  return larger;
}
