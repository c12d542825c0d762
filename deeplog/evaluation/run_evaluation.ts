import { ABNORMAL, PART, UNLABELLED } from '../sequences/index.js';
import type { Reporter } from '../training/index.js';
import { curvesOf } from './curves.js';
import type { Evaluation, Scores } from './evaluate.js';
import { withBeyond } from './histogram.js';
import { countScores } from './metrics.js';
import type { Task } from './protocols.js';

/** Tells a training run what its detector is worth on the test part: numbers, confusion matrix, score histogram, precision-recall curve. */
export function reportEvaluation(reporter: Reporter, task: Task, scores: Scores, evaluation: Evaluation): void {
  const { table, split } = task;
  const judged: number[] = [];
  for (let s = 0; s < table.size; s++) if (split.parts[s] === PART.test && table.labels[s] !== UNLABELLED) judged.push(s);
  const scoreOf = (s: number): number => (scores instanceof Float64Array ? scores[table.sequenceOf[s]] : scores.perSession[s]);
  const { histogram, pr } = curvesOf(task, scores);
  const { tp, fp, tn, fn, precision, recall, f1, pr_auc, roc_auc, oracle_f1 } = evaluation;
  reporter.evaluation?.({
    name: 'test', unit: task.unit, threshold: evaluation.threshold, confusion: evaluation.labelled ? { tp, fp, tn, fn } : null,
    metrics: evaluation.labelled ? { f1, precision, recall, pr_auc, roc_auc, oracle_f1 } : {},
    scores: countScores(judged.map(scoreOf), judged.map((s) => table.labels[s] === ABNORMAL)), histogram: withBeyond(histogram), pr,
  });
}
