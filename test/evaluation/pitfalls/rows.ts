import type { ResultRow } from '../../../deeplog/evaluation/index.js';

/** A row of a made-up detector, with what a test changes. */
export function rowWith(extra: Partial<ResultRow>): ResultRow {
  return {
    dataset: 'd', protocol: 'custom', split_sha256: 'a'.repeat(64), detector: 'x', unit: 'session', seed: 1, fold: null, folds: 1, variant: null, engine: null,
    tp: 1, fp: 0, tn: 1, fn: 0, f1: 1, precision: 1, recall: 1, mcc: 1, specificity: 1, pr_auc: 1, roc_auc: 1, oracle_f1: 1, threshold: 0.5, alerts: 1, alerts_per_day: null, f1_interval: null,
    n_train: 2, n_test: 2, target_fpr: 0.001, fit_seconds: 0, score_per_second: 1, peak_rss_mb: 1, model_bytes: 1, notes: [], unseen_only: null, at_target_fpr: null, at_own_threshold: null, line_rank: null, triage: null,
    ...extra,
  };
}
