import { messageOf } from '../common/index.js';
import { sessionAt, type DetailedSessions, type Detector, type Session } from '../detectors/index.js';
import type { SessionTable } from '../sequences/index.js';
import { Clusters, TriageStore, type Cluster, type Standing } from '../triage/index.js';
import type { Verdict } from './detect.js';
import { eventGroup, namingOf, patternNames, type TriageBy } from './pattern_names.js';

/** The sessions above the threshold, by row (or whatever key they have): their patterns, and what the model's triage file says of them. */
export interface Triaged {
  readonly rows: ReadonlyMap<number, { readonly names: readonly string[]; readonly group: string; readonly standing: Standing }>;
  /** The clusters they were named by, those among them that are new; null when they have other names. */
  readonly named: { readonly space: string; readonly clusters: readonly Cluster[] } | null;
  /** Answers that are not followed: {@link TriageStore.outdated}. */
  readonly outdated: number;
}

/** Looks the flagged sessions up in the model's triage file. @throws DataError when the file is broken; UsageError when the detector has no such names */
export async function triage(model: string, detector: Detector, table: SessionTable, scores: Float64Array, threshold: number, details: DetailedSessions | null, by: TriageBy): Promise<Triaged> {
  const flagged = Array.from(scores.keys()).filter((row) => scores[row] > threshold);
  // Without details, equal sequences are equal sessions: named once, by the first.
  const first = new Map<number, number>();
  const keyOf = (row: number): number => (details === null ? first.get(table.sequenceOf[row]) ?? row : row);
  for (const row of flagged) if (!first.has(table.sequenceOf[row])) first.set(table.sequenceOf[row], row);
  const store = await TriageStore.open(model);
  const { of, named } = await standings(store, detector, by, flagged.map(keyOf), (row) => details?.sessions[row] ?? sessionAt(table, row), threshold);
  return { rows: new Map(flagged.flatMap((row) => { const known = of.get(keyOf(row)); return known === undefined ? [] : [[row, known] as const]; })), named, outdated: store.outdated };
}

/** What `store` says of flagged sessions by their keys. @throws UsageError when the detector has no such names */
export async function standings(store: TriageStore, detector: Detector, by: TriageBy, keys: readonly number[], session: (key: number) => Session, threshold: number): Promise<{ readonly of: Triaged['rows']; readonly named: Triaged['named'] }> {
  const naming = namingOf(detector, by);
  const space = naming === 'clusters' ? detector.embeddings ?? null : null;
  const clusters = space === null ? new Clusters(0) : store.clusters(detector.id, space);
  const named = await patternNames(detector, naming, keys, session, threshold, clusters);
  const of = new Map(keys.map((key) => {
    const group = eventGroup(session(key).events);
    // An answer that was given when the detector's sessions went by their events goes on holding.
    const names = naming === 'clusters' && store.answered(detector.id, [group]) ? [group] : named.get(key) ?? [group];
    return [key, { names, group, standing: store.standing(detector.id, names, group) }] as const;
  }));
  return { of, named: space === null ? null : { space: space.id, clusters: clusters.all } };
}

export function countStandings(triaged: Triaged): { accepted: number; rejected: number; open: number; openPatterns: number } {
  const all = [...triaged.rows.values()].map((t) => t.standing);
  const open = all.filter((s) => s.answer === null);
  return { accepted: all.filter((s) => s.answer === 'accepted').length, rejected: all.filter((s) => s.answer === 'rejected').length, open: open.length, openPatterns: new Set(open.map((s) => s.id)).size };
}

/** Notes this run's flagged sessions in the model's triage file, so that their patterns can be answered; says so where it cannot be written. */
export async function noteSightings(model: string, detector: Detector, triaged: Triaged, verdicts: ReadonlyMap<number, Verdict>, table: SessionTable): Promise<string[]> {
  try {
    await TriageStore.note(model, detector.id, [...triaged.rows].map(([row, { names, group }]) => ({
      names, group, key: verdicts.get(row)?.key ?? table.details?.keys[row] ?? String(row + 1), firstLine: verdicts.get(row)?.first_line ?? null, reason: verdicts.get(row)?.evidence?.[0]?.reason ?? null,
    })), undefined, triaged.named);
    return [];
  } catch (error) {
    return [`new patterns could not be noted for triage: ${messageOf(error)}`];
  }
}
