// The text autoencoder and the recurrent detector over windows of lines (Bursic et al. 2019): from a raw log, without a parser.
//   npx deeplog autoencoder prepare --input_file HDFS.log
//   npx deeplog autoencoder train
//   npx deeplog autoencoder encode --input_file HDFS.log --time_format '%y%m%d %H%M%S'
//   npx deeplog autoencoder detect
//   npx deeplog autoencoder evaluate --label_file lines.txt
//   npx deeplog autoencoder apply --input_file tomorrow.log
import { COMMON_OPTIONS, formatCount, formatSeconds, invocation, resolveOptions, resolveRunOptions, runIfMain, StageConsole, withRun, type Stage, type StageGroup } from '../deeplog/cli/index.js';
import { APPLY_OPTIONS, DETECT_OPTIONS, ENCODE_OPTIONS, EVALUATE_OPTIONS, PREPARE_OPTIONS, TRAIN_OPTIONS } from './autoencoder_options.js';
import { withEngine } from './with_engine.js';

const prepare: Stage = {
  command: 'prepare', describe: 'count words, make the vocabulary, gather the kinds of lines', options: PREPARE_OPTIONS,
  examples: [['$0 autoencoder prepare --input_file app.log', 'defaults'], ["$0 autoencoder prepare --input_file BGL.log --label_file 'pattern:^[^-]'", 'lines that do not begin with "-" are abnormal']],
  async run(given) {
    const o = resolveOptions({ ...PREPARE_OPTIONS, ...COMMON_OPTIONS }, given);
    const { prepareLines } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    const p = await prepareLines({
      inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, minWordFrequency: o.min_word_freq, longest: o.max_length, digits: o.digits === 'each' || o.digits === 'same' ? o.digits : 'run', trainRatio: o.train_ratio, valRatio: o.val_ratio,
      maxKinds: o.max_kinds, flags: o, ...(o.label_file === undefined ? {} : { labelFile: o.label_file }), onProgress: (what, lines, of) => console.progress(what, lines, of, `${formatCount(lines)} of ${formatCount(of)} lines`),
    });
    console.clear();
    console.say(`prepare: ${formatCount(p.lines)} lines, ${formatCount(p.trainLines)} to train on and ${formatCount(p.validationLines)} to validate; vocabulary ${p.vocabularySize} of ${formatCount(p.tokensSeen)} words and characters`);
    console.say(`kinds of lines: ${formatCount(p.trainKinds)} in training, ${formatCount(p.validationKinds)} in validation`);
    if (p.abnormalLeftOut > 0) console.say(`${formatCount(p.abnormalLeftOut)} abnormal lines left out`);
    if (p.leftOut > 0) console.warn(`${formatCount(p.leftOut)} lines are of kinds beyond the first ${formatCount(o.max_kinds)} and are not learned from; raise --max_kinds, or --min_word_freq so that fewer kinds are told apart`);
    console.say(`written: ${o.output_path}\nnext: ${invocation('autoencoder')} train --input ${o.output_path}`);
  },
};

const train: Stage = {
  command: 'train', describe: 'train the LSTM encoder and decoder on the kinds of lines', options: TRAIN_OPTIONS,
  async run(given) {
    const o = await resolveRunOptions('autoencoder train', { ...TRAIN_OPTIONS, ...COMMON_OPTIONS }, given);
    const { trainLines } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const model = { embedding: o.embedding, latent: o.latent, pooling: o.pooling === 'last' ? 'last' as const : 'max' as const, dropout: o.dropout, weighting: o.weighting === 'count' ? 'count' as const : 'log' as const, clip: o.clip, buckets: o.buckets, batchSize: o.batch_size, learningRate: o.learning_rate, maxEpochs: o.max_epochs, earlyStop: o.early_stop };
      const encoder = await withRun({ stage: 'autoencoder train', specs: TRAIN_OPTIONS, options: o, console, engine }, (run) =>
        trainLines({ input: o.input, outputPath: o.output_path, overwrite: o.overwrite, model, seed: o.seed, flags: o }, engine, run.report, run.signal));
      console.clear();
      const t = encoder.training;
      console.say(`trained in ${formatSeconds(t?.seconds ?? 0)}: best epoch ${t?.bestEpoch}, val_loss ${t?.bestLoss.toFixed(4)} (mean −ln p of a token), ${t?.stopped === 'early' ? 'stopped early' : 'all epochs run'}; lines padded to ${encoder.buckets.join(', ')} tokens`);
      console.say(`written: ${o.output_path}\nnext: ${invocation('autoencoder')} encode --model ${o.output_path} --input_file <log>`);
      await encoder.dispose();
    });
  },
};

const encode: Stage = {
  command: 'encode', describe: 'turn every line into a vector, each kind of line once', options: ENCODE_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...ENCODE_OPTIONS, ...COMMON_OPTIONS }, given);
    const { encodeLog } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const e = await encodeLog({
        model: o.model, inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, flags: o, ...(o.time_format === undefined ? {} : { timeFormat: o.time_format }),
        onProgress: (lines, of, kinds) => console.progress('encoding', lines, of, `${formatCount(lines)} of ${formatCount(of)} lines, ${formatCount(kinds)} kinds`),
      }, engine);
      console.clear();
      console.say(`encode: ${formatCount(e.lines)} lines of ${formatCount(e.kinds)} kinds in ${formatSeconds(e.seconds)} (${formatCount(Math.round(e.lines / e.seconds))} lines/s)${e.dated < e.lines ? `; ${formatCount(e.lines - e.dated)} without a time: the time of day is left out` : ''}`);
      console.say(`written: ${o.output_path} (lines.arrow, kinds.arrow)\nnext: ${invocation('autoencoder')} detect --input ${o.output_path}`);
    });
  },
};

