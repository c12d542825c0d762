// Detectors × data sets × splits → an honest table.
//   npx deeplog benchmark --protocol hdfs-chrono --detectors unseen-key,length,event-set,count-vector,2-gram
//   npx deeplog benchmark --protocol custom --input_file artifacts/drain_result --print md
//   npx deeplog benchmark --matrix bench/matrix.yaml --jobs 2
import { availableParallelism, freemem } from 'node:os';
import type { DriftResult, Results } from '../deeplog/evaluation/index.js';
import { commandOf, COMMON_OPTIONS, describeEngine, ENGINE_OPTIONS, engineOptions, formatCount, formatSeconds, interruptSignal, LOG_KEY_MODEL_OPTIONS, LOGBERT_SIZE_OPTION, logBertSize, logKeyOptions, readMatrix, resolveOptions, runIfMain, SPLIT_OPTIONS, StageConsole, trainingReporter, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

const PROTOCOLS = ['hdfs-chrono', 'hdfs-chrono-40', 'hdfs-random', 'hdfs-4855', 'hdfs-raw', 'bgl-chrono', 'bgl-random', 'custom'] as const;
/** Detectors by group: a group's name stands for those of them that can run on a set. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  trivial: ['unseen-key', 'length', 'event-set', 'count-vector', '2-gram', 'ngram-topk', 'edit-distance'],
  classical: ['pca', 'isolation-forest', 'one-class-svm', 'log-clustering', 'invariants-mining', 'k-nearest-neighbours'],
  supervised: ['logistic-regression', 'linear-svm', 'decision-tree', 'random-forest'],
  deep: ['deeplog-keys', 'deeplog-keys-nll', 'deeplog-params', 'deeplog-workflow', 'deeplog'],
  combined: ['count-neighbours', 'ensemble'],
};
const groupNames = Object.keys(GROUPS);
/** Those that take minutes: run when named. */
const NAMED_ONLY = ['logbert', 'logbert-missed', 'logbert-distance', 'loganomaly', 'loganomaly-nll', 'autoencoder', 'autoencoder-line'] as const;
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
  drift: { type: 'boolean', group: 'Evaluation', default: false, describe: 'show what time does to chronological sets, too: F1 by training boundary, novelty over time, when each template occurs' },
  drift_detectors: { type: 'strings', group: 'Evaluation', default: ['trivial', 'deeplog-workflow'], choices: [...groupNames, ...DETECTORS], describe: 'detectors that are fitted at each training boundary' },
  model: { type: 'string', group: 'Detectors', describe: 'use this trained model instead of fitting, if its split is the same' },
  cache: { type: 'boolean', group: 'Detectors', default: true, describe: 'keep fitted models by split and settings, and use them again' },
  matrix: { type: 'string', group: 'Matrix', describe: 'YAML file of parts (protocols × detectors × seeds with flags of their own), run in parallel; what the ledger has is not run again' },
  jobs: { type: 'integer', group: 'Matrix', min: 1, max: 1024, describe: 'cells of the matrix that run at once (default: one per core)' },
  memory: { type: 'number', group: 'Matrix', min: 0, exclusive: true, describe: 'memory for all of them together, GB (default: four fifths of what is free)' },
  ledger: { type: 'string', group: 'Matrix', default: 'artifacts/benchmark/ledger.jsonl', describe: 'file that every result of a matrix is appended to' },
  print: { type: 'string', group: 'Output', default: 'table', choices: ['table', 'json', 'md'], describe: 'what goes to standard output' },
  output_path: { type: 'string', group: 'Output', describe: 'run folder (default: artifacts/benchmark/<time>-<random>)' },
  ...LOG_KEY_MODEL_OPTIONS,
  ...LOGBERT_SIZE_OPTION,
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

/** Groups as the detectors that they stand for, each once. */
function expanded(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((d) => GROUPS[d] ?? [d]))];
}

