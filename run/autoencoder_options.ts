import { ENGINE_OPTIONS, RUN_OPTIONS, type OptionSpecs } from '../deeplog/cli/index.js';

// The flags of each step of `autoencoder`.

const LOG = { input_file: { type: 'string', group: 'Data', required: true, describe: 'the raw log: a file, .gz, .zst, or a pattern for several' } } as const satisfies OptionSpecs;
const LABELS = { label_file: { type: 'string', group: 'Data', describe: '0 or 1 per line of the log, or pattern:<regular expression> that abnormal lines match (BGL: "pattern:^[^-]")' } } as const satisfies OptionSpecs;
const output = (folder: string) => ({
  output_path: { type: 'string', group: 'Output', default: `artifacts/autoencoder/${folder}`, describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished result in output_path' },
}) as const satisfies OptionSpecs;
const TRAINING = {
  max_epochs: { type: 'integer', group: 'Training', default: 40, min: 1, describe: 'epochs at most' },
  early_stop: { type: 'integer', group: 'Training', default: 5, min: 1, describe: 'epochs without a better validation loss before stopping' },
} as const satisfies OptionSpecs;

export const PREPARE_OPTIONS = {
  ...LOG, ...LABELS, ...output('prepared'),
  train_ratio: { type: 'number', group: 'Data', default: 0.7, min: 0, max: 1, exclusive: true, describe: 'training ends at this share of the lines' },
  val_ratio: { type: 'number', group: 'Data', default: 0.85, min: 0, max: 1, exclusive: true, describe: 'validation ends at this share; the rest is test' },
  min_word_freq: { type: 'integer', group: 'Words', default: 10, min: 1, describe: 'rarer words and characters are one unknown token' },
  max_length: { type: 'integer', group: 'Words', default: 200, min: 2, max: 2000, describe: 'tokens of a line at most; the rest is cut off' },
  digits: { type: 'string', group: 'Words', default: 'run', choices: ['run', 'same', 'each'], describe: 'a run of digits is one token whatever its length, or each digit one, all the same or (the paper) each its own' },
  max_kinds: { type: 'integer', group: 'Words', default: 100_000, min: 1, describe: 'kinds of training lines at most' },
} as const satisfies OptionSpecs;

export const TRAIN_OPTIONS = {
  input: { type: 'string', group: 'Data', default: 'artifacts/autoencoder/prepared', describe: 'what prepare wrote' }, ...output('model'),
  embedding: { type: 'integer', group: 'Model', default: 100, min: 1, max: 4096, describe: 'width of a token' },
  latent: { type: 'integer', group: 'Model', default: 50, min: 1, max: 4096, describe: "width of a line's vector" },
  pooling: { type: 'string', group: 'Model', default: 'max', choices: ['max', 'last'], describe: "a line's vector: the largest value of each number of the encoder's states, or (the paper) the last state" },
  dropout: { type: 'number', group: 'Model', default: 0.2, min: 0, max: 0.9, describe: 'share of the words that the decoder is not shown' },
  buckets: { type: 'integer', group: 'Model', default: 3, min: 1, max: 16, describe: 'lengths that lines are padded to, at most' },
  batch_size: { type: 'integer', group: 'Training', default: 64, min: 1, max: 65536, describe: 'lines per step' },
  learning_rate: { type: 'number', group: 'Training', default: 0.005, min: 0, max: 1, exclusive: true, describe: "Adam's learning rate" },
  weighting: { type: 'string', group: 'Training', default: 'log', choices: ['log', 'count'], describe: 'a kind of line that occurs n times counts 1 + ln n times, or (the paper) n times' },
  clip: { type: 'number', group: 'Training', default: 1, min: 0, exclusive: true, describe: 'global norm that gradients are scaled down to' },
  ...TRAINING, ...ENGINE_OPTIONS, ...RUN_OPTIONS,
} as const satisfies OptionSpecs;

export const ENCODE_OPTIONS = {
  ...LOG, model: { type: 'string', group: 'Data', default: 'artifacts/autoencoder/model', describe: 'what train wrote' }, ...output('encoded'),
  time_format: { type: 'string', group: 'Data', describe: "strptime format of the time that each line begins with, e.g. '%y%m%d %H%M%S'; adds the time of day" },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const DETECT_OPTIONS = {
  input: { type: 'string', group: 'Data', default: 'artifacts/autoencoder/encoded', describe: 'what encode wrote' }, ...LABELS, ...output('detected'),
  window_size: { type: 'integer', group: 'Model', default: 20, min: 1, max: 1000, describe: 'lines of a window' },
  stride: { type: 'integer', group: 'Model', default: 10, min: 1, describe: 'lines from one window to the next' },
  units: { type: 'integer', group: 'Model', default: 32, min: 1, max: 4096, describe: 'units of each direction' },
  code: { type: 'integer', group: 'Model', default: 16, min: 1, max: 4096, describe: "width of a window's vector" },
  scaling: { type: 'string', group: 'Model', default: 'whitened', choices: ['whitened', 'each'], describe: "vectors are scaled along their principal axes over the kinds of training lines, or number by number over the lines" },
  score: { type: 'string', group: 'Model', default: 'window', choices: ['window', 'line'], describe: "a window's score: the mean error of its lines, or the worst" },
  max_windows: { type: 'integer', group: 'Training', default: 20_000, min: 1, describe: 'training windows at most, drawn at random' },
  batch_size: { type: 'integer', group: 'Training', default: 128, min: 1, max: 65536, describe: 'windows per step' },
  learning_rate: { type: 'number', group: 'Training', default: 0.005, min: 0, max: 1, exclusive: true, describe: "Adam's learning rate" },
  clip: { type: 'number', group: 'Training', default: 1, min: 0, exclusive: true, describe: 'global norm that gradients are scaled down to' },
  target_fpr: { type: 'number', group: 'Evaluation', default: 0.001, min: 0, max: 0.5, describe: 'share of validation windows above the threshold' },
  ...TRAINING,
  max_epochs: { ...TRAINING.max_epochs, default: 80 }, early_stop: { ...TRAINING.early_stop, default: 10 },
  ...ENGINE_OPTIONS, ...RUN_OPTIONS,
} as const satisfies OptionSpecs;

export const APPLY_OPTIONS = {
  ...LOG, model: { type: 'string', group: 'Data', default: 'artifacts/autoencoder/detected', describe: 'what detect wrote' },
  encoder: { type: 'string', group: 'Data', describe: 'what train wrote (default: the folder that encode used)' }, ...output('applied'),
  time_format: { type: 'string', group: 'Data', describe: 'strptime format of the time that each line begins with (default: the one that encode was given)' },
  top: { type: 'integer', group: 'Output', default: 10, min: 0, max: 1000, describe: 'highest windows above the threshold to show' },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const EVALUATE_OPTIONS = {
  input: { type: 'string', group: 'Data', default: 'artifacts/autoencoder/detected', describe: 'what detect, or apply, wrote' }, ...LABELS, ...output('evaluation'),
  top: { type: 'integer', group: 'Output', default: 10, min: 1, max: 1000, describe: 'highest windows to show' },
} as const satisfies OptionSpecs;
