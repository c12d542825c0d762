import { sessionAt, type Detector, type Session } from '../detectors/index.js';
import { ABNORMAL, PART, UNLABELLED } from '../sequences/index.js';
import { ASK_ONCE, FRUGAL, Knowledge, type TriageRules } from '../triage/index.js';
import { detailedSessions, needsDetails } from './details.js';
import type { Scores } from './evaluate.js';
import { pointMetrics } from './metrics.js';
import type { Task } from './protocols.js';

/** Verdicts with so many answers given. */
export interface TriagePoint {
  readonly questions: number;
  readonly f1: number | null;
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** One way of asking. */
export interface TriageRun {
  readonly rules: string;
  /** Sessions asked about. */
  readonly questions: number;
  /** Patterns that have an answer in the end: an answer about one session may settle several. */
  readonly settled: number;
  readonly f1: number | null;
  /** F1 when the operator stops after fewer answers: what has none goes on alerting. */
  readonly curve: readonly TriagePoint[];
}

export interface TriageResult {
  readonly pattern_kind: string;
  readonly n_test: number;
  /** Without any answer. */
  readonly f1_before: number | null;
  readonly runs: readonly TriageRun[];
}

/** A flagged test session: its patterns, what it is much like, its label, its place among the test sessions. */
export interface FlaggedSession {
  readonly patterns: readonly string[];
  readonly group: string;
  readonly abnormal: boolean;
  readonly at: number;
}

/** Answers that are not used for a tenth of the test part are forgotten. */
const AGE_SHARE = 0.1;
/** Times at which a backlog is looked through. */
const REVIEWS = 100;

/**
 * Triage on the test part, in its order: each session that the detector flags is looked up by its patterns; where an answer is asked
 * for it is the session's label, and no other label is looked at. A question is an alert. Null where there is nothing to ask.
 */
export async function simulateTriage(detector: Detector, task: Task, scores: Scores, threshold: number): Promise<TriageResult | null> {
  if (!task.table.labelled) return null;
  const { flagged, test, missed } = await flaggedSessions(detector, task, scores, threshold);
  if (flagged.length === 0) return null;
  const age = Math.round(test * AGE_SHARE);
  // A window is abnormal when a line of it is, so its patterns can be cleared one by one; of a session the combination may be what is wrong.
  const frugal: TriageRules = { ...FRUGAL, credit: task.complete ? 'joint' : 'careful' };
  const variants: [string, TriageRules][] = [
    ['ask once', ASK_ONCE],
    ['ask once, forget after a tenth', { ...ASK_ONCE, maxAge: age }],
    ['careful blame', { ...frugal, askAt: 1, groupAfter: null }],
    ['frugal', frugal],
  ];
  const runs = variants.map(([rules, r]): TriageRun => runOnce(rules, flagged, missed, r));
  return {
    pattern_kind: detector.patterns === undefined ? 'event set (the detector names none)' : detector.patternKind ?? 'patterns', n_test: test,
    f1_before: pointOf(0, flagged, missed, () => true).f1, runs: [...runs, largestFirst(flagged, missed, test, frugal)],
  };
}

/** One pass with all questions answered, and the curve of stopping earlier. */
export function runOnce(rules: string, flagged: readonly FlaggedSession[], missed: number, r: TriageRules): TriageRun {
  const full = pass(flagged, missed, r, Infinity);
  const curve = budgets(full.questions).map((budget) => pass(flagged, missed, r, budget).point);
  return { rules, questions: full.questions, settled: full.settled, f1: full.point.f1, curve: [...curve, full.point] };
}

function pass(flagged: readonly FlaggedSession[], missed: number, rules: TriageRules, budget: number): { questions: number; settled: number; point: TriagePoint } {
  const knowledge = new Knowledge(rules);
  let questions = 0;
  const point = pointOf(NaN, flagged, missed, ({ patterns, group, abnormal, at }) => {
    const outcome = knowledge.judge(patterns, group, at);
    if (outcome === 'question' && questions < budget) {
      questions++;
      knowledge.answer(patterns, group, abnormal, at);
    }
    return outcome !== 'quiet';
  });
  return { questions, settled: knowledge.settled, point: { ...point, questions } };
}

/**
 * The operator looks through the backlog a hundred times and answers the patterns with the most waiting alerts first, so many each time:
 * which question to ask first, when there is no time for all of them.
 */
function largestFirst(flagged: readonly FlaggedSession[], missed: number, test: number, rules: TriageRules): TriageRun {
  const curve: TriagePoint[] = [];
  let settled = 0;
  for (const perReview of [0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8, 16]) {
    const knowledge = new Knowledge({ ...rules, askAt: 1 });
    const waiting = new Map<string, { count: number; last: FlaggedSession }>();
    let questions = 0;
    let next = test / REVIEWS;
    let allowed = 0;
    const review = (): void => {
      // Fractions add up over reviews; time that was not needed does not.
      allowed = Math.min(allowed + perReview, Math.max(1, perReview));
      for (const [key, { last }] of [...waiting].sort(([, a], [, b]) => b.count - a.count)) {
        const open = knowledge.judge(last.patterns, last.group, last.at) === 'question';
        if (open && allowed < 1 - 1e-9) continue;
        if (open) {
          allowed--;
          questions++;
          knowledge.answer(last.patterns, last.group, last.abnormal, last.at);
        }
        waiting.delete(key);
      }
    };
    const point = pointOf(NaN, flagged, missed, (s) => {
      for (; s.at >= next; next += test / REVIEWS) review();
      const outcome = knowledge.judge(s.patterns, s.group, s.at);
      if (outcome === 'question') {
        const key = s.patterns.join('\n');
        waiting.set(key, { count: (waiting.get(key)?.count ?? 0) + 1, last: s });
      }
      return outcome !== 'quiet';
    });
    settled = knowledge.settled;
    if (curve.at(-1)?.questions !== questions) curve.push({ ...point, questions });
  }
  const last = curve.at(-1);
  return { rules: 'largest backlog first', questions: last?.questions ?? 0, settled, f1: last?.f1 ?? null, curve };
}

function pointOf(questions: number, flagged: readonly FlaggedSession[], missed: number, alerts: (s: FlaggedSession) => boolean): TriagePoint {
  let tp = 0;
  let fp = 0;
  let fn = missed;
  for (const s of flagged) {
    if (alerts(s)) {
      if (s.abnormal) tp++;
      else fp++;
    } else if (s.abnormal) fn++;
  }
  return { questions, f1: pointMetrics({ tp, fp, tn: 0, fn }).f1, tp, fp, fn };
}

/** 0, 1, 2, 5, 10, 20, 50, … below `most`. */
function budgets(most: number): number[] {
  const out = [0];
  for (let decade = 1; decade < most; decade *= 10) for (const digit of [1, 2, 5]) if (digit * decade < most) out.push(digit * decade);
  return out;
}

async function flaggedSessions(detector: Detector, task: Task, scores: Scores, threshold: number): Promise<{ flagged: FlaggedSession[]; test: number; missed: number }> {
  const { table, split } = task;
  const rows: { s: number; at: number }[] = [];
  let test = 0;
  let missed = 0;
  for (let s = 0; s < table.size; s++) {
    // As in evaluate: what has no label is neither a false alarm nor an answer.
    if (split.parts[s] !== PART.test || table.labels[s] === UNLABELLED) continue;
    const score = scores instanceof Float64Array ? scores[table.sequenceOf[s]] : scores.perSession[s];
    if (score > threshold) rows.push({ s, at: test });
    else if (table.labels[s] === ABNORMAL) missed++;
    test++;
  }
  const groups = new Map<number, string>();
  const groupOf = (d: number): string => {
    let group = groups.get(d);
    if (group === undefined) groups.set(d, (group = eventGroup(table.sequence(d))));
    return group;
  };
  const names = await namesOf(detector, task, rows.map((r) => r.s), scores instanceof Float64Array, threshold);
  const flagged = rows.map(({ s, at }, i): FlaggedSession => {
    const group = groupOf(table.sequenceOf[s]);
    return { patterns: names[i].length > 0 ? names[i] : [group], group, abnormal: table.labels[s] === ABNORMAL, at };
  });
  return { flagged, test, missed };
}

/** What sessions that are much like each other share: their set of events. */
export function eventGroup(events: Uint32Array): string {
  return `events ${[...new Set(events)].sort((a, b) => a - b).join(' ')}`;
}

/** The patterns of some sessions; asked for once per distinct sequence where that is enough. */
async function namesOf(detector: Detector, task: Task, rows: readonly number[], byDistinct: boolean, threshold: number): Promise<readonly (readonly string[])[]> {
  if (detector.patterns === undefined) return rows.map(() => []);
  if (!byDistinct) {
    const details = needsDetails(detector) ? (await detailedSessions(task, detector)).sessions : null;
    return detector.patterns(rows.map((s) => details?.[s] ?? sessionAt(task.table, s)), threshold);
  }
  const distinct = [...new Set(rows.map((s) => task.table.sequenceOf[s]))];
  const named = await detector.patterns(distinct.map((d): Session => ({ key: String(d), events: task.table.sequence(d) })), threshold);
  const byId = new Map(distinct.map((d, i) => [d, named[i]]));
  return rows.map((s) => byId.get(task.table.sequenceOf[s]) ?? []);
}