export const benchmarkStage: Stage = {
  command: 'benchmark', group: 'Judge',
  describe: 'compare detectors on named data sets or your own',
  options: BENCHMARK_OPTIONS,
  examples: [
    ['$0 benchmark --protocol hdfs-chrono --detectors event-set,count-vector', 'named data'],
    ['$0 benchmark --protocol custom --input_file artifacts/drain_result', 'your own'],
    ['$0 benchmark --matrix bench/matrix.yaml --jobs 2 --memory 8', 'many of them, in parallel, going on where it was stopped'],
  ],
  async run(given) {
    const o = resolveOptions({ ...BENCHMARK_OPTIONS, ...COMMON_OPTIONS }, given);
    const parts = o.matrix === undefined ? null : readMatrix(o.matrix, BENCHMARK_OPTIONS, given);
    const { DataError, UsageError } = await import('../deeplog/common/index.js');
    if (parts?.some((p) => p.flags.model !== undefined)) throw new UsageError('--model and --matrix contradict each other: a matrix fits its models, and keeps them. Leave one out.');
    const { agreements, benchmark, describeTask, drift, Ledger, newRunFolder, splitName, renderTables, runMatrix, writeReport, PROTOCOL_IDS } = await import('../deeplog/evaluation/index.js');
    const { createEngine } = await import('../deeplog/engine/index.js');
    const { checkOutput, codeVersion, describeMachine, gitCommit, hashInputs, writeAtomic, writeManifest } = await import('../deeplog/artifacts/index.js');
    const startedAt = performance.now();
    const console = new StageConsole(o.quiet);
    const folder = o.output_path ?? newRunFolder('artifacts/benchmark');
    await checkOutput(folder, false);
    const files = new Set<string>();
    const splits: Record<string, string> = {};
    const engines = new Map<string, ReturnType<typeof createEngine>>();
    const engineOf = (f: typeof o) => async (): ReturnType<typeof createEngine> => {
      const key = JSON.stringify(engineOptions(f));
      let starting = engines.get(key);
      if (starting === undefined) {
        engines.set(key, (starting = createEngine(engineOptions(f))));
        console.say(describeEngine((await starting).info));
      }
      return starting;
    };
    const signal = interruptSignal(console);
    const cellsOf = (f: typeof o) => ({
      protocols: PROTOCOL_IDS.filter((p) => f.protocol.includes(p)), detectors: expanded(f.detectors), seeds: Array.from({ length: f.seeds }, (_, i) => f.seed + i), folds: f.folds, ...(f.sweep === undefined ? {} : { sweep: f.sweep as 'contamination' | 'parser' }),
    });
    const settingsOf = (f: typeof o) => ({
      dataDir: f.data_dir ?? (process.env.DEEPLOG_DATA || 'data'), artifacts: 'artifacts', targetFpr: f.target_fpr, trainRatio: f.train_ratio, valRatio: f.val_ratio,
      order: f.split === 'random' ? 'random' as const : 'chronological' as const, trainOn: f.train_on === 'all' ? 'all' as const : 'normal' as const, cache: f.cache, detectorOptions: { deeplogKeys: logKeyOptions(f), logbert: logBertSize(f) },
      inputFile: f.input_file ?? 'artifacts/drain_result', ...(f.label_file === undefined ? {} : { labelFile: f.label_file }),
    });
    const jobs = o.jobs ?? availableParallelism();
    const matrix = async (list: NonNullable<typeof parts>) => {
      const ledger = await Ledger.open(o.ledger);
      if (ledger.tornLines > 0) console.warn(`${o.ledger}: skipped ${ledger.tornLines} half-written line${ledger.tornLines === 1 ? '' : 's'}`);
      const run = await runMatrix({
        parts: list.map(({ name, flags }) => ({ name, named: flags.detectors.filter((d) => !(d in GROUPS)), ...cellsOf({ ...o, ...flags }), settings: { ...settingsOf({ ...o, ...flags }), engine: { threads: Math.max(1, Math.floor(availableParallelism() / jobs)), ...engineOptions({ ...o, ...flags }) } } })),
        ledger, jobs, memoryMb: o.memory === undefined ? (0.8 * freemem()) / 2 ** 20 : o.memory * 1000, run: folder, signal,
        onLine: (line) => console.say(line), onProgress: (done, total, running) => console.progress('cells', done, total, `${done}/${total} · ${running.join(', ')}`),
      });
      for (const file of run.files) files.add(file);
      Object.assign(splits, run.splits);
      console.say(`${run.computed} cells worked out, ${run.reused} taken from ${o.ledger}, in ${formatSeconds((performance.now() - startedAt) / 1000)}`);
      return run;
    };
    const skipped: string[] = [];
    try {
      const { cells, failures, leftOut } = parts !== null ? await matrix(parts) : { leftOut: skipped, ...await benchmark({
        ...cellsOf(o), ...settingsOf(o), ...(o.model === undefined ? {} : { model: o.model }), engine: engineOf(o), report: trainingReporter(console), signal,
        skipUnmet: o.detectors.every((d) => d in GROUPS), onSkip: (why) => { console.warn(why); if (!skipped.includes(why)) skipped.push(why); },
        onTask: (t) => { for (const f of t.files) files.add(f); splits[splitName(t)] = t.split.sha256; console.say(`${describeTask(t)}: ${formatCount(t.table.size)} ${t.unit}s, ${formatCount(t.table.distinct)} distinct sequences`); },
        onRow: (r) => { console.clear(); console.say(`  ${r.detector}: ${r.f1 === null ? `${formatCount(r.alerts)} of ${formatCount(r.n_test)} flagged` : `F1 ${r.f1.toFixed(3)}`} (fit ${r.fit_seconds.toFixed(1)} s)`); },
      }) };
      const drifts: DriftResult[] = [];
      const drifting = (parts ?? [{ name: null, flags: o }]).map(({ name, flags }, i) => ({ name: name ?? `part ${i + 1}`, f: { ...o, ...flags } })).filter(({ f }) => f.drift);
      const done = new Set<string>();
      for (const { name, f } of drifting) {
        const wanted = { ...settingsOf(f), seeds: [f.seed], detectors: expanded(f.drift_detectors) };
        const keyOf = (p: string): string => JSON.stringify([p, wanted, engineOptions(f)]);
        // Parts that differ in their detectors only have one drift.
        const protocols = PROTOCOL_IDS.filter((p) => f.protocol.includes(p) && cells.some((c) => c.row.protocol === p) && !done.has(keyOf(p)));
        for (const p of protocols) done.add(keyOf(p));
        drifts.push(...(await drift({
          ...wanted, protocols, engine: engineOf(f), report: trainingReporter(console), signal, skipUnmet: true, ...(drifting.length > 1 ? { note: `with the settings of ${name}` } : {}),
          onSkip: (why) => console.warn(why), onTask: (t) => console.say(`drift of ${describeTask(t)}`), onFailure: (why, id) => console.warn(`drift, ${id}: ${why}`),
        })));
      }
      const results: Results = { schema: 'deeplog.results/1', rows: cells.map((c) => c.row), agreement: agreements(cells), ...(drifting.length > 0 ? { drift: drifts } : {}) };
      const command = commandOf('benchmark', BENCHMARK_OPTIONS, given);
      await writeReport(folder, results, cells, command, leftOut);
      // Drawing needs a document, which takes a second to load.
      const { reportPage } = await import('../deeplog/report/index.js');
      await writeAtomic(`${folder}/report.html`, reportPage(cells, drifts, { command, created: new Date().toISOString(), machine: describeMachine(), node: process.version, commit: await gitCommit(), code: await codeVersion(), wallSeconds: (performance.now() - startedAt) / 1000, failures, leftOut }));
      const [engine] = engines.values();
      await writeManifest(folder, { stage: 'benchmark', startedAt, options: o, inputs: await hashInputs([...files]), seed: o.seed, extra: { splits }, engine: engine === undefined ? null : (await engine).info });
      process.stdout.write(o.print === 'json' ? `${JSON.stringify(results)}\n` : renderTables(results, o.print === 'md' ? 'markdown' : 'plain'));
      console.say(`report: ${folder}/report.html, report.md`);
      if (failures.length > 0) throw new DataError(`${failures.length} of the detectors could not be run. ${failures.join(' ')}`);
    } finally {
      console.clear();
      for (const starting of engines.values()) await (await starting).dispose();
    }
  },
};

runIfMain(import.meta.url, benchmarkStage);
