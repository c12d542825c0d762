// A key model that the original DeepLog trainer, or any Keras of the same kind, wrote as h5 → a model folder for detect, export and serve.
//   npx deeplog import --input_file log_key_model.h5 --vocabulary vocabulary.json
import { COMMON_OPTIONS, invocation, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

export const IMPORT_OPTIONS = {
  input_file: { type: 'string', group: 'Input', required: true, describe: "h5 file of Keras' save (or save_weights): one-hot, LSTMs, dense layers, softmax" },
  vocabulary: { type: 'string', group: 'Input', required: true, describe: 'JSON list of event ids in the order of the tokens after padding, unknown and end' },
  window_size: { type: 'integer', group: 'Input', min: 1, max: 1000, describe: 'keys of a window; only for a file of weights alone, which does not say' },
  gates: { type: 'string', group: 'Input', choices: ['hard_sigmoid', 'sigmoid'], describe: "the LSTMs' gates; only for a file of weights alone (Keras before 2.3: hard_sigmoid, later: sigmoid)" },
  windows: { type: 'string', group: 'Scoring', default: 'trainer', choices: ['trainer', 'deeplog'], describe: "how the network was fed: the original trainer's way (keys, END, padding) or the keys before, padded in front" },
  g: { type: 'integer', group: 'Scoring', default: 9, min: 1, describe: 'a key is abnormal when it is not among this many most likely ones; detect --recalibrate takes it anew' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/imported_model', describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished model in output_path' },
} as const satisfies OptionSpecs;

export const importStage: Stage = {
  command: 'import', group: 'Deploy',
  describe: 'make a model folder of a Keras h5 key model',
  options: IMPORT_OPTIONS,
  examples: [['$0 import --input_file log_key_model.h5 --vocabulary vocabulary.json', 'a model of the original trainer']],
  async run(given) {
    const o = resolveOptions({ ...IMPORT_OPTIONS, ...COMMON_OPTIONS }, given);
    const { importKeras } = await import('../deeplog/export/index.js');
    const console = new StageConsole(o.quiet);
    const { kerasVersion, layers, windowSize, tokens } = await importKeras({
      file: o.input_file, vocabulary: o.vocabulary, outputPath: o.output_path, overwrite: o.overwrite, windows: o.windows === 'deeplog' ? 'deeplog' : 'trainer', g: o.g, flags: o,
      ...(o.window_size === undefined ? {} : { windowSize: o.window_size }), ...(o.gates === undefined ? {} : { gates: o.gates === 'sigmoid' ? 'sigmoid' : 'hard_sigmoid' }),
    });
    console.say(`read ${o.input_file}${kerasVersion === null ? '' : ` (Keras ${kerasVersion})`}: windows of ${windowSize}, ${tokens} tokens, ${layers.join(' → ')}`);
    console.say(`written: ${o.output_path} (model.safetensors, config.json)`);
    console.say(`next: ${invocation('detect')} --model ${o.output_path} --input_file <sessions with the same event ids> --recalibrate`);
  },
};

runIfMain(import.meta.url, importStage);
