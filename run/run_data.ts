// The data sets: which are known, which are here; and a small sample that the project makes itself.
//   npx deeplog data list
//   npx deeplog data generate --output_path artifacts/sample
import { existsSync } from 'node:fs';
import path from 'node:path';
import { COMMON_OPTIONS, formatCount, invocation, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

const FAULTS = ['missing_step', 'wrong_order', 'unknown_event', 'early_end', 'retry_storm'] as const;
const VALUE_FAULTS = ['slow_step', 'outlying_value'] as const;

export const DATA_OPTIONS = {
  data_dir: { type: 'string', group: 'Data', describe: 'folder of the named data sets (default: $DEEPLOG_DATA, else data)' },
  output_path: { type: 'string', group: 'Sample', default: 'artifacts/sample', describe: 'folder for sample.log and labels.csv' },
  sessions: { type: 'integer', group: 'Sample', default: 3000, min: 10, max: 10000000, describe: 'sessions to simulate' },
  anomaly_share: { type: 'number', group: 'Sample', default: 0.04, min: 0, max: 1, describe: 'share of sessions with a planted fault' },
  faults: { type: 'strings', group: 'Sample', default: FAULTS, choices: [...FAULTS, ...VALUE_FAULTS], describe: `which faults to plant: ${[...FAULTS, ...VALUE_FAULTS].join(', ')}` },
  overwrite: { type: 'boolean', group: 'Sample', default: false, describe: 'replace a sample that is there' },
  seed: { type: 'integer', group: 'Sample', default: 1, min: 0, describe: 'the same seed gives the same log' },
} as const satisfies OptionSpecs;

export const dataStage: Stage = {
  command: 'data [action]', group: 'Start',
  describe: 'list data sets, or generate a sample log (action: list, generate)',
  options: DATA_OPTIONS,
  examples: [['$0 data list', 'what is known, what is here'], ['$0 data generate', 'a simulated log with labels']],
  async run(given) {
    const { UsageError } = await import('../deeplog/common/index.js');
    const o = resolveOptions({ ...DATA_OPTIONS, ...COMMON_OPTIONS }, given);
    if (given.action === 'list' || given.action === undefined) return list(o.data_dir ?? (process.env.DEEPLOG_DATA || 'data'));
    if (given.action !== 'generate') throw new UsageError(`data ${String(given.action)}: there is no such action. Use list or generate.`);
    const { simulateBlockStore } = await import('../deeplog/simulator/index.js');
    const { writeAtomic } = await import('../deeplog/artifacts/index.js');
    if (!o.overwrite && existsSync(path.join(o.output_path, 'sample.log'))) throw new UsageError(`${o.output_path}/sample.log is there already. Add --overwrite to replace it, or choose another --output_path.`);
    const { lines, labels } = simulateBlockStore({ sessions: o.sessions, anomalyShare: o.anomaly_share, seed: o.seed, faults: [...FAULTS, ...VALUE_FAULTS].filter((f) => o.faults.includes(f)) });
    await writeAtomic(path.join(o.output_path, 'sample.log'), `${lines.join('\n')}\n`);
    await writeAtomic(path.join(o.output_path, 'labels.csv'), `BlockId,Label\n${labels.map((l) => `${l.key},${l.fault === null ? 'Normal' : 'Anomaly'}\n`).join('')}`);
    const console = new StageConsole(o.quiet);
    console.say(`generated ${formatCount(lines.length)} lines of ${formatCount(labels.length)} sessions, ${labels.filter((l) => l.fault !== null).length} with a planted fault (seed ${o.seed})`);
    console.say(`written: ${o.output_path}/sample.log, labels.csv`);
    console.say(`next: ${invocation('drain')} ${existsSync('drain3.ini') ? '' : '--system hdfs '}--input_file ${o.output_path}/sample.log --label_file ${o.output_path}/labels.csv`);
  },
};

const SETS = [
  { name: 'hdfs', protocols: 'hdfs-chrono, hdfs-chrono-40, hdfs-random, hdfs-4855', files: ['hdfs/sessions.txt.gz', 'hdfs/labels.txt.gz'], what: 'HDFS_v1: event ids of 575,061 blocks, 11,167,963 events' },
  { name: 'hdfs-raw', protocols: 'hdfs-raw', files: ['hdfs/HDFS_2percent.log.gz', 'hdfs/anomaly_label.csv.gz'], what: 'HDFS_v1: 222,579 raw lines of 11,501 blocks' },
  { name: 'bgl', protocols: 'bgl-chrono, bgl-random', files: ['bgl/content_keys_stream.txt.gz', 'bgl/window20_stride10_labels.txt.gz'], what: 'BGL: event id of 4,746,210 lines in time order' },
];

function list(dataDir: string): void {
  process.stdout.write(`data sets under ${dataDir} (set --data_dir or DEEPLOG_DATA)\n`);
  for (const set of SETS) {
    const missing = set.files.filter((f) => !existsSync(path.join(dataDir, f)));
    process.stdout.write(`\n${set.name.padEnd(9)} ${missing.length === 0 ? 'here' : `missing ${missing.join(', ')}`}\n          ${set.what}\n          protocols: ${set.protocols}\n`);
  }
  process.stdout.write('\nThe raw sets are published by Loghub on Zenodo (HDFS_v1, BGL); cite them when you use them.\n');
}

runIfMain(import.meta.url, dataStage);
