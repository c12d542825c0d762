import { BGL } from './bgl.js';
import { HDFS } from './hdfs.js';
import type { Preset } from './preset.js';

export type { Preset } from './preset.js';

/** Hyperparameter files by data set. */
export const PRESETS: Readonly<Record<string, Preset>> = { hdfs: HDFS, bgl: BGL };

/** Those of a data set, named or part of its name (hdfs-raw); null where there are none. */
export function presetOf(dataset: string): Preset | null {
  return PRESETS[dataset.split('-')[0]] ?? null;
}
