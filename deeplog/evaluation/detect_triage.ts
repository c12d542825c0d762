import { messageOf } from '../common/index.js';
import { sessionAt, type DetailedSessions, type Detector } from '../detectors/index.js';
import type { SessionTable } from '../sequences/index.js';
import { TriageStore, type Standing } from '../triage/index.js';
import type { Verdict } from './detect.js';
import { eventGroup } from './triage_simulation.js';

/** The sessions above the threshold, by row: their patterns, and what the model's triage file says of them. */
export type Triaged = ReadonlyMap<number, { readonly names: readonly string[]; readonly group: string; readonly standing: Standing }>;

/** Looks the flagged sessions up in the model's triage file. A detector that names no patterns is triaged by the session's set of events. @throws DataError when the file is broken */
export async function triage(model: string, detector: Detector, table: SessionTable, scores: Float64Array, threshold: number, details: DetailedSessions | null): Promise<Triaged> {
  const rows = Array.from(scores.keys()).filter((row) => scores[row] > threshold);
  const named = await detector.patterns?.(rows.map((row) => details?.sessions[row] ?? sessionAt(table, row)), threshold);
  const store = await TriageStore.open(model);
  return new Map(rows.map((row, i) => {
    const group = eventGroup(table.sequence(table.sequenceOf[row]));
    const names = named === undefined || named[i].length === 0 ? [group] : named[i];
    return [row, { names, group, standing: store.standing(detector.id, names, group) }];
  }));
}

export function countStandings(triaged: Triaged): { accepted: number; rejected: number; open: number; openPatterns: number } {
  const all = [...triaged.values()].map((t) => t.standing);
  const open = all.filter((s) => s.answer === null);
  return { accepted: all.filter((s) => s.answer === 'accepted').length, rejected: all.filter((s) => s.answer === 'rejected').length, open: open.length, openPatterns: new Set(open.map((s) => s.id)).size };
}

/** Notes this run's flagged sessions in the model's triage file, so that their patterns can be answered; says so where it cannot be written. */
export async function noteSightings(model: string, detector: Detector, triaged: Triaged, verdicts: ReadonlyMap<number, Verdict>, table: SessionTable): Promise<string[]> {
  try {
    await TriageStore.note(model, detector.id, [...triaged].map(([row, { names, group }]) => ({
      names, group, key: verdicts.get(row)?.key ?? table.details?.keys[row] ?? String(row + 1), firstLine: verdicts.get(row)?.first_line ?? null, reason: verdicts.get(row)?.evidence?.[0]?.reason ?? null,
    })));
    return [];
  } catch (error) {
    return [`new patterns could not be noted for triage: ${messageOf(error)}`];
  }
}
