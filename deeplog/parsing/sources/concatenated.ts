import { LineSource } from './line_source.js';
import type { LineChunk, LogSource } from './types.js';

/** Several files, one after the other, as one log; lines are numbered through. */
export class ConcatenatedSource implements LogSource {
  private done = 0;
  private current: LineSource | null = null;

  private constructor(readonly name: string, private readonly sources: readonly LineSource[]) {}

  /** @throws DataError when one of the files cannot be read. */
  static async open(name: string, files: readonly string[], hashed = false): Promise<ConcatenatedSource> {
    return new ConcatenatedSource(name, await Promise.all(files.map((f) => LineSource.open(f, { hashed }))));
  }

  get bytesRead(): number {
    return this.done + (this.current?.bytesRead ?? 0);
  }

  get totalBytes(): number | null {
    return this.sources.reduce<number | null>((sum, s) => (sum === null || s.totalBytes === null ? null : sum + s.totalBytes), 0);
  }

  get sha256(): ReadonlyMap<string, string> {
    return new Map(this.sources.flatMap((s) => [...s.sha256]));
  }

  async *chunks(): AsyncGenerator<LineChunk> {
    for (const source of this.sources) {
      this.current = source;
      yield* source.chunks();
      this.done += source.bytesRead;
      this.current = null;
    }
  }
}
