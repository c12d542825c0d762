import type { OptionSpecs } from './options.js';

/** Flags of every stage that trains or scores with a network. */
export const ENGINE_OPTIONS = {
  engine: { type: 'string', group: 'Engine', default: 'auto', choices: ['auto', 'onnx', 'webgpu', 'eager'], describe: 'what runs the network; auto: a GPU when there is one, else onnx' },
  backend: { type: 'string', group: 'Engine', choices: ['wasm', 'cpu', 'tensorflow'], describe: 'TensorFlow.js backend of the eager engine' },
  threads: { type: 'integer', group: 'Engine', min: 1, max: 256, describe: 'CPU threads' },
  seed: { type: 'integer', group: 'Engine', default: 1, min: 0, max: 2147483647, describe: 'seed of weights, shuffles and random splits' },
} as const satisfies OptionSpecs;

/** Flags of DeepLog's log-key network, shared by `log-key` and `benchmark`. */
export const LOG_KEY_MODEL_OPTIONS = {
  preset: { type: 'string', group: 'Model', default: 'trainer', choices: ['trainer', 'paper'], describe: "network: the DeepLog trainer's (two dense layers) or the paper's" },
  window_size: { type: 'integer', group: 'Model', default: 10, min: 1, max: 1000, describe: 'keys that predict the next one' },
  min_length: { type: 'integer', group: 'Model', default: 4, min: 1, describe: 'shorter sessions are not trained on (every session is scored)' },
  LSTM_units: { type: 'integer', group: 'Model', default: 64, min: 1, max: 4096, describe: 'units per LSTM layer' },
  predict_end: { type: 'boolean', group: 'Model', default: true, describe: 'predict where a session ends, too (not for windows)' },
  score: { type: 'string', group: 'Model', default: 'rank', choices: ['rank', 'nll'], describe: "a session's score: worst rank of a key, or worst −log p" },
  batch_size: { type: 'integer', group: 'Training', default: 512, min: 1, max: 65536, describe: 'windows per step' },
  max_epochs: { type: 'integer', group: 'Training', default: 50, min: 1, describe: 'epochs at most' },
  early_stop: { type: 'integer', group: 'Training', default: 7, min: 1, describe: 'epochs without a better validation loss before stopping' },
  learning_rate: { type: 'number', group: 'Training', default: 0.001, min: 0, max: 1, exclusive: true, describe: "Adam's learning rate" },
} as const satisfies OptionSpecs;

/** Size of LogBERT's network. */
export const LOGBERT_SIZE_OPTION = {
  logbert_size: { type: 'string', group: 'Model', default: 'authors', choices: ['authors', 'small'], describe: "LogBERT's network: the authors' (hidden 256, 4 layers), or one that two CPU cores train in a minute or two (64, 2)" },
} as const satisfies OptionSpecs;

/** The size as the detector takes it. */
export function logBertSize(f: { readonly logbert_size: string }): { hidden?: number; layers?: number } {
  return f.logbert_size === 'small' ? { hidden: 64, layers: 2 } : {};
}

/** Flags that say how sessions are split and judged. */
export const SPLIT_OPTIONS = {
  train_ratio: { type: 'number', group: 'Data', default: 0.7, min: 0, max: 1, exclusive: true, describe: 'training ends at this share of the sessions' },
  val_ratio: { type: 'number', group: 'Data', default: 0.85, min: 0, max: 1, exclusive: true, describe: 'validation ends at this share; the rest is test' },
  split: { type: 'string', group: 'Data', default: 'chronological', choices: ['chronological', 'random'], describe: 'order in which sessions are split' },
  train_on: { type: 'string', group: 'Data', default: 'normal', choices: ['normal', 'all'], describe: 'leave labelled anomalies out of training and validation, or not' },
  target_fpr: { type: 'number', group: 'Evaluation', default: 0.001, min: 0, max: 0.5, describe: 'false-alarm rate on validation normals that sets the threshold; 1 % is shown beside it' },
} as const satisfies OptionSpecs;

/** As `FORMATS` of deeplog/export, which --help must not wait for. */
export const EXPORT_FORMATS = ['onnx', 'tfjs-layers', 'tfjs-graph', 'h5'] as const;

/** Flag of the stages that write a network for other runtimes beside its weights. */
export const FORMAT_OPTIONS = {
  formats: { type: 'strings', group: 'Output', default: EXPORT_FORMATS, choices: [...EXPORT_FORMATS, 'none'], describe: 'files for other runtimes to write beside the weights' },
} as const satisfies OptionSpecs;

interface ModelFlags {
  readonly preset: string;
  readonly window_size: number;
  readonly min_length: number;
  readonly LSTM_units: number;
  readonly predict_end: boolean;
  readonly score: string;
  readonly batch_size: number;
  readonly max_epochs: number;
  readonly early_stop: number;
  readonly learning_rate: number;
}

/** The flags as the detector takes them. */
export function logKeyOptions(f: ModelFlags): {
  preset: 'trainer' | 'paper'; windowSize: number; minLength: number; units: number; batchSize: number; learningRate: number; maxEpochs: number; earlyStop: number; predictEnd: boolean; score: 'rank' | 'nll';
} {
  return {
    preset: f.preset === 'paper' ? 'paper' : 'trainer', windowSize: f.window_size, minLength: f.min_length, units: f.LSTM_units, batchSize: f.batch_size,
    learningRate: f.learning_rate, maxEpochs: f.max_epochs, earlyStop: f.early_stop, predictEnd: f.predict_end, score: f.score === 'nll' ? 'nll' : 'rank',
  };
}

interface EngineFlags {
  readonly engine: string;
  readonly backend?: string;
  readonly threads?: number;
}

/** The flags as createEngine takes them. */
export function engineOptions(f: EngineFlags): { engine: 'auto' | 'onnx' | 'webgpu' | 'eager'; backend?: 'cpu' | 'wasm' | 'tensorflow'; threads?: number; onFallback(why: string): void } {
  return {
    engine: f.engine as 'auto' | 'onnx' | 'webgpu' | 'eager',
    ...(f.backend === undefined ? {} : { backend: f.backend as 'cpu' | 'wasm' | 'tensorflow' }),
    ...(f.threads === undefined ? {} : { threads: f.threads }),
    onFallback: (why) => process.stderr.write(`warning: ${why}\n`),
  };
}

export function describeEngine(info: { engine: string; backend: string; device: string; threads: number }): string {
  return `engine: ${info.engine} (${info.backend}) on ${info.device}, ${info.threads} thread${info.threads === 1 ? '' : 's'}`;
}
