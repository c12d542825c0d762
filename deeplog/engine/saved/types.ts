import type { NumericArray } from '../types.js';

export interface SavedTensor {
  readonly data: NumericArray;
  readonly shape: readonly number[];
}

/** A network in a file of another runtime's format, opened in that runtime. */
export interface SavedNetwork {
  /** What opened it, for reports: name and version. */
  readonly runtime: string;
  /** All outputs by name, row-major; of a layer model what `layer` gives. */
  run(inputs: Readonly<Record<string, SavedTensor>>, layer?: string): Promise<Record<string, NumericArray>>;
  dispose(): Promise<void>;
}
