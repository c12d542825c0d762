import { UsageError } from '../common/index.js';
import type { Detector, EmbeddingSpace, Session } from '../detectors/index.js';
import type { Clusters } from '../triage/index.js';

/** What sessions are named by for triage: clusters of the detector's embeddings, what it finds in them (`patterns`), or their set of events. */
export type Naming = 'clusters' | 'patterns' | 'events';

/** `default`: what the detector is best triaged by. */
export const TRIAGE_BY = ['default', 'clusters', 'events'] as const;
export type TriageBy = (typeof TRIAGE_BY)[number];

/** A model that was fitted before there were clusters has none. */
function spaceOf(detector: Detector): EmbeddingSpace | null {
  return detector.embed === undefined ? null : detector.embeddings ?? null;
}

/** @throws UsageError when the detector has no embeddings and clusters are asked for */
export function namingOf(detector: Detector, by: TriageBy = 'default'): Naming {
  if (by === 'clusters' && spaceOf(detector) === null) throw new UsageError(`${detector.id} has no embeddings to cluster${detector.embed === undefined ? '' : ' in this model, which an earlier version fitted: train it again'}. Leave --triage_by out, or give --triage_by events.`);
  if (by !== 'default') return by;
  if (detector.namesByClusters === true && spaceOf(detector) !== null) return 'clusters';
  return detector.patterns === undefined ? 'events' : 'patterns';
}

/** What else its sessions could be named by, for comparison. */
export function otherNamings(detector: Detector): Naming[] {
  if (spaceOf(detector) === null) return [];
  return namingOf(detector) === 'clusters' ? [detector.patterns === undefined ? 'events' : 'patterns'] : ['clusters'];
}

/** In words, for tables. */
export function kindOf(detector: Detector, naming: Naming): string {
  if (naming === 'clusters') return detector.embeddings?.kind ?? 'clusters';
  return naming === 'patterns' ? detector.patternKind ?? 'patterns' : detector.patterns === undefined ? 'event set (the detector names none)' : 'event set';
}

/** What sessions that are much like each other share: their set of events. */
export function eventGroup(events: Uint32Array): string {
  return `events ${[...new Set(events)].sort((a, b) => a - b).join(' ')}`;
}

/**
 * The names of flagged sessions by key, each key's session asked about once; `clusters` grow by what belongs to none, in the order in which
 * the keys come.
 */
export async function patternNames(detector: Detector, naming: Naming, keys: Iterable<number>, session: (key: number) => Session, threshold: number, clusters: Clusters): Promise<ReadonlyMap<number, readonly string[]>> {
  const wanted = [...new Set(keys)];
  const sessions = wanted.map(session);
  const named = await namesOf(detector, naming, sessions, threshold, clusters);
  return new Map(wanted.map((key, i) => [key, named[i].length === 0 ? [eventGroup(sessions[i].events)] : named[i]]));
}

async function namesOf(detector: Detector, naming: Naming, sessions: readonly Session[], threshold: number, clusters: Clusters): Promise<readonly (readonly string[])[]> {
  if (naming === 'patterns' && detector.patterns !== undefined) return detector.patterns(sessions, threshold);
  if (naming === 'clusters' && detector.embed !== undefined) return (await detector.embed(sessions, threshold)).map((vectors) => [...new Set(vectors.map((v) => clusters.name(v)))].sort());
  return sessions.map(() => []);
}
