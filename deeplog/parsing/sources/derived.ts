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

  chunks(): AsyncGenerator<LineChunk> {
    return this.derive(this.from);
  }
}
