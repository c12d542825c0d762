import type { PlainParameters } from '../../artifacts/index.js';
import type { FullSearch, MinerOptions, MinerState } from '../../parsing/index.js';
import type { AdapterOptions } from '../adapters.js';
import type { HeaderCounts, MinedHeaders } from '../line_block.js';

/** What a worker needs to read lines as the main thread does. */
export interface WorkerSettings {
  readonly miner: MinerOptions;
  /** What the parser knows at the start. */
  readonly state: MinerState;
  readonly layout: string | null;
  readonly timeFormat: string | null;
  readonly labelColumn: string | null;
  readonly anomalyLabels: readonly string[];
  readonly adapter: AdapterOptions | null;
  readonly fullSearch: FullSearch;
}

/** A template that was made or changed. */
export interface Learned {
  readonly id: number;
  readonly tokens: readonly string[];
}

export interface ChunkRequest {
  readonly bytes: SharedArrayBuffer;
  readonly end: number;
  readonly ascii: boolean;
  /** What was learned since this worker's last chunk, in order. */
  readonly learned: readonly Learned[];
  /** Match only. */
  readonly matching: boolean;
}

/** A chunk's lines as far as a worker can take them; line numbers count from the chunk's first. */
export interface MinedChunk extends MinedHeaders {
  /** −1: the parser would learn something. */
  readonly event: Int32Array;
  readonly parameters: PlainParameters;
  readonly counts: HeaderCounts;
  readonly unparsed: readonly (readonly [line: number, text: string])[];
}

/** null: the chunk holds lines that are no UTF-8, which only the main thread repairs. */
export type ChunkAnswer = { readonly mined: MinedChunk | null } | { readonly error: string };
