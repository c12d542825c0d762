import { packVerdicts, type CellResult, type DriftResult, type ResultRow } from '../../deeplog/evaluation/index.js';

/** A name that would break out of every context that forgets to escape it. */
export const HOSTILE = `<script>alert("1")</script>&'"><img src=https://evil.example/x.png>`;

const bytes = (of: (i: number) => boolean): Uint8Array => Uint8Array.from({ length: 500 }, (_, i) => Number(of(i)));

/** A made-up result of a detector, scored or binary. */
export function cell(detector: string, more: Partial<ResultRow> = {}, scored = true): CellResult {
  const row = {
    dataset: 'made-up', protocol: 'custom', split_sha256: 'ab'.repeat(32), detector, unit: 'session', seed: 1, fold: null, folds: 1, variant: null, engine: null, target_fpr: 0.001, fit_seconds: 0.5, score_per_second: 1000, peak_rss_mb: 200, model_bytes: 4096,
    notes: [], triage: null, tp: 40, fp: 10, tn: 440, fn: 10, precision: 0.8, recall: 0.8, f1: 0.8, mcc: 0.7, specificity: 0.98, threshold: 2, pr_auc: 0.7, roc_auc: 0.9, oracle_f1: 0.85, alerts_per_day: null, unseen_only: null, n_train: 1000, n_test: 500, at_own_threshold: null,
    alerts: 50, f1_interval: [0.7, 0.88], at_target_fpr: scored ? [{ target_fpr: 0.01, threshold: 1, validation_fpr: 0.01, alerts: 65, tp: 45, fp: 20, tn: 430, fn: 5, precision: 0.7, recall: 0.9, f1: 0.78, mcc: 0.7, specificity: 0.96 }] : null, ...more,
  } as unknown as ResultRow;
  const run = { rules: 'ask once', questions: 9, settled: 9, f1: 0.9, curve: [{ questions: 0, f1: 0.8, tp: 40, fp: 10, fn: 10 }, { questions: 9, f1: 0.9, tp: 40, fp: 3, fn: 5 }] };
  return {
    row,
    curves: {
      roc: [[0, 0], [0.02, 0.8], [1, 1]], pr: [[0.4, 1], [0.8, 0.8], [1, 0.1]], sweep: [{ threshold: 3, precision: null, recall: 0, f1: 0 }, { threshold: 2, precision: 0.8, recall: 0.8, f1: 0.8 }, { threshold: 0, precision: 0.1, recall: 1, f1: 0.18 }],
      histogram: { edges: [0, 1, 2, 3], normal: [400, 40, 10], abnormal: [5, 5, 40], scale: 'linear', beyond: null }, triage: { pattern_kind: `${HOSTILE} kind`, n_test: 500, f1_before: 0.8, runs: [run, { ...run, rules: 'frugal' }] },
      // 40 of the abnormal, 10 of the others.
      verdicts: packVerdicts({ flagged: bytes((i) => (i % 10 === 0 ? i < 400 : i <= 11)), abnormal: bytes((i) => i % 10 === 0), labelled: bytes(() => true) }),
    },
  };
}

export const DRIFT: DriftResult = {
  dataset: 'made-up', protocol: 'custom', unit: 'session', n: 100, n_test: 30, n_abnormal: 5, test_from: 0.7, validation_share: 0.1, target_fpr: 0.001, trained_until: 0.4,
  points: [0.1, 0.5].map((train_until) => ({ train_until, split_sha256: 'cd'.repeat(32), n_train: 100 * train_until, detectors: [{ detector: HOSTILE, f1: train_until, precision: 1, recall: 1, oracle_f1: 1 }] })),
  novelty: [0, 0.5].map((from) => ({ from, to: from + 0.5, sessions: 50, abnormal: 2, unseen: { key: from, 'event set': from, 'count vector': from, '2-gram': from } })),
  templates: [{ event: 1, text: HOSTILE, first: 0, sessions: 90, blocks: [1, 0.8] }, { event: 2, text: null, first: 0.6, sessions: 9, blocks: [0, 0.2] }], notes: [HOSTILE],
};
