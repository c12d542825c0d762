// Train DeepLog's log-key model on parsed sessions, set g on validation normals, judge the test part.
//   npx deeplog log-key --input_file artifacts/drain_result
//   npx deeplog log-key --input_file artifacts/drain_result --preset paper --max_epochs 3      (a quick look)
import { COMMON_OPTIONS, ENGINE_OPTIONS, EXPORT_FORMATS, FORMAT_OPTIONS, formatCount, formatSeconds, invocation, LOG_KEY_MODEL_OPTIONS, logKeyOptions, resolveRunOptions, RUN_OPTIONS, runIfMain, SPLIT_OPTIONS, StageConsole, withRun, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';
import { withEngine } from './with_engine.js';

export const LOG_KEY_OPTIONS = {
  input_file: { type: 'string', group: 'Data', default: 'artifacts/drain_result', describe: 'drain_result folder, sessions.arrow, data.json, or a file of event ids per session' },
  label_file: { type: 'string', group: 'Data', describe: '0 or 1 per session, for a file of event ids' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/log_key_model_result', describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished model in output_path' },
  ...SPLIT_OPTIONS,
  ...LOG_KEY_MODEL_OPTIONS,
  ...FORMAT_OPTIONS,
  ...ENGINE_OPTIONS,
  ...RUN_OPTIONS,
} as const satisfies OptionSpecs;

export const logKeyStage: Stage = {
  command: 'log-key', group: 'Train',
  describe: "train DeepLog's log-key model",
  options: LOG_KEY_OPTIONS,
  examples: [['$0 log-key --input_file artifacts/drain_result', 'train on the result of drain']],
  async run(given) {
    const o = await resolveRunOptions('log-key', { ...LOG_KEY_OPTIONS, ...COMMON_OPTIONS }, given);
    const { trainLogKey } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const { task, detector, evaluation: e, hitAtK, alerts, warnings } = await withRun({ stage: 'log-key', specs: LOG_KEY_OPTIONS, options: o, console, engine }, (run) => trainLogKey({
        inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, trainRatio: o.train_ratio, valRatio: o.val_ratio,
        order: o.split === 'random' ? 'random' : 'chronological', trainOn: o.train_on === 'all' ? 'all' : 'normal', targetFpr: o.target_fpr, seed: o.seed, model: logKeyOptions(o), formats: EXPORT_FORMATS.filter((f) => o.formats.includes(f)), flags: o,
        ...(o.label_file === undefined ? {} : { labelFile: o.label_file }),
        onData: (_, t) => console.say(`log-key: ${formatCount(t.table.size)} sessions, ${formatCount(t.table.distinct)} distinct; split ${t.split.sha256.slice(0, 12)}`),
      }, engine, run.report, run.signal));
      console.clear();
      const t = detector.training;
      console.say(`trained in ${formatSeconds(t?.seconds ?? 0)}: best epoch ${t?.bestEpoch}, val_loss ${t?.bestLoss.toFixed(5)}, ${t?.stopped === 'early' ? 'stopped early' : 'all epochs run'}; ${detector.vocabularySize - 3} known keys`);
      console.say(`hit@K on validation: ${[1, 3, 5, 9].map((k) => `${k}: ${(100 * hitAtK[k - 1]).toFixed(2)} %`).join(', ')}`);
      console.say(`${o.score === 'rank' ? 'g' : 'threshold'} = ${+e.threshold.toPrecision(5)} from validation ${task.table.labelled ? 'normals' : `${task.unit}s, all taken for normal,`} at ${100 * o.target_fpr} % false alarms`);
      const percent = (x: number | null): string => (x === null ? '–' : x.toFixed(3));
      if (e.labelled) console.say(`test: ${formatCount(e.n_test)} ${task.unit}s, F1 ${percent(e.f1)} (precision ${percent(e.precision)}, recall ${percent(e.recall)}); at 1 % ${percent(e.at_target_fpr?.at(-1)?.f1 ?? null)}; oracle ${percent(e.oracle_f1)}`);
      else console.say(`test: ${formatCount(alerts)} of ${formatCount(e.n_test)} ${task.unit}s are above it${alerts === 0 ? '' : `; see which: ${invocation('detect')} --model ${o.output_path} --input_file <the log>`}`);
      for (const w of warnings) console.warn(w);
      console.say(`written: ${o.output_path} (model.safetensors, ${o.formats.join(', ')}, config.json, metrics.json)`);
      console.say(`next: ${invocation('detect')} --model ${o.output_path} --input_file <new log>\n      ${invocation('benchmark')} --protocol custom --input_file ${o.input_file} --model ${o.output_path}`);
    });
  },
};

runIfMain(import.meta.url, logKeyStage);
