const LONGEST_QUOTE = 1000;

/** The lines of a request as they came, to quote them as evidence. */
export class RawLines {
  private readonly chunks: { readonly bytes: Buffer; readonly firstLine: number }[] = [];
  private lines = 0;

  /** Copies the whole lines in buffer[0, end). */
  add(buffer: Buffer, end: number): void {
    const bytes = Buffer.from(buffer.subarray(0, end));
    this.chunks.push({ bytes, firstLine: this.lines + 1 });
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) this.lines++;
  }

  /** The line of that 1-based number, cut at 1,000 bytes. */
  get(line: number): string {
    const chunk = this.chunks.findLast((c) => c.firstLine <= line);
    if (chunk === undefined) return '';
    let start = 0;
    for (let n = chunk.firstLine; n < line; n++) start = chunk.bytes.indexOf(10, start) + 1;
    let stop = chunk.bytes.indexOf(10, start);
    if (stop < 0) stop = chunk.bytes.length;
    return chunk.bytes.toString('utf8', start, Math.min(stop, start + LONGEST_QUOTE)).trimEnd();
  }
}
