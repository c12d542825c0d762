import type { Detector, Session } from '../detectors/index.js';
import { ABNORMAL, PART, UNLABELLED } from '../sequences/index.js';
import { averagePrecision, confusionAt, countScores, oracleF1, pointMetrics, rocAuc, thresholdFor, type PointMetrics } from './metrics.js';
import type { Task } from './protocols.js';

/** Scores of the distinct sequences that occur in the wanted parts; NaN for the others. */
export async function scoreDistinct(detector: Detector, task: Pick<Task, 'table' | 'split'>, parts: readonly number[]): Promise<Float64Array> {
  const { table, split } = task;
  const wanted = new Uint8Array(table.distinct);
  for (let s = 0; s < table.size; s++) if (parts.includes(split.parts[s])) wanted[table.sequenceOf[s]] = 1;
  const scores = new Float64Array(table.distinct).fill(NaN);
  const ids: number[] = [];
  for (let d = 0; d < table.distinct; d++) if (wanted[d]) ids.push(d);
  for (let at = 0; at < ids.length; at += SEQUENCES_PER_CALL) {
    const chunk = ids.slice(at, at + SEQUENCES_PER_CALL);
    const found = await detector.scoreBatch(chunk.map((d): Session => ({ key: String(d), events: table.sequence(d) })));
    chunk.forEach((d, i) => { scores[d] = found[i]; });
  }
  return scores;
}

/** Test sessions above the threshold, labelled or not. */
export function countAlerts({ table, split }: Pick<Task, 'table' | 'split'>, scores: Float64Array, threshold: number): number {
  return split.parts.reduce((n, part, s) => n + (part === PART.test && scores[table.sequenceOf[s]] > threshold ? 1 : 0), 0);
}

const SEQUENCES_PER_CALL = 32_768;

/** Scores by distinct sequence, or session by session where equal sequences may score differently. */
export type Scores = Float64Array | { readonly perSession: Float64Array };

export interface Evaluation extends PointMetrics {
  readonly threshold: number;
  readonly pr_auc: number | null;
  readonly roc_auc: number | null;
  readonly oracle_f1: number | null;
  /** Test sessions above the threshold, those without a label included. */
  readonly alerts: number;
  readonly alerts_per_day: number | null;
  /** The same threshold over the sessions whose sequence never occurred in training. */
  readonly unseen_only: (PointMetrics & { readonly n_test: number; readonly share_of_test: number }) | null;
  /** The other target rates beside the main one. */
  readonly at_target_fpr: readonly (PointMetrics & { readonly target_fpr: number; readonly threshold: number; readonly validation_fpr: number; readonly alerts: number })[] | null;
  /** The threshold that the method itself proposes. Never picked by the result. */
  readonly at_own_threshold: (PointMetrics & { readonly threshold: number; readonly rule: string }) | null;
  readonly n_train: number;
  readonly n_test: number;
  readonly labelled: boolean;
}

/** Without labels nothing is counted: no zeros that look measured. */
const UNMEASURED = { tp: null, fp: null, tn: null, fn: null, precision: null, recall: null, f1: null, mcc: null, specificity: null } as unknown as PointMetrics;

/** 1 % is always shown beside the target rate. */
const ALSO_SHOWN_FPR = 0.01;

/**
 * Everything a row says about one fitted detector's verdicts, from the scores of the distinct sequences. Thresholds come from
 * the validation part's normal sessions alone.
 */
export function evaluate(task: Task, scores: Scores, detector: Pick<Detector, 'binary' | 'ownThreshold'> & Partial<Pick<Detector, 'needs'>>, targetFpr: number): Evaluation {
  const { table, split } = task;
  const scoreOf = scores instanceof Float64Array ? (s: number): number => scores[table.sequenceOf[s]] : (s: number): number => scores.perSession[s];
  const validationNormals: number[] = [];
  const inTraining = new Uint8Array(table.distinct);
  let nTrain = 0;
  for (let s = 0; s < table.size; s++) {
    const part = split.parts[s];
    // What a detector with labels saw of the training share is not unseen either.
    if (part === PART.train || (detector.needs?.has('labels') && split.shares[s] === PART.train)) inTraining[table.sequenceOf[s]] = 1;
    if (part === PART.train) nTrain++;
    else if (part === PART.validation && table.labels[s] !== ABNORMAL) validationNormals.push(scoreOf(s));
  }
  const test: number[] = [];
  for (let s = 0; s < table.size; s++) if (split.parts[s] === PART.test) test.push(s);
  const judged = test.filter((s) => table.labels[s] !== UNLABELLED);
  const countsOf = (sessions: readonly number[]): ReturnType<typeof countScores> => countScores(sessions.map(scoreOf), sessions.map((s) => table.labels[s] === ABNORMAL));
  const counts = countsOf(judged);
  const unseen = judged.filter((s) => !inTraining[table.sequenceOf[s]]);
  const atRate = (rate: number): number => (detector.binary ? 0.5 : thresholdFor(validationNormals, rate));
  const threshold = atRate(targetFpr);
  const labelled = judged.length > 0;
  const metricsAt = (t: number): PointMetrics => (labelled ? pointMetrics(confusionAt(counts, t)) : UNMEASURED);
  const alertsAt = (t: number): number => test.reduce((n, s) => n + (scoreOf(s) > t ? 1 : 0), 0);
  const alerts = alertsAt(threshold);
  return {
    ...metricsAt(threshold),
    threshold,
    pr_auc: averagePrecision(counts),
    roc_auc: rocAuc(counts),
    oracle_f1: oracleF1(counts),
    alerts,
    alerts_per_day: perDay(task, test, alerts),
    unseen_only: labelled ? { ...pointMetrics(confusionAt(countsOf(unseen), threshold)), n_test: unseen.length, share_of_test: unseen.length / judged.length } : null,
    at_target_fpr: detector.binary ? null : [...new Set([targetFpr, ALSO_SHOWN_FPR])].map((rate) => {
      const t = atRate(rate);
      return { target_fpr: rate, threshold: t, validation_fpr: validationNormals.filter((v) => v > t).length / validationNormals.length, alerts: alertsAt(t), ...metricsAt(t) };
    }),
    at_own_threshold: detector.ownThreshold ? { threshold: detector.ownThreshold.value, rule: detector.ownThreshold.rule, ...metricsAt(detector.ownThreshold.value) } : null,
    n_train: nTrain,
    n_test: test.length,
    labelled,
  };
}

function perDay(task: Task, sessions: readonly number[], alerts: number): number | null {
  const times = task.table.details?.startTimes;
  if (times === null || times === undefined) return null;
  let first = Infinity;
  let last = -Infinity;
  for (const s of sessions) {
    if (Number.isNaN(times[s])) continue;
    first = Math.min(first, times[s]);
    last = Math.max(last, times[s]);
  }
  const days = (last - first) / 86_400_000;
  // Minutes of log say nothing about days.
  return days >= 0.5 ? alerts / days : null;
}

