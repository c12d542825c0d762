import { UsageError } from '../../../common/index.js';

export interface LogBertOptions {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly dropout: number;
  /** Weight of the hypersphere loss. */
  readonly alpha: number;
  /** Share of a session's keys that is masked at a time. */
  readonly maskRatio: number;
  /** Times a session is read with other masks when it is scored; together they cover every position. */
  readonly passes: number;
  /** A masked key is missed when it is not among this many most likely ones. */
  readonly topG: number;
  /** DIST and keys that are encoded at once; longer sessions are cut into chunks. */
  readonly maxLength: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Updates until the learning rate is reached; after that it falls as 1/√step. */
  readonly warmupSteps: number;
  readonly maxEpochs: number;
  /** Updates at most, to the end of the epoch in which they are reached: large sets need fewer epochs. */
  readonly maxSteps: number;
  readonly earlyStop: number;
  /** A session's score: how unusual its share of missed keys is, its distance to the centre, or the more unusual of the two. */
  readonly score: LogBertScore;
}

export type LogBertScore = 'both' | 'missed' | 'distance';

/** The authors' settings for HDFS (HDFS/logbert.py), but for what docs/detectors.md lists. */
export const LOGBERT_DEFAULTS: LogBertOptions = {
  hidden: 256, layers: 4, heads: 4, dropout: 0.1, alpha: 0.1, maskRatio: 0.65, passes: 4, topG: 6, maxLength: 512,
  batchSize: 32, learningRate: 1e-3, warmupSteps: 500, maxEpochs: 200, maxSteps: 8000, earlyStop: 10, score: 'both',
};

/** @throws UsageError naming the settings that do not go together. */
export function checkLogBertOptions(o: LogBertOptions): void {
  if (o.hidden % o.heads !== 0) throw new UsageError(`--hidden ${o.hidden} does not divide into --heads ${o.heads}: choose a multiple.`);
  if (o.passes * o.maskRatio < 1) throw new UsageError(`--passes ${o.passes} with --mask_ratio ${o.maskRatio} cannot mask every position: give ${Math.ceil(1 / o.maskRatio)} passes or more.`);
}

/** config.json of a saved detector; `radius` is missing in those saved before sessions had clusters. */
export interface SavedLogBert {
  readonly detector?: string;
  readonly model?: string;
  readonly options: Partial<LogBertOptions>;
  readonly mask_seed: number;
  readonly vocabulary: number[];
  readonly radius?: number | null;
  readonly calibrations: { readonly missed: { total: number; highest: number[] }; readonly distance: { total: number; highest: number[] } };
}
