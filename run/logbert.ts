// LogBERT in three steps: vocabulary and split, training, scores of the test part.
//   npx deeplog logbert vocab --input_file artifacts/drain_result
//   npx deeplog logbert train --hidden 64 --layers 2 --max_epochs 5                            (a quick look)
//   npx deeplog logbert predict
import { COMMON_OPTIONS, formatCount, LOGBERT_MODEL_OPTIONS, PRESET_OPTION, resolveRunOptions, RUN_OPTIONS, runIfMain, settingsOf, StageConsole, withRun, type OptionSpecs, type Stage, type StageGroup } from '../deeplog/cli/index.js';
import { predictStage, presetLayers, sayTrained, trainOptions, vocabStage } from './sequence_model_stages.js';
import { withEngine } from './with_engine.js';

const TRAIN_OPTIONS = { ...trainOptions('logbert'), ...PRESET_OPTION, ...LOGBERT_MODEL_OPTIONS, ...RUN_OPTIONS } as const satisfies OptionSpecs;

const trainStage: Stage = {
  command: 'train',
  describe: 'train on the training part, set the threshold on validation normals',
  options: TRAIN_OPTIONS,
  examples: [['$0 logbert train --preset hdfs', "with the authors' settings for HDFS"]],
  async run(given) {
    const o = await resolveRunOptions('logbert train', { ...TRAIN_OPTIONS, ...COMMON_OPTIONS }, given, await presetLayers('logbert'));
    const { trainSequenceModel } = await import('../deeplog/evaluation/index.js');
    const { LogBert } = await import('../deeplog/detectors/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const trained = await withRun({ stage: 'logbert train', specs: TRAIN_OPTIONS, options: o, console, engine }, (run) => trainSequenceModel({
        stage: 'logbert train', vocabularyPath: o.vocab, outputPath: o.output_path, overwrite: o.overwrite, targetFpr: o.target_fpr, seed: o.seed, maxEpochs: o.max_epochs, flags: o,
        make: ({ vocabulary }) => new LogBert({ ...settingsOf(LOGBERT_MODEL_OPTIONS, o), score: 'both' }, vocabulary),
        onData: (task) => console.say(`logbert: ${formatCount(task.table.size)} ${task.unit}s, ${formatCount(task.table.distinct)} distinct; split ${task.split.sha256.slice(0, 12)}`),
      }, engine, run.report, run.signal));
      sayTrained(console, 'logbert', o, trained);
    });
  },
};

export const logBertStage: StageGroup = { command: 'logbert', group: 'Train', describe: 'LogBERT: vocab, train, predict', stages: [vocabStage('logbert'), trainStage, predictStage('logbert')] };

runIfMain(import.meta.url, logBertStage);
