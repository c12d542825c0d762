import { createHash } from 'node:crypto';

/** sha256 of a file by the way, while it is read: what is vouched for is what was read, and it is read once. */
export class FileDigest {
  private readonly hash = createHash('sha256');
  private whole: string | null = null;
  private begun = false;

  constructor(readonly file: string) {}

  /** The file's next bytes. */
  update(bytes: Uint8Array): void {
    this.begun ||= bytes.length > 0;
    this.hash.update(bytes);
  }

  /** The lines of a {@link RangeChunk}, which stand in bytes[from, from + end); a mark before the first of them is the file's, too. */
  updateLines({ bytes, from, end }: { readonly bytes: SharedArrayBuffer; readonly from: number; readonly end: number }): void {
    if (end > 0) this.update(this.begun ? new Uint8Array(bytes, from, end) : new Uint8Array(bytes, 0, from + end));
  }

  /** There are no more. */
  end(): void {
    this.whole ??= this.hash.digest('hex');
  }

  /** By file, in hex; empty until its end was reached. */
  get sha256(): ReadonlyMap<string, string> {
    return new Map(this.whole === null ? [] : [[this.file, this.whole]]);
  }
}
