import type { LineChunk, LogSource } from './types.js';

/** A source whose lines are made from another's. */
export class DerivedSource implements LogSource {
  constructor(private readonly from: LogSource, private readonly derive: (from: LogSource) => AsyncGenerator<LineChunk>) {}

  get name(): string {
    return this.from.name;
  }

  get bytesRead(): number {
    return this.from.bytesRead;
  }

  get totalBytes(): number | null {
    return this.from.totalBytes;
  }

  get sha256(): ReadonlyMap<string, string> | undefined {
    return this.from.sha256;
  }

  chunks(): AsyncGenerator<LineChunk> {
    return this.derive(this.from);
  }
}
