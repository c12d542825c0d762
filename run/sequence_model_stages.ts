// The steps that LogBERT and LogAnomaly share: `vocab` and `predict`; `train` is each one's own (logbert.ts, loganomaly.ts).
import { COMMON_OPTIONS, ENGINE_OPTIONS, formatCount, formatSeconds, invocation, resolveOptions, SPLIT_OPTIONS, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';
import { withEngine } from './with_engine.js';

export type SequenceModel = 'logbert' | 'loganomaly';

const { target_fpr, ...SPLIT } = SPLIT_OPTIONS;
const { seed, ...ENGINE } = ENGINE_OPTIONS;
const OVERWRITE = { overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished result in output_path' } } as const satisfies OptionSpecs;

/** Flags of every training step beside the network's own. */
export const trainOptions = (model: SequenceModel) => ({
  vocab: { type: 'string', group: 'Data', default: `artifacts/${model}_vocab`, describe: 'folder that the vocab step wrote' },
  output_path: { type: 'string', group: 'Output', default: `artifacts/${model}_result`, describe: 'folder to write' },
  ...OVERWRITE, target_fpr, ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs);

/** `vocab`: reads and splits the sessions, and counts the keys of the training part. */
export function vocabStage(model: SequenceModel): Stage {
  const specs = {
    input_file: { type: 'string', group: 'Data', default: 'artifacts/drain_result', describe: 'drain_result folder, sessions.arrow, data.json, or a file of event ids per session' },
    label_file: { type: 'string', group: 'Data', describe: '0 or 1 per session, for a file of event ids' },
    templates_file: { type: 'string', group: 'Data', describe: 'table of template texts (tab-separated: event id first, text last) for a file of event ids' },
    min_count: { type: 'integer', group: 'Data', default: 1, min: 1, describe: 'rarer keys of the training part are read as unknown' },
    ...SPLIT, seed,
    output_path: { type: 'string', group: 'Output', default: `artifacts/${model}_vocab`, describe: 'folder to write' },
    ...OVERWRITE,
  } as const satisfies OptionSpecs;
  return {
    command: 'vocab',
    describe: 'split the sessions and take the vocabulary from the training part',
    options: specs,
    async run(given) {
      const o = resolveOptions({ ...specs, ...COMMON_OPTIONS }, given);
      const { makeVocabulary } = await import('../deeplog/evaluation/index.js');
      const console = new StageConsole(o.quiet);
      const { task, vocabulary, rare } = await makeVocabulary({
        stage: `${model} vocab`, outputPath: o.output_path, overwrite: o.overwrite, flags: o, minCount: o.min_count,
        data: {
          inputFile: o.input_file, trainRatio: o.train_ratio, valRatio: o.val_ratio, order: o.split === 'random' ? 'random' : 'chronological', trainOn: o.train_on === 'all' ? 'all' : 'normal', seed: o.seed,
          ...(o.label_file === undefined ? {} : { labelFile: o.label_file }), ...(o.templates_file === undefined ? {} : { templatesFile: o.templates_file }),
        },
      });
      console.say(`${formatCount(task.table.size)} ${task.unit}s, ${formatCount(task.table.distinct)} distinct; split ${task.split.sha256.slice(0, 12)}`);
      console.say(`vocabulary: ${vocabulary.events.length} keys of the training part${rare.length === 0 ? '' : `; ${rare.length} rarer ones are read as unknown`}`);
      for (const note of task.notes) console.warn(note);
      console.say(`written: ${o.output_path} (vocabulary.json, split.arrow)\nnext: ${invocation(model)} train --vocab ${o.output_path}`);
    },
  };
}

/** `predict`: scores every session of the test part. */
export function predictStage(model: SequenceModel): Stage {
  const specs = {
    model: { type: 'string', group: 'Input', default: `artifacts/${model}_result`, describe: 'folder that the train step wrote' },
    output_path: { type: 'string', group: 'Output', default: `artifacts/${model}_predictions`, describe: 'folder to write' },
    ...OVERWRITE, target_fpr, ...ENGINE,
  } as const satisfies OptionSpecs;
  return {
    command: 'predict',
    describe: 'score every session of the test part, and judge the scores where there are labels',
    options: specs,
    async run(given) {
      const o = resolveOptions({ ...specs, ...COMMON_OPTIONS }, given);
      const { predictSequenceModel } = await import('../deeplog/evaluation/index.js');
      const console = new StageConsole(o.quiet);
      await withEngine(o, console, async (engine) => {
        const { task, evaluation: e, alerts, predictionsFile } = await predictSequenceModel({ stage: `${model} predict`, model: o.model, outputPath: o.output_path, overwrite: o.overwrite, targetFpr: o.target_fpr, flags: o }, () => Promise.resolve(engine));
        const three = (x: number | null | undefined): string => (x === null || x === undefined ? '–' : x.toFixed(3));
        const one = e.at_target_fpr?.at(-1);
        process.stdout.write(e.labelled
          ? `${formatCount(e.n_test)} ${task.unit}s: F1 ${three(e.f1)} (precision ${three(e.precision)}, recall ${three(e.recall)}) at ${100 * o.target_fpr} % false alarms on validation normals; at 1 % ${three(one?.f1)}; oracle ${three(e.oracle_f1)}; ROC-AUC ${three(e.roc_auc)}, PR-AUC ${three(e.pr_auc)}\n`
          : `${formatCount(e.n_test)} ${task.unit}s scored, ${formatCount(alerts)} above the threshold; without labels there is no F1\n`);
        for (const note of task.notes) console.warn(note);
        console.say(`written: ${predictionsFile}\nnext: ${invocation('detect')} --model ${o.model} --input_file <new log>`);
      });
    },
  };
}

/** What a training step says at its end. */
export function sayTrained(console: StageConsole, model: SequenceModel, o: { readonly output_path: string; readonly target_fpr: number }, trained: { readonly threshold: number; readonly hints: readonly string[]; readonly detector: { readonly vocabularySize: number; readonly training: { readonly bestEpoch: number; readonly bestLoss: number; readonly stopped: string; readonly seconds: number; readonly history: readonly unknown[] } | null; readonly notes?: readonly string[] } }): void {
  const { training: t, notes, vocabularySize } = trained.detector;
  console.clear();
  console.say(`trained in ${formatSeconds(t?.seconds ?? 0)}: best epoch ${t?.bestEpoch} of ${t?.history.length}, val_loss ${t?.bestLoss.toFixed(5)}, ${t?.stopped === 'early' ? 'stopped early' : 'all epochs run'}; ${vocabularySize - 3} known keys`);
  console.say(`threshold ${+trained.threshold.toPrecision(5)} from validation normals at ${100 * o.target_fpr} % false alarms`);
  for (const note of [...notes ?? [], ...trained.hints]) console.warn(note);
  console.say(`written: ${o.output_path} (model.safetensors, config.json, metrics.json)\nnext: ${invocation(model)} predict --model ${o.output_path}`);
}

/** The hyperparameters of --preset as a layer below --config. */
export async function presetLayers(model: SequenceModel): Promise<(flags: Readonly<Record<string, unknown>>) => { name: string; values: Record<string, unknown>; lenient: boolean }[]> {
  const [{ PRESETS }, { flagsOf }] = await Promise.all([import('../deeplog/detectors/index.js'), import('../deeplog/cli/index.js')]);
  return ({ preset }) => (typeof preset === 'string' && preset in PRESETS ? [{ name: `preset ${preset}`, values: flagsOf(PRESETS[preset][model] as Readonly<Record<string, unknown>>), lenient: false }] : []);
}
