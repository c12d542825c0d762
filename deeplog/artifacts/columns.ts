/** Growable typed columns from which record batches are cut; each `take` copies, so the column can be filled on. */

export class Bits {
  private bytes = new Uint8Array(1 << 13);
  length = 0;
  zeros = 0;

  push(on: boolean): void {
    const byte = this.length >> 3;
    if (byte === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    if (on) this.bytes[byte] |= 1 << (this.length & 7);
    else this.zeros++;
    this.length++;
  }

  take(): Uint8Array {
    const bytes = this.bytes.slice(0, (this.length + 7) >> 3);
    this.bytes.fill(0);
    this.length = 0;
    this.zeros = 0;
    return bytes;
  }
}

type Growable = Uint8Array | Uint32Array | Int32Array | Float64Array;

export class Column<T extends Growable> {
  length = 0;

  constructor(public data: T) {}

  push(value: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = value;
  }

  pushAll(values: ArrayLike<number>): void {
    this.reserve(values.length).set(values, this.length);
    this.length += values.length;
  }

  /** values[from, to), without a view of them: most are short. */
  pushSome(values: ArrayLike<number>, from: number, to: number): void {
    const data = this.reserve(to - from);
    for (let i = from, at = this.length; i < to; i++, at++) data[at] = values[i];
    this.length += to - from;
  }

  /** Makes room for `more` values beyond `length`. */
  reserve(more: number): T {
    if (this.length + more > this.data.length) {
      const larger = new (this.data.constructor as new (n: number) => T)(Math.max(this.data.length * 2, this.length + more));
      larger.set(this.data);
      this.data = larger;
    }
    return this.data;
  }

  take(): T {
    const out = this.data.slice(0, this.length) as T;
    this.length = 0;
    return out;
  }
}

/** 64-bit integers as pairs of 32-bit words (little-endian): no BigInt per value. Exact up to 2^53. */
export class Int64Column {
  private readonly words = new Column(new Int32Array(1 << 12));

  get length(): number {
    return this.words.length / 2;
  }

  push(value: number): void {
    const words = this.words.reserve(2);
    const at = this.words.length;
    words[at] = value | 0;
    if (value > 0x7fffffff || value < -0x80000000) words[at] = (value - Math.floor(value / 4294967296) * 4294967296) | 0;
    words[at + 1] = Math.floor(value / 4294967296);
    this.words.length = at + 2;
  }

  pushAll(values: ArrayLike<number>): void {
    this.pushSome(values, values.length);
  }

  /** The first `count` of them. */
  pushSome(values: ArrayLike<number>, count: number): void {
    const words = this.words.reserve(2 * count);
    for (let i = 0, at = this.words.length; i < count; i++, at += 2) {
      const high = Math.floor(values[i] / 4294967296);
      words[at] = (values[i] - high * 4294967296) | 0;
      words[at + 1] = high;
    }
    this.words.length += 2 * count;
  }

  takeSigned(): BigInt64Array {
    const words = this.words.take();
    return new BigInt64Array(words.buffer, 0, words.length / 2);
  }

  takeUnsigned(): BigUint64Array {
    const words = this.words.take();
    return new BigUint64Array(words.buffer, 0, words.length / 2);
  }
}
