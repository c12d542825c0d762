// Train DeepLog's parameter-value model: predict each event's numbers and its elapsed time from those before it, and judge the test part.
//   npx deeplog parameters --input_file artifacts/drain_result        (every event with numbers, side by side)
//   npx deeplog parameters --input_file matrix.json                   (one matrix: {"data": [[…], …]})
import { COMMON_OPTIONS, ENGINE_OPTIONS, EXPORT_FORMATS, FORMAT_OPTIONS, formatCount, formatSeconds, invocation, resolveRunOptions, RUN_OPTIONS, runIfMain, StageConsole, withRun, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';
import { withEngine } from './with_engine.js';

export const PARAMETERS_OPTIONS = {
  input_file: { type: 'string', group: 'Data', default: 'artifacts/drain_result', describe: 'drain_result folder or its events.arrow, or a .json file {"data": [[…], …]} with one row of numbers per occurrence' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/log_par_model_result', describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished model in output_path' },
  train_ratio: { type: 'number', group: 'Data', default: 0.5, min: 0, max: 1, exclusive: true, describe: 'training ends at this share of the rows' },
  val_ratio: { type: 'number', group: 'Data', default: 0.75, min: 0, max: 1, exclusive: true, describe: 'validation ends at this share; the rest is test' },
  train_on: { type: 'string', group: 'Data', default: 'normal', choices: ['normal', 'all'], describe: 'leave rows of labelled anomalies out of training and validation, or not' },
  min_rows: { type: 'integer', group: 'Data', default: 100, min: 2, describe: 'events with fewer training rows get no model' },
  max_rows: { type: 'integer', group: 'Data', default: 20000, min: 100, describe: 'of more training rows of an event the latest so many are used' },
  window_size: { type: 'integer', group: 'Model', default: 5, min: 1, max: 1000, describe: 'rows that predict the next one' },
  LSTM_units: { type: 'integer', group: 'Model', default: 64, min: 1, max: 4096, describe: 'units per LSTM layer' },
  dropout: { type: 'number', group: 'Model', default: 0.2, min: 0, max: 0.9, describe: 'share of units left out after each LSTM while training' },
  alpha: { type: 'number', group: 'Model', default: 0.95, min: 0, max: 1, exclusive: true, describe: 'share of validation errors inside the interval; only errors above it count' },
  target_fpr: { type: 'number', group: 'Evaluation', default: 0.001, min: 0, max: 0.5, describe: 'share of validation rows above the threshold that detect and diagnose use (alpha bounds single rows, and lets 2.5 % through)' },
  batch_size: { type: 'integer', group: 'Training', default: 16, min: 1, max: 65536, describe: 'rows per event and step; more where an epoch would take over 100 steps' },
  max_epochs: { type: 'integer', group: 'Training', default: 100, min: 1, describe: 'epochs at most' },
  early_stop: { type: 'integer', group: 'Training', default: 7, min: 1, describe: 'epochs without a better validation loss of any event before stopping' },
  learning_rate: { type: 'number', group: 'Training', default: 0.001, min: 0, max: 1, exclusive: true, describe: "Adam's learning rate" },
  ...FORMAT_OPTIONS,
  ...ENGINE_OPTIONS,
  ...RUN_OPTIONS,
} as const satisfies OptionSpecs;

export const parametersStage: Stage = {
  command: 'parameters', group: 'Train',
  describe: "train DeepLog's parameter-value model",
  options: PARAMETERS_OPTIONS,
  examples: [['$0 parameters --input_file artifacts/drain_result', 'every event with numbers']],
  async run(given) {
    const o = await resolveRunOptions('parameters', { ...PARAMETERS_OPTIONS, ...COMMON_OPTIONS }, given);
    const { UsageError } = await import('../deeplog/common/index.js');
    if (o.val_ratio <= o.train_ratio) throw new UsageError(`--train_ratio ${o.train_ratio} and --val_ratio ${o.val_ratio} are cumulative boundaries: 0 < train_ratio < val_ratio < 1, e.g. 0.5 and 0.75.`);
    const { trainParameters } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const { detector, results, threshold, columnNotes, seconds } = await withRun({ stage: 'parameters', specs: PARAMETERS_OPTIONS, options: o, console, engine }, (run) => trainParameters({
        inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, trainRatio: o.train_ratio, valRatio: o.val_ratio, trainOn: o.train_on === 'all' ? 'all' : 'normal', targetFpr: o.target_fpr, seed: o.seed,
        model: { windowSize: o.window_size, units: o.LSTM_units, dropout: o.dropout, batchSize: o.batch_size, learningRate: o.learning_rate, maxEpochs: o.max_epochs, earlyStop: o.early_stop, minRows: o.min_rows, maxRows: o.max_rows, alpha: o.alpha },
        formats: EXPORT_FORMATS.filter((f) => o.formats.includes(f)), flags: o, onData: (what) => console.say(`parameters: ${what}`),
      }, engine, run.report, run.signal));
      console.clear();
      for (const note of columnNotes) console.say(note);
      if (detector.skipped.length > 0) console.say(`without a model: ${detector.skipped.map((s) => `event ${s.key} (${s.why})`).join('; ')}`);
      console.say(`trained ${results.length} model${results.length === 1 ? '' : 's'} side by side in ${formatSeconds(seconds)}`);
      const percent = (x: number | null): string => (x === null ? '–' : `${(100 * x).toFixed(2)} %`);
      for (const r of results) console.say(`  ${r.name.padEnd(9)} · test ${formatCount(r.test_rows)} rows · error ${r.test_error.toPrecision(3)} (predicting the mean: ${r.mean_error.toPrecision(3)}) · bound ${r.bound.toPrecision(3)} · above it ${percent(r.share_above.all)}${r.share_above.abnormal === null ? '' : ` (normal ${percent(r.share_above.normal)}, abnormal ${percent(r.share_above.abnormal)})`}`);
      console.say(`threshold for sessions: ${threshold.toPrecision(4)} deviations, above which at most ${100 * o.target_fpr} % of the validation rows are`);
      console.say(`written: ${o.output_path} (model.safetensors, ${o.formats.join(', ')}, config.json, errors.svg, columns.csv, metrics.json)`);
      if (!o.input_file.endsWith('.json')) console.say(`next: ${invocation('diagnose')} --parameters ${o.output_path} --input_file ${o.input_file} --worst 3`);
    });
  },
};

runIfMain(import.meta.url, parametersStage);
