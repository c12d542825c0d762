import { isAscii } from 'node:buffer';
import type { LineChunk } from './types.js';

const FULL_BYTES = 1 << 20;

/** Collects lines, each with its number in the input, into chunks for the parser. */
export class LineWriter {
  private buffer = Buffer.allocUnsafe(FULL_BYTES * 2);
  private length = 0;
  private numbers: number[] = [];

  get full(): boolean {
    return this.length >= FULL_BYTES;
  }

  get empty(): boolean {
    return this.numbers.length === 0;
  }

  get lineBytes(): number {
    return this.length;
  }

  /** Appends from[start, end), which must not hold a newline. */
  append(from: Buffer, start: number, end: number): void {
    this.reserve(end - start + 1);
    from.copy(this.buffer, this.length, start, end);
    this.length += end - start;
  }

  appendText(text: string): void {
    this.reserve(text.length * 3 + 1);
    this.length += this.buffer.write(text, this.length, 'utf8');
  }

  /** Ends the line that was appended. */
  endLine(number: number): void {
    this.reserve(1);
    this.buffer[this.length++] = 10;
    this.numbers.push(number);
  }

  /** The lines so far; valid until more are appended. */
  take(): LineChunk {
    const chunk = { buffer: this.buffer, end: this.length, ascii: isAscii(this.buffer.subarray(0, this.length)), lineNumbers: this.numbers };
    this.length = 0;
    this.numbers = [];
    return chunk;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
