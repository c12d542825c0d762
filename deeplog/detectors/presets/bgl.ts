import type { Preset } from './preset.js';

/** BGL: windows of 20 lines, some 370 templates. */
export const BGL: Preset = {
  // BGL/logbert.py of the authors' code: mask_ratio, num_candidates. Windows are many: larger batches, and epochs of hundreds of steps.
  logbert: { maskRatio: 0.5, topG: 15, batchSize: 64, warmupSteps: 1000 },
  loganomaly: { batchSize: 512 },
};
