import { sessionAt, type Detector, type Session } from '../detectors/index.js';
import { ABNORMAL, PART, UNLABELLED } from '../sequences/index.js';
import { ASK_ONCE, Clusters, FRUGAL, Knowledge, type TriageRules } from '../triage/index.js';
import { detailedSessions, needsDetails } from './details.js';
import type { Scores } from './evaluate.js';
import { pointMetrics } from './metrics.js';
import { eventGroup, kindOf, namingOf, otherNamings, patternNames, type Naming } from './pattern_names.js';
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
  /** The same with the sessions named by something else that the detector knows. */
  readonly others?: readonly Pick<TriageResult, 'pattern_kind' | 'runs'>[];
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
  const { rows, test, missed } = flaggedRows(task, scores, threshold);
  if (rows.length === 0) return null;
  const own = namingOf(detector);
  const runsBy = async (naming: Naming): Promise<TriageRun[]> => allRuns(await named(detector, naming, task, rows, scores instanceof Float64Array, threshold), test, missed, task.complete);
  const others = [];
  for (const naming of otherNamings(detector)) others.push({ pattern_kind: kindOf(detector, naming), runs: await runsBy(naming) });
  const before = rows.map(({ s, at }): FlaggedSession => ({ patterns: [], group: '', abnormal: task.table.labels[s] === ABNORMAL, at }));
  return {
    pattern_kind: kindOf(detector, own), n_test: test,
    f1_before: pointOf(0, before, missed, () => true).f1, runs: await runsBy(own), ...(others.length === 0 ? {} : { others }),
  };
}

/** Every way of asking. */
function allRuns(flagged: readonly FlaggedSession[], test: number, missed: number, completeSessions: boolean): TriageRun[] {
  const age = Math.round(test * AGE_SHARE);
  // A window is abnormal when a line of it is, so its patterns can be cleared one by one; of a session the combination may be what is wrong.
  const frugal: TriageRules = { ...FRUGAL, credit: completeSessions ? 'joint' : 'careful' };
  const variants: [string, TriageRules][] = [
    ['ask once', ASK_ONCE],
    ['ask once, forget after a tenth', { ...ASK_ONCE, maxAge: age }],
    ['careful blame', { ...frugal, askAt: 1, groupAfter: null }],
    ['frugal', frugal],
  ];
  return [...variants.map(([rules, r]): TriageRun => runOnce(rules, flagged, missed, r)), largestFirst(flagged, missed, test, frugal)];
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

/** A flagged test session: its row in the table, its place among the test sessions. */
interface FlaggedRow {
  readonly s: number;
  readonly at: number;
}

function flaggedRows({ table, split }: Task, scores: Scores, threshold: number): { rows: FlaggedRow[]; test: number; missed: number } {
  const rows: FlaggedRow[] = [];
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
  return { rows, test, missed };
}

/** The flagged sessions with their names; asked for once per distinct sequence where that is enough. */
async function named(detector: Detector, naming: Naming, task: Task, rows: readonly FlaggedRow[], byDistinct: boolean, threshold: number): Promise<FlaggedSession[]> {
  const { table } = task;
  const details = !byDistinct && naming !== 'events' && needsDetails(detector) ? (await detailedSessions(task, detector)).sessions : null;
  const keyOf = (row: FlaggedRow): number => (byDistinct ? table.sequenceOf[row.s] : row.s);
  const session = (key: number): Session => (byDistinct ? { key: String(key), events: table.sequence(key) } : details?.[key] ?? sessionAt(table, key));
  const names = await patternNames(detector, naming, rows.map(keyOf), session, threshold, new Clusters(detector.embeddings?.radius ?? 0));
  const groups = new Map<number, string>();
  const groupOf = (d: number): string => {
    const group = groups.get(d) ?? eventGroup(table.sequence(d));
    groups.set(d, group);
    return group;
  };
  return rows.map((row) => ({ patterns: names.get(keyOf(row)) ?? [], group: groupOf(table.sequenceOf[row.s]), abnormal: table.labels[row.s] === ABNORMAL, at: row.at }));
}
