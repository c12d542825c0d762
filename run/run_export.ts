// A trained model as files for other runtimes: ONNX, TensorFlow.js, Keras h5, with config.json and a model card.
//   npx deeplog export --model artifacts/log_key_model_result
//   npx deeplog export --model artifacts/log_key_model_result --formats onnx --output_path artifacts/export_onnx
//   npx deeplog export --model artifacts/autoencoder/detected
import { COMMON_OPTIONS, ENGINE_OPTIONS, EXPORT_FORMATS, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';
import { withEngine } from './with_engine.js';

export const EXPORT_OPTIONS = {
  model: { type: 'string', group: 'Input', default: 'artifacts/log_key_model_result', describe: 'folder of a trained model' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/export', describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished export in output_path' },
  formats: { type: 'strings', group: 'Output', default: EXPORT_FORMATS, choices: EXPORT_FORMATS, describe: 'formats to write; those that a network cannot have are left out, and named' },
  verify: { type: 'boolean', group: 'Check', default: true, describe: 'run every file in its runtime and compare it with the engine' },
  verify_input: { type: 'string', group: 'Check', describe: 'sessions to compare scores on; for what autoencoder train and detect wrote, a raw log (default: what it was trained from)' },
  verify_sessions: { type: 'integer', group: 'Check', default: 200, min: 1, describe: 'how many of them (sessions, windows or lines) to compare' },
  keras_python: { type: 'string', group: 'Check', describe: 'a Python that has Keras, to run the h5 files in; not checked without it' },
  name: { type: 'string', group: 'Model card', describe: 'name of the model (default: the detector)' },
  data_name: { type: 'string', group: 'Model card', describe: 'what it was trained on (default: the name of the input)' },
  licence: { type: 'string', group: 'Model card', describe: 'licence of the weights' },
  intended_use: { type: 'string', group: 'Model card', describe: 'what it is meant for' },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const exportStage: Stage = {
  command: 'export', group: 'Deploy',
  describe: 'write a trained model as ONNX, TensorFlow.js and Keras files',
  options: EXPORT_OPTIONS,
  examples: [['$0 export --model artifacts/log_key_model_result', 'every format, each checked']],
  async run(given) {
    const o = resolveOptions({ ...EXPORT_OPTIONS, ...COMMON_OPTIONS }, given);
    const { exportModel, FORMATS } = await import('../deeplog/export/index.js');
    const { openStagedAutoencoder } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const { detector, files, parity, notes } = await exportModel({
        model: o.model, outputPath: o.output_path, overwrite: o.overwrite, formats: FORMATS.filter((f) => o.formats.includes(f)), verify: o.verify, verifySessions: o.verify_sessions, flags: o,
        ...(o.keras_python === undefined ? {} : { kerasPython: o.keras_python }),
        ...(o.verify_input === undefined ? {} : { verifyInput: o.verify_input }), ...(o.name === undefined ? {} : { name: o.name }), ...(o.data_name === undefined ? {} : { dataName: o.data_name }),
        ...(o.licence === undefined ? {} : { licence: o.licence }), ...(o.intended_use === undefined ? {} : { intendedUse: o.intended_use }),
        openOther: openStagedAutoencoder, onProgress: (what) => console.say(what),
      }, () => Promise.resolve(engine));
      for (const [format, p] of Object.entries(parity)) {
        console.say(`${format.padEnd(11)} in ${p.runtime}: ${p.samples === null ? '' : `${p.samples} ${p.unit}s differ by ${p.largest_score_difference?.toExponential(1)} at most${p.largest_score_difference === 0 ? '' : ` (at ${+(p.at_score ?? 0).toPrecision(4)})`}; `}outputs by ${p.largest_output_difference.toExponential(1)}`);
      }
      for (const note of notes) console.warn(note);
      console.say(`${detector}: ${files.size} network${files.size === 1 ? '' : 's'} exported`);
      console.say(`written: ${o.output_path} (config.json, model_card.md, model_card.json${files.size === 0 ? '' : `, ${Object.values([...files.values()][0] ?? {}).join(', ')}${files.size > 1 ? ', …' : ''}`})`);
    }, { quietly: true });
  },
};

runIfMain(import.meta.url, exportStage);
