// Detectors × data sets × splits → an honest table.
//   npx deeplog benchmark --protocol hdfs-chrono --detectors unseen-key,length,event-set,count-vector,2-gram
//   npx deeplog benchmark --protocol custom --input_file artifacts/drain_result --print md
import { commandOf, COMMON_OPTIONS, describeEngine, ENGINE_OPTIONS, engineOptions, formatCount, interruptSignal, LOG_KEY_MODEL_OPTIONS, logKeyOptions, resolveOptions, runIfMain, SPLIT_OPTIONS, StageConsole, trainingReporter, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

const PROTOCOLS = ['hdfs-chrono', 'hdfs-chrono-40', 'hdfs-random', 'hdfs-4855', 'hdfs-raw', 'bgl-chrono', 'bgl-random', 'custom'] as const;
/** Detectors by group: a group's name stands for those of them that can run on a set. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  trivial: ['unseen-key', 'length', 'event-set', 'count-vector', '2-gram'],
  classical: ['pca', 'isolation-forest', 'one-class-svm', 'log-clustering', 'invariants-mining', 'k-nearest-neighbours'],
  supervised: ['logistic-regression', 'linear-svm', 'decision-tree', 'random-forest'],
  deep: ['deeplog-keys', 'deeplog-keys-nll', 'deeplog-params', 'deeplog-workflow', 'deeplog'],
  combined: ['count-neighbours', 'ensemble'],
};
const groupNames = Object.keys(GROUPS);
/** Those that take minutes: run when named. */
const NAMED_ONLY = ['logbert', 'logbert-missed', 'logbert-distance'] as const;
const DETECTORS = [...Object.values(GROUPS).flat(), ...NAMED_ONLY];

export const BENCHMARK_OPTIONS = {
  protocol: { type: 'strings', group: 'Data', default: ['custom'], choices: PROTOCOLS, describe: `data set and split, one or several: ${PROTOCOLS.join(', ')}` },
  detectors: { type: 'strings', group: 'Detectors', default: groupNames, choices: [...groupNames, ...DETECTORS], describe: `which detectors, separated by commas, or groups of them (${groupNames.join(', ')}: those of them that a set has enough for); detectors: ${DETECTORS.join(', ')}` },
  data_dir: { type: 'string', group: 'Data', describe: 'folder of the named data sets (default: $DEEPLOG_DATA, else data)' },
  input_file: { type: 'string', group: 'Data', describe: 'sessions for --protocol custom: drain_result, sessions.arrow, data.json, event ids per line (default: artifacts/drain_result)' },
  label_file: { type: 'string', group: 'Data', describe: '0 or 1 per session, for a file of event ids' },
  ...SPLIT_OPTIONS,
  seeds: { type: 'integer', group: 'Evaluation', default: 1, min: 1, max: 100, describe: 'run with this many seeds, from --seed on; tables give mean ± sd' },
  folds: { type: 'integer', group: 'Evaluation', default: 1, min: 1, max: 50, describe: "origins that roll along a chronological protocol's test part, each trained on all before it; tables give mean ± sd and the worst" },
  sweep: { type: 'string', group: 'Evaluation', choices: ['contamination', 'parser'], describe: 'repeat with anomalies overlooked before the test part, or with other parser settings (hdfs-raw)' },
  model: { type: 'string', group: 'Detectors', describe: 'use this trained model instead of fitting, if its split is the same' },
  cache: { type: 'boolean', group: 'Detectors', default: true, describe: 'keep fitted models by split and settings, and use them again' },
  print: { type: 'string', group: 'Output', default: 'table', choices: ['table', 'json', 'md'], describe: 'what goes to standard output' },
  output_path: { type: 'string', group: 'Output', describe: 'run folder (default: artifacts/benchmark/<time>-<random>)' },
  ...LOG_KEY_MODEL_OPTIONS,
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const benchmarkStage: Stage = {
  command: 'benchmark',
  describe: 'compare detectors on named data sets or your own',
  options: BENCHMARK_OPTIONS,
  examples: [
    ['$0 benchmark --protocol hdfs-chrono --detectors event-set,count-vector', 'named data'],
    ['$0 benchmark --protocol custom --input_file artifacts/drain_result', 'your own'],
  ],
  async run(given) {
    const o = resolveOptions({ ...BENCHMARK_OPTIONS, ...COMMON_OPTIONS }, given);
    const { benchmark, describeTask, newRunFolder, splitName, renderTables, writeReport, PROTOCOL_IDS } = await import('../deeplog/evaluation/index.js');
    const { createEngine } = await import('../deeplog/engine/index.js');
    const { DataError } = await import('../deeplog/common/index.js');
    const { checkOutput, hashInputs, writeManifest } = await import('../deeplog/artifacts/index.js');
    const startedAt = performance.now();
    const console = new StageConsole(o.quiet);
    const folder = o.output_path ?? newRunFolder('artifacts/benchmark');
    await checkOutput(folder, false);
    const files = new Set<string>();
    const splits: Record<string, string> = {};
    let starting: ReturnType<typeof createEngine> | undefined;
    const engine = async (): ReturnType<typeof createEngine> => {
      if (starting === undefined) console.say(describeEngine((await (starting = createEngine(engineOptions(o)))).info));
      return starting as ReturnType<typeof createEngine>;
    };
    try {
      const { results, failures } = await benchmark({
        protocols: PROTOCOL_IDS.filter((p) => o.protocol.includes(p)), detectors: [...new Set(o.detectors.flatMap((d) => GROUPS[d] ?? [d]))], seeds: Array.from({ length: o.seeds }, (_, i) => o.seed + i), folds: o.folds, ...(o.sweep === undefined ? {} : { sweep: o.sweep as 'contamination' | 'parser' }),
        dataDir: o.data_dir ?? (process.env.DEEPLOG_DATA || 'data'), artifacts: 'artifacts', targetFpr: o.target_fpr, trainRatio: o.train_ratio, valRatio: o.val_ratio,
        order: o.split === 'random' ? 'random' : 'chronological', trainOn: o.train_on === 'all' ? 'all' : 'normal', cache: o.cache, detectorOptions: { deeplogKeys: logKeyOptions(o) },
        inputFile: o.input_file ?? 'artifacts/drain_result', ...(o.label_file === undefined ? {} : { labelFile: o.label_file }), ...(o.model === undefined ? {} : { model: o.model }),
        engine, report: trainingReporter(console), signal: interruptSignal(console),
        skipUnmet: o.detectors.every((d) => d in GROUPS), onSkip: (why) => console.warn(why),
        onTask: (t) => { for (const f of t.files) files.add(f); splits[splitName(t)] = t.split.sha256; console.say(`${describeTask(t)}: ${formatCount(t.table.size)} ${t.unit}s, ${formatCount(t.table.distinct)} distinct sequences`); },
        onRow: (r) => { console.clear(); console.say(`  ${r.detector}: F1 ${r.f1?.toFixed(3) ?? '–'} (fit ${r.fit_seconds.toFixed(1)} s)`); },
      });
      await writeReport(folder, results, commandOf('benchmark', BENCHMARK_OPTIONS, given));
      await writeManifest(folder, { stage: 'benchmark', startedAt, options: o, inputs: await hashInputs([...files]), seed: o.seed, extra: { splits }, engine: starting === undefined ? null : (await starting).info });
      process.stdout.write(o.print === 'json' ? `${JSON.stringify(results)}\n` : renderTables(results, o.print === 'md' ? 'markdown' : 'plain'));
      console.say(`report: ${folder}/report.md`);
      if (failures.length > 0) throw new DataError(`${failures.length} of the detectors could not be run. ${failures.join(' ')}`);
    } finally {
      console.clear();
      if (starting !== undefined) await (await starting).dispose();
    }
  },
};

runIfMain(import.meta.url, benchmarkStage);