const detect: Stage = {
  command: 'detect', describe: 'train the recurrent detector on windows of lines and score them all', options: DETECT_OPTIONS,
  async run(given) {
    const o = await resolveRunOptions('autoencoder detect', { ...DETECT_OPTIONS, ...COMMON_OPTIONS }, given);
    const { detectWindows } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const model = { windowSize: o.window_size, units: o.units, code: o.code, batchSize: o.batch_size, learningRate: o.learning_rate, clip: o.clip, scaling: o.scaling === 'each' ? 'each' as const : 'whitened' as const, weighting: 'count' as const, maxEpochs: o.max_epochs, earlyStop: o.early_stop };
      const d = await withRun({ stage: 'autoencoder detect', specs: DETECT_OPTIONS, options: o, console, engine }, (run) => detectWindows({
        input: o.input, outputPath: o.output_path, overwrite: o.overwrite, model, stride: o.stride, maxWindows: o.max_windows, targetFpr: o.target_fpr, score: o.score === 'line' ? 'line' : 'window', seed: o.seed, flags: o,
        ...(o.label_file === undefined ? {} : { labelFile: o.label_file }), onProgress: (what, windows) => console.progress(what, windows, null, `${formatCount(windows)} windows`),
      }, engine, run.report, run.signal));
      console.clear();
      console.say(`detect: ${formatCount(d.windows)} windows; threshold ${d.threshold.toPrecision(4)} from ${formatCount(d.validationWindows)} validation windows at ${100 * o.target_fpr} %; ${formatCount(d.alerts)} of ${formatCount(d.testWindows)} test windows above it`);
      if (Math.floor(d.validationWindows * o.target_fpr) === 0) console.warn(`${formatCount(d.validationWindows)} validation windows are too few for ${100 * o.target_fpr} %: the threshold is their highest score`);
      console.say(`written: ${o.output_path} (windows.jsonl)\nnext: ${invocation('autoencoder')} evaluate --input ${o.output_path}`);
    });
  },
};

const evaluate: Stage = {
  command: 'evaluate', describe: 'the distribution of scores and the highest windows; with labels ROC, PR and a table of thresholds', options: EVALUATE_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...EVALUATE_OPTIONS, ...COMMON_OPTIONS }, given);
    const { evaluateWindows, evaluationMarkdown } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    const result = await evaluateWindows({ input: o.input, outputPath: o.output_path, overwrite: o.overwrite, top: o.top, flags: o, ...(o.label_file === undefined ? {} : { labelFile: o.label_file }) });
    process.stdout.write(evaluationMarkdown(result, o.input));
    console.say(`written: ${o.output_path} (evaluation.json, evaluation.md, evaluation.svg)`);
  },
};

const apply: Stage = {
  command: 'apply', describe: 'judge another log by what train and detect learned', options: APPLY_OPTIONS,
  examples: [['$0 autoencoder apply --input_file tomorrow.log', 'by the model of artifacts/autoencoder/detected']],
  async run(given) {
    const o = resolveOptions({ ...APPLY_OPTIONS, ...COMMON_OPTIONS }, given);
    const { applyWindows } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const a = await applyWindows({
        model: o.model, inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, top: o.top, flags: o, ...(o.encoder === undefined ? {} : { encoder: o.encoder }), ...(o.time_format === undefined ? {} : { timeFormat: o.time_format }),
        onProgress: (lines, of, windows) => console.progress('scoring', lines, of, `${formatCount(lines)} of ${formatCount(of)} lines, ${formatCount(windows)} windows`),
      }, engine);
      console.clear();
      process.stdout.write(`apply: ${formatCount(a.lines)} lines of ${formatCount(a.kinds)} kinds, ${formatCount(a.windows)} windows in ${formatSeconds(a.seconds)}; ${formatCount(a.alerts)} above the threshold of ${a.threshold.toPrecision(4)}\n`);
      for (const w of a.top) process.stdout.write(`\nlines ${w.first_line}–${w.last_line}  score ${w.score.toPrecision(4)}\n  line ${w.worst_line}, error ${w.worst_error.toPrecision(4)}: ${w.text.slice(0, 200)}\n`);
      if (a.alerts > a.top.length && a.top.length > 0) process.stdout.write(`\n… and ${formatCount(a.alerts - a.top.length)} more, in windows.jsonl\n`);
      if (a.undated > 0) console.warn(`${formatCount(a.undated)} lines have no time that fits: they are judged as lines at no time of day`);
      console.say(`written: ${o.output_path} (windows.jsonl)\nnext: ${invocation('autoencoder')} evaluate --input ${o.output_path}, with --label_file where there are labels`);
    });
  },
};

export const autoencoderStage: StageGroup = { command: 'autoencoder', group: 'Train', describe: 'text autoencoder and recurrent detector, from raw lines: prepare, train, encode, detect, evaluate, apply', stages: [prepare, train, encode, detect, evaluate, apply] };

runIfMain(import.meta.url, autoencoderStage);
