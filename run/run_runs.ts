// The runs of every stage that trains: what there is, how they went, how they differ.
//   npx deeplog runs list
//   npx deeplog runs show latest
//   npx deeplog runs compare 20260801-0930 20260801-1015
//   npx deeplog runs rm 20260801-0930
import { alignedTable, COMMON_OPTIONS, formatSeconds, invocation, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage, type StageGroup } from '../deeplog/cli/index.js';

const RUNS_OPTIONS = {
  logdir: { type: 'string', group: 'Input', default: 'logdir', describe: 'where the run folders are' },
  json: { type: 'boolean', group: 'Output', default: false, describe: 'print JSON' },
} as const satisfies OptionSpecs;

const LIST_OPTIONS = {
  ...RUNS_OPTIONS,
  stage: { type: 'string', group: 'Input', describe: 'only runs of this stage' },
  top: { type: 'integer', group: 'Output', default: 30, min: 1, describe: 'runs to show, the latest' },
} as const satisfies OptionSpecs;

const number = (x: number | null | undefined): string => (x === null || x === undefined ? '–' : String(+x.toPrecision(4)));
const named = (given: Readonly<Record<string, unknown>>): string[] => [given.runs].flat().map(String);
const print = (value: unknown): void => { process.stdout.write(`${JSON.stringify(value, null, 2)}\n`); };

const list: Stage = {
  command: 'list',
  describe: 'the runs, the latest last',
  options: LIST_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...LIST_OPTIONS, ...COMMON_OPTIONS }, given);
    const { damagedRun, listRunFolders, summariseRun } = await import('../deeplog/training/index.js');
    const all = (await Promise.all((await listRunFolders(o.logdir)).map((folder) => summariseRun(folder).catch(() => damagedRun(folder))))).filter((s) => o.stage === undefined || s.stage === o.stage);
    if (o.json) return print(all);
    const console = new StageConsole(o.quiet);
    if (all.length === 0) return console.say(`no runs in ${o.logdir}${o.stage === undefined ? '' : ` of ${o.stage}`}; every stage that trains makes one: ${invocation('log-key')}`);
    process.stdout.write(alignedTable([['run', 'stage', 'status', 'started (UTC)', 'took', 'epochs', 'best val_loss', 'F1'], ...all.slice(-o.top).map((s) =>
      [s.id, s.stage, s.status, s.created.slice(0, 16).replace('T', ' '), formatSeconds(s.seconds), `${s.epoch}/${s.max_epochs ?? '–'}`, number(s.best_loss), number(s.test?.f1)])]));
    if (all.length > o.top) console.say(`… and ${all.length - o.top} older: raise --top`);
  },
};

const show: Stage = {
  command: 'show <runs..>',
  describe: 'one run in full: settings, results, how to go on',
  options: RUNS_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...RUNS_OPTIONS, ...COMMON_OPTIONS }, given);
    const { findRun, readConfigSnapshot, readEvents, readState, summariseRun } = await import('../deeplog/training/index.js');
    for (const name of named(given)) {
      const folder = await findRun(o.logdir, name);
      const [summary, state, config, events] = [await summariseRun(folder), await readState(folder), await readConfigSnapshot(folder), await readEvents(folder)];
      if (o.json) {
        print({ ...summary, command: state.command, engine: state.engine, config, events: events.filter((e) => e.event !== 'step') });
        continue;
      }
      const facts = Object.entries({
        run: `${summary.id} (${summary.stage})`, status: summary.status + (summary.message === null ? '' : `: ${summary.message}`), command: state.command, started: summary.created, took: formatSeconds(summary.seconds),
        resumed: summary.resumed === 0 ? undefined : state.resumed.map((r) => r.time).join(', '), result: summary.output_path ?? undefined, folder,
        epochs: `${summary.epoch}/${summary.max_epochs ?? '–'}`, loss: number(summary.loss), val_loss: `${number(summary.val_loss)}, best ${number(summary.best_loss)} in epoch ${summary.best_epoch ?? '–'}`,
        ...Object.fromEntries(Object.entries(summary.metrics).map(([k, v]) => [`val ${k}`, number(v)])), ...Object.fromEntries(Object.entries(summary.test ?? {}).map(([k, v]) => [`test ${k}`, number(v)])),
      }).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]));
      process.stdout.write(`${facts.map(([k, v]) => `${k.padEnd(16)}${v}\n`).join('')}\n`);
      const epochs = events.flatMap((e) => (e.event === 'epoch' ? [[String(e.training + 1), String(e.epoch), e.loss.toFixed(5), e.val_loss.toFixed(5), number(e.metrics?.accuracy), e.seconds.toFixed(1)]] : []));
      if (epochs.length > 0) process.stdout.write(alignedTable([['training', 'epoch', 'loss', 'val_loss', 'accuracy', 's'], ...epochs]));
      process.stdout.write(`\n${Object.entries(config).map(([k, v]) => `${k}: ${typeof v === 'object' ? JSON.stringify(v) : String(v)}\n`).join('')}`);
      if (summary.status === 'interrupted' || summary.status === 'killed' || summary.status === 'failed') new StageConsole(o.quiet).say(`\ngo on with: ${invocation(summary.stage)} --resume ${summary.id}${o.logdir === 'logdir' ? '' : ` --logdir ${o.logdir}`}`);
    }
  },
};

const compare: Stage = {
  command: 'compare <runs..>',
  describe: 'runs side by side: results, and the settings in which they differ',
  options: RUNS_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...RUNS_OPTIONS, ...COMMON_OPTIONS }, given);
    const { compareRuns, findRun, readConfigSnapshot, summariseRun } = await import('../deeplog/training/index.js');
    const { UsageError } = await import('../deeplog/common/index.js');
    if (named(given).length < 2) throw new UsageError('Name two runs or more. "deeplog runs list" shows which there are.');
    const runs = await Promise.all(named(given).map(async (name) => {
      const folder = await findRun(o.logdir, name);
      return { summary: await summariseRun(folder), config: await readConfigSnapshot(folder) };
    }));
    const rows = compareRuns(runs);
    if (o.json) return print({ runs: runs.map((r) => r.summary.id), rows });
    process.stdout.write(alignedTable([['', ...runs.map((r) => r.summary.id)], ...rows.map((r) => [(r.setting ? '--' : '') + r.name, ...r.values])]));
  },
};

const remove: Stage = {
  command: 'rm <runs..>',
  describe: 'delete run folders',
  options: RUNS_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...RUNS_OPTIONS, ...COMMON_OPTIONS }, given);
    const { findRun, removeRun } = await import('../deeplog/training/index.js');
    // All are found before any is deleted: a name that is wrong changes nothing.
    const folders = await Promise.all(named(given).map((name) => findRun(o.logdir, name)));
    for (const folder of folders) await removeRun(folder);
    if (o.json) return print({ removed: folders });
    for (const folder of folders) new StageConsole(o.quiet).say(`removed ${folder}`);
  },
};

export const runsStage: StageGroup = { command: 'runs', group: 'Look at trainings', describe: 'list, show, compare and delete training runs', stages: [list, show, compare, remove] };

runIfMain(import.meta.url, runsStage);
