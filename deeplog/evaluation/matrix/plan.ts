import { hashOfValue } from '../../artifacts/index.js';
import { UsageError } from '../../common/index.js';
import { createDetector, type Detector } from '../../detectors/index.js';
import type { ProtocolId } from '../protocols.js';
import { planTasks, type TaskPlan } from '../tasks.js';
import { configHash } from './ledger.js';
import type { Job, MatrixSettings } from './messages.js';

/** Part of a matrix: every one of these detectors on every task of the plan. */
export interface MatrixPart extends TaskPlan {
  readonly name: string | null;
  readonly detectors: readonly string[];
  /** Those of them that were asked for by their own name: what a set lacks for one of these is a failure. */
  readonly named?: readonly string[];
  readonly settings: MatrixSettings;
}

/**
 * The jobs of a matrix, the long ones first so that no core is left with one at the end. Detectors that share a fitted model, or are
 * parts of one another, are one job; all others are jobs of their own.
 */
export function planJobs(parts: readonly MatrixPart[]): Job[] {
  const jobs: Omit<Job, 'id'>[] = [];
  for (const part of parts) {
    const { detectors, named = [], settings, name } = part;
    const groups = sharingGroups(detectors.map((id) => createDetector(id, settings.detectorOptions)));
    for (const spec of planTasks(part)) for (const group of groups) jobs.push({ spec, detectors: group, named, name, settings });
  }
  const long = (job: Omit<Job, 'id'>): number => (job.detectors.some((id) => createDetector(id).usesEngine === true) ? 1 : 0);
  return jobs.sort((a, b) => long(b) - long(a)).map((job, id) => ({ id, ...job }));
}

/**
 * Rows of different splits do not belong in one table, which must not show at the end of a long run.
 * @throws UsageError where parts split the same protocol differently
 */
export function checkParts(parts: readonly MatrixPart[]): void {
  const splits = new Map<string, string>();
  for (const { protocols, settings } of parts) {
    const { inputFile = null, labelFile = null, trainRatio, valRatio, order, trainOn } = settings;
    for (const protocol of protocols) {
      const own = hashOfValue(protocol === 'custom' ? [inputFile, labelFile, trainRatio, valRatio, order, trainOn] : [trainOn]);
      if ((splits.get(protocol) ?? own) !== own) throw new UsageError(`--matrix: its parts run ${protocol} on different splits (${protocol === 'custom' ? '--input_file, --label_file, --train_ratio, --val_ratio, --split or ' : ''}--train_on differ), and their rows do not belong in one table. Make a matrix file of each; they can share the --ledger.`);
      splits.set(protocol, own);
    }
  }
}

/**
 * What a detector's rows of each part are called in tables: other settings are another line, by the part's name or, without one, its
 * number from 1; parts without a name whose settings are the same are one line, so that their seeds are averaged.
 */
export function rowNames(parts: readonly MatrixPart[]): (part: MatrixPart, protocol: ProtocolId, detector: string) => string {
  return (part, protocol, detector) => {
    const settingsOf = (p: MatrixPart): string => p.name ?? configHash({ spec: { protocol, seed: 0 }, settings: p.settings }, detector);
    const rivals = parts.filter((p) => p.protocols.includes(protocol) && p.detectors.includes(detector));
    const own = settingsOf(part);
    if (rivals.every((p) => settingsOf(p) === own)) return detector;
    const nameless = rivals.filter((p) => p.name === null);
    if (part.name === null && nameless.every((p) => settingsOf(p) === own)) return detector;
    return `${detector} (${part.name ?? `part ${1 + parts.findIndex((p) => p.name === null && settingsOf(p) === own)}`})`;
  };
}

/** Ids of detectors that are fitted on common models, in the given order. */
export function sharingGroups(detectors: readonly Detector[]): string[][] {
  const groups: { ids: string[]; families: Set<string> }[] = [];
  for (const detector of detectors) {
    const families = new Set([detector, ...(detector.components ?? [])].map((d) => d.family ?? d.id));
    const touching = groups.filter((g) => [...families].some((f) => g.families.has(f)));
    const [first] = touching;
    if (first === undefined) {
      groups.push({ ids: [detector.id], families });
      continue;
    }
    for (const other of touching.slice(1)) {
      first.ids.push(...other.ids);
      for (const f of other.families) first.families.add(f);
      groups.splice(groups.indexOf(other), 1);
    }
    first.ids.push(detector.id);
    for (const f of families) first.families.add(f);
  }
  return groups.map((g) => g.ids);
}
