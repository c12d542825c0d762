import { createDetector, type Detector } from '../../detectors/index.js';
import { planTasks, type TaskPlan } from '../tasks.js';
import type { Job, MatrixSettings } from './messages.js';

/** Part of a matrix: every one of these detectors on every task of the plan. */
export interface MatrixPart extends TaskPlan {
  readonly name: string | null;
  readonly detectors: readonly string[];
  readonly settings: MatrixSettings;
}

/**
 * The jobs of a matrix, the long ones first so that no core is left with one at the end. Detectors that share a fitted model, or are
 * parts of one another, are one job; all others are jobs of their own.
 */
export function planJobs(parts: readonly MatrixPart[]): Job[] {
  const jobs: Omit<Job, 'id'>[] = [];
  for (const part of parts) {
    const { detectors, settings, name } = part;
    const groups = sharingGroups(detectors.map((id) => createDetector(id, settings.detectorOptions)));
    for (const spec of planTasks(part)) for (const group of groups) jobs.push({ spec, detectors: group, name, settings });
  }
  const long = (job: Omit<Job, 'id'>): number => (job.detectors.some((id) => createDetector(id).usesEngine === true) ? 1 : 0);
  return jobs.sort((a, b) => long(b) - long(a)).map((job, id) => ({ id, ...job }));
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
