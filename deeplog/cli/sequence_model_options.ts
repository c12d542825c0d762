import type { OptionSpecs, Values } from './options.js';

const TRAINING = {
  batch_size: { type: 'integer', group: 'Training', default: 128, min: 1, max: 65536, describe: 'examples per step' },
  learning_rate: { type: 'number', group: 'Training', default: 0.001, min: 0, max: 1, exclusive: true, describe: "Adam's learning rate, at its highest" },
  max_epochs: { type: 'integer', group: 'Training', default: 100, min: 1, describe: 'epochs at most' },
  early_stop: { type: 'integer', group: 'Training', default: 7, min: 1, describe: 'epochs without a better validation loss before stopping' },
} as const satisfies OptionSpecs;

/** A data set's hyperparameters in place of the defaults; a flag or --config wins over them. */
export const PRESET_OPTION = {
  preset: { type: 'string', group: 'Model', choices: ['hdfs', 'bgl'], describe: "this data set's hyperparameters (deeplog/detectors/presets)" },
} as const satisfies OptionSpecs;

/** Flags of LogBERT's network and training. */
export const LOGBERT_MODEL_OPTIONS = {
  hidden: { type: 'integer', group: 'Model', default: 256, min: 1, max: 4096, describe: 'width; 64 with 2 layers trains in a minute or two on two cores' },
  layers: { type: 'integer', group: 'Model', default: 4, min: 1, max: 48, describe: 'layers of the encoder' },
  heads: { type: 'integer', group: 'Model', default: 4, min: 1, max: 64, describe: 'attention heads' },
  dropout: { type: 'number', group: 'Model', default: 0.1, min: 0, max: 0.9, describe: 'share dropped after the embedding and each half layer, in training' },
  alpha: { type: 'number', group: 'Model', default: 0.1, min: 0, describe: 'weight of the hypersphere loss' },
  mask_ratio: { type: 'number', group: 'Model', default: 0.65, min: 0.01, max: 1, describe: "share of a session's keys masked at a time" },
  passes: { type: 'integer', group: 'Model', default: 4, min: 1, max: 1000, describe: 'times a session is read with other masks when scored; they cover every position' },
  top_g: { type: 'integer', group: 'Model', default: 6, min: 1, describe: 'a masked key is missed when not among this many most likely' },
  max_length: { type: 'integer', group: 'Model', default: 512, min: 2, max: 4096, describe: 'keys read at once, and one more; longer sessions are cut into chunks' },
  ...TRAINING,
  batch_size: { ...TRAINING.batch_size, default: 32 },
  warmup_steps: { type: 'integer', group: 'Training', default: 500, min: 1, describe: 'updates until the learning rate is reached; it falls as 1/√step after' },
  max_epochs: { ...TRAINING.max_epochs, default: 200 },
  max_steps: { type: 'integer', group: 'Training', default: 8000, min: 1, describe: 'updates at most, to the end of the epoch in which they are reached' },
  early_stop: { ...TRAINING.early_stop, default: 10 },
} as const satisfies OptionSpecs;

/** Flags of LogAnomaly's network and training. */
export const LOGANOMALY_MODEL_OPTIONS = {
  window_size: { type: 'integer', group: 'Model', default: 10, min: 1, max: 1000, describe: 'keys that predict the next one' },
  min_length: { type: 'integer', group: 'Model', default: 1, min: 1, describe: 'shorter sessions are not trained on (every session is scored)' },
  units: { type: 'integer', group: 'Model', default: 128, min: 1, max: 4096, describe: 'units of each of the two LSTMs' },
  vectors_file: { type: 'string', group: 'Model', describe: 'word vectors (.vec, text); default: skip-gram on the training templates' },
  dimensions: { type: 'integer', group: 'Model', default: 100, min: 1, max: 4096, describe: 'length of the word vectors trained here' },
  match_similarity: { type: 'number', group: 'Model', default: 0.95, min: 0, max: 2, describe: 'a new template is read as the nearest known one from this similarity on; above 1: never' },
  predict_end: { type: 'boolean', group: 'Model', default: true, describe: 'predict where a session ends, too (not for windows)' },
  score: { type: 'string', group: 'Model', default: 'rank', choices: ['rank', 'nll'], describe: "a session's score: worst rank of a key, or worst −log p" },
  ...TRAINING,
} as const satisfies OptionSpecs;

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type Settings<S extends OptionSpecs> = { -readonly [K in keyof S & string as Camel<K>]: Values<S>[K] };

/** The flags of a table as a detector names them: mask_ratio is its maskRatio. Those without a value are left out. */
export function settingsOf<S extends OptionSpecs>(specs: S, values: Values<S>): Settings<S> {
  const entries = Object.keys(specs).filter((name) => values[name] !== undefined).map((name) => [name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()), values[name]] as const);
  return Object.fromEntries(entries) as Settings<S>;
}

/** A detector's settings as flags. */
export function flagsOf(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]));
}
