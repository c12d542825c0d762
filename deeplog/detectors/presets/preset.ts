import type { LogAnomalyOptions } from '../deep/loganomaly/loganomaly.js';
import type { LogBertOptions } from '../deep/logbert/options.js';

/** Hyperparameters of a data set: what differs from the defaults, each with its source. */
export interface Preset {
  readonly logbert: Partial<LogBertOptions>;
  readonly loganomaly: Partial<LogAnomalyOptions>;
}
