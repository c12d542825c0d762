import { DataError } from '../common/index.js';

/** A parser's whole memory as plain data; ids survive a restart or a warm start. */
export interface MinerState {
  readonly clustersCreated: number;
  /** In order of last use when there is a limit on their number, else by id. */
  readonly clusters: readonly ClusterState[];
  /** The parser's own: Drain's is by token count, JaccardDrain's by first token. */
  readonly tree: unknown;
  /** What a merged state was merged from, where that is more than its clusters tell. */
  readonly sources?: readonly ClusterState[];
}

export interface ClusterState {
  id: number;
  size: number;
  readonly tokens: readonly string[];
}

/** A node of a Drain tree and what is below it. */
export interface NodeState {
  readonly children: readonly (readonly [string, NodeState])[];
  readonly clusters: readonly number[];
}

/** @throws DataError naming each setting that differs. */
export function requireSameSettings(saved: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>, file: string): void {
  const differing = Object.keys(saved).filter((k) => k in now && JSON.stringify(saved[k]) !== JSON.stringify(now[k]));
  if (differing.length === 0) return;
  const list = differing.map((k) => `${k} was ${JSON.stringify(saved[k])} and is now ${JSON.stringify(now[k])}`).join('; ');
  throw new DataError(`${file}: was made with other parser settings (${list}). Use the same, or start afresh without --state.`);
}
