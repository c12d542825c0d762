import type { Preset } from './preset.js';

/** HDFS: sessions of one block, some 20 events of 30 templates. */
export const HDFS: Preset = {
  // HDFS/logbert.py of the authors' code: mask_ratio, num_candidates.
  logbert: { maskRatio: 0.65, topG: 6 },
  loganomaly: {},
};
