// LogAnomaly in three steps: vocabulary and split, training, scores of the test part.
//   npx deeplog loganomaly vocab --input_file artifacts/drain_result
//   npx deeplog loganomaly train --max_epochs 5                                                 (a quick look)
//   npx deeplog loganomaly predict
import { COMMON_OPTIONS, formatCount, LOGANOMALY_MODEL_OPTIONS, PRESET_OPTION, resolveRunOptions, RUN_OPTIONS, runIfMain, settingsOf, StageConsole, withRun, type OptionSpecs, type Stage, type StageGroup } from '../deeplog/cli/index.js';
import { predictStage, presetLayers, sayTrained, trainOptions, vocabStage } from './sequence_model_stages.js';
import { withEngine } from './with_engine.js';

const TRAIN_OPTIONS = { ...trainOptions('loganomaly'), ...PRESET_OPTION, ...LOGANOMALY_MODEL_OPTIONS, ...RUN_OPTIONS } as const satisfies OptionSpecs;

const trainStage: Stage = {
  command: 'train',
  describe: 'train on the training part, set the threshold on validation normals',
  options: TRAIN_OPTIONS,
  examples: [['$0 loganomaly train --vectors_file wiki.vec', 'with word vectors of your own']],
  async run(given) {
    const o = await resolveRunOptions('loganomaly train', { ...TRAIN_OPTIONS, ...COMMON_OPTIONS }, given, await presetLayers('loganomaly'));
    const { trainSequenceModel } = await import('../deeplog/evaluation/index.js');
    const { LogAnomaly } = await import('../deeplog/detectors/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const trained = await withRun({ stage: 'loganomaly train', specs: TRAIN_OPTIONS, options: o, console, engine }, (run) => trainSequenceModel({
        stage: 'loganomaly train', vocabularyPath: o.vocab, outputPath: o.output_path, overwrite: o.overwrite, targetFpr: o.target_fpr, seed: o.seed, maxEpochs: o.max_epochs, ranks: o.score === 'rank', flags: o,
        make: ({ vocabulary, complete, templates }) => new LogAnomaly({ ...settingsOf(LOGANOMALY_MODEL_OPTIONS, o), score: o.score === 'nll' ? 'nll' : 'rank', predictEnd: o.predict_end && complete }, templates, vocabulary),
        onData: (task) => console.say(`loganomaly: ${formatCount(task.table.size)} ${task.unit}s, ${formatCount(task.table.distinct)} distinct; split ${task.split.sha256.slice(0, 12)}`),
      }, engine, run.report, run.signal));
      sayTrained(console, 'loganomaly', o, trained);
    });
  },
};

export const logAnomalyStage: StageGroup = { command: 'loganomaly', group: 'Train', describe: 'LogAnomaly: vocab, train, predict', stages: [vocabStage('loganomaly'), trainStage, predictStage('loganomaly')] };

runIfMain(import.meta.url, logAnomalyStage);
