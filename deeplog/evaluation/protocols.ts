import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeVersion, hashInputs, hashOfValue } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import { drainSettings, runDrain, type DrainFlags } from '../sessions/index.js';
import { ABNORMAL, NORMAL, readEventStream, readLabelLines, readSequenceFile, readSessionSet, SessionTableBuilder, splitByCount, splitByShare, type SessionTable, type Split } from '../sequences/index.js';
import { contaminate } from './contamination.js';
import { customTask } from './custom_task.js';
import { boundaries, type Fold } from './rolling_origins.js';
import { variantName, type Variant } from './sweeps.js';
import type { TaskSpec } from './tasks.js';

export const PROTOCOL_IDS = ['hdfs-chrono', 'hdfs-chrono-40', 'hdfs-random', 'hdfs-4855', 'hdfs-raw', 'bgl-chrono', 'bgl-random', 'custom'] as const;
export type ProtocolId = (typeof PROTOCOL_IDS)[number];

/** Data and split of one protocol: everything a row must say about where its number comes from. */
export interface Task {
  readonly dataset: string;
  readonly protocol: ProtocolId;
  readonly unit: string;
  readonly table: SessionTable;
  readonly split: Split;
  readonly seed: number;
  /** Which of several origins; absent for the protocol's own split. */
  readonly fold?: Fold;
  /** What a sweep changed. */
  readonly variant?: Variant;
  /** Sessions end by themselves: their end can be predicted. */
  readonly complete: boolean;
  /** What a reader of the number should know. */
  readonly notes: readonly string[];
  readonly files: readonly string[];
  /** The drain_result folder that it was read from, with lines, times and parameters; absent where a set has event ids only. */
  readonly folder?: string;
  /** Table of template texts of a set that has event ids only. */
  readonly templatesFile?: string;
}

export interface TaskOptions {
  readonly dataDir: string;
  readonly artifacts: string;
  readonly seed: number;
  /** For `custom`. */
  readonly inputFile?: string;
  readonly labelFile?: string;
  readonly trainRatio: number;
  readonly valRatio: number;
  readonly order: 'chronological' | 'random';
  readonly trainOn: 'normal' | 'all';
}

interface Loaded {
  readonly table: SessionTable;
  readonly files: readonly string[];
  readonly folder?: string;
  readonly templatesFile?: string;
}

const BGL_WINDOW = 20;
const BGL_STRIDE = 10;
/** Later windows hold templates that the source never named. */
const BGL_NAMED_WINDOWS = 390_150;

/** Loads the sets that protocols share once per run. */
export class Protocols {
  private readonly loaded = new Map<string, Promise<Loaded>>();

  constructor(private readonly options: Omit<TaskOptions, 'seed'>) {}

  /** @throws DataError when the set is not there, with where to get it; UsageError when a random split is to have several origins */
  async task(spec: TaskSpec): Promise<Task> {
    const { fold, variant } = spec;
    const task = { ...(await this.own(spec)), ...(fold === undefined ? {} : { fold }), ...(variant === undefined ? {} : { variant }) };
    if (variant?.kind !== 'contamination') return task;
    const { table, split, note } = contaminate(task.table, task.split, variant.share, spec.seed);
    return { ...task, table, split, notes: [...task.notes, note] };
  }

  private async own({ protocol, seed, fold, variant }: TaskSpec): Promise<Task> {
    const { trainOn } = this.options;
    const hdfs = { dataset: 'hdfs', protocol, unit: 'session', seed, complete: true };
    const chrono = (share: readonly [number, number], order: 'chronological' | 'random', table: SessionTable): Split =>
      splitByShare(table, { ...boundaries(protocol, order, share[0], share[1], fold), order, seed, trainOn });
    switch (protocol) {
      case 'hdfs-chrono':
      case 'hdfs-chrono-40': {
        const data = await this.once('hdfs', () => this.hdfs());
        return { ...hdfs, ...data, split: chrono(protocol === 'hdfs-chrono' ? [0.2, 0.3] : [0.4, 0.5], 'chronological', data.table), notes: [] };
      }
      case 'hdfs-random': {
        const data = await this.once('hdfs', () => this.hdfs());
        return { ...hdfs, ...data, split: chrono([0.2, 0.3], 'random', data.table), notes: ['random split of time-ordered data: sessions of the same minutes are on both sides'] };
      }
      case 'hdfs-4855': {
        const data = await this.once('hdfs', () => this.hdfs());
        boundaries(protocol, 'random', 0, 0, fold);
        return { ...hdfs, ...data, split: splitByCount(data.table, 4855, 4855, seed), notes: ['random split of time-ordered data, as in the literature'] };
      }
      case 'hdfs-raw': {
        const parser = variant?.kind === 'parser' ? variant : null;
        const data = await this.once(`hdfs-raw ${parser?.name ?? ''}`, () => this.hdfsRaw(parser));
        return { ...hdfs, dataset: 'hdfs-raw', ...data, split: chrono([0.3, 0.5], 'chronological', data.table), notes: ['the parser learned from the lines before the first validation session only', ...(parser === null ? [] : [`${variantName(parser)}: ${eventsOf(data.table)} different events`])] };
      }
      case 'bgl-chrono': {
        const data = await this.once('bgl-named', () => this.bgl(BGL_NAMED_WINDOWS));
        const split = splitByShare(data.table, { ...boundaries(protocol, 'chronological', 0.4, 0.5, fold), order: 'chronological', seed, trainOn, purgeSeams: true });
        return { dataset: 'bgl', protocol, unit: 'window20/10', seed, complete: false, ...data, split, notes: ['one window is left out at each seam'] };
      }
      case 'bgl-random': {
        const data = await this.once('bgl', () => this.bgl(Infinity));
        return { dataset: 'bgl', protocol, unit: 'window20/10', seed, complete: false, ...data, split: chrono([0.4, 0.5], 'random', data.table), notes: ['leaks: overlapping windows are on both sides of a random split; shown because the literature does it'] };
      }
      case 'custom': return (await customTask({ ...this.options, seed, ...(fold === undefined ? {} : { fold }) })).task;
      default: throw new UsageError(`There is no protocol ${String(protocol satisfies never)}.`);
    }
  }

  private once(name: string, load: () => Promise<Loaded>): Promise<Loaded> {
    let loading = this.loaded.get(name);
    if (loading === undefined) this.loaded.set(name, (loading = load()));
    return loading;
  }

  private file(...parts: string[]): string {
    const file = path.join(this.options.dataDir, ...parts);
    if (!existsSync(file)) throw new DataError(`${file}: this data set is not here. ${whereToGet(parts[0])} Then set --data_dir or DEEPLOG_DATA to the folder that holds ${parts[0]}/.`);
    return file;
  }

  private async hdfs(): Promise<Loaded> {
    const files = [this.file('hdfs', 'sessions.txt.gz'), this.file('hdfs', 'labels.txt.gz')];
    return { table: await readSequenceFile(files[0], files[1]), files, templatesFile: path.join(this.options.dataDir, 'hdfs', 'templates.tsv') };
  }

  private async bgl(limit: number): Promise<Loaded> {
    const files = [this.file('bgl', 'content_keys_stream.txt.gz'), this.file('bgl', 'window20_stride10_labels.txt.gz')];
    const stream = await readEventStream(files[0]);
    const labels = await readLabelLines(files[1]);
    const builder = new SessionTableBuilder();
    for (let k = 0; k < labels.length && k < limit; k++) {
      if (k * BGL_STRIDE + BGL_WINDOW > stream.length) throw new DataError(`${files[1]}: has ${labels.length} windows, more than ${files[0]} with ${stream.length} lines can hold.`);
      builder.add(stream, k * BGL_STRIDE, k * BGL_STRIDE + BGL_WINDOW, labels[k] === 1 ? ABNORMAL : NORMAL);
    }
    return { table: builder.build(), files, templatesFile: path.join(this.options.dataDir, 'bgl', 'content_keys.tsv') };
  }

  /**
   * Parses twice: once to learn where the first validation session begins, once learning from the lines before it only. What the same
   * code made of the same files is used again; of two processes that parse at once, the first to end puts its result in place.
   */
  private async hdfsRaw(parser: { readonly name: string; readonly flags: Partial<DrainFlags> } | null): Promise<Loaded> {
    const log = this.file('hdfs', 'HDFS_2percent.log.gz');
    const labels = this.file('hdfs', 'anomaly_label.csv.gz');
    const settings = { ...HDFS_FLAGS, ...parser?.flags };
    const made = hashOfValue([await codeVersion(), settings, Object.values(await hashInputs([log, labels]))]).slice(0, 12);
    const folder = path.join(this.options.artifacts, 'datasets', `hdfs-raw-${made}`);
    if (!existsSync(path.join(folder, 'manifest.json'))) {
      const output = `${folder}.${process.pid}.tmp`;
      const flags: DrainFlags = { ...settings, input_file: log, label_file: labels, output_path: output, overwrite: true };
      await runDrain(drainSettings(flags));
      const { table } = await readSessionSet(output);
      const boundary = table.details?.firstLines[Math.floor(table.size * 0.3)] ?? NaN;
      await runDrain(drainSettings({ ...flags, fit_until_line: boundary }));
      await rename(output, folder).catch(() => rm(output, { recursive: true }));
    }
    return { table: (await readSessionSet(folder)).table, files: [log, labels], folder };
  }
}

function eventsOf(table: SessionTable): number {
  const events = new Set<number>();
  for (let d = 0; d < table.distinct; d++) for (const e of table.sequence(d)) events.add(e);
  return events.size;
}

/** The settings of the shipped drain3.ini, so that a named protocol does not depend on the folder it is run in. */
const HDFS_FLAGS: Omit<DrainFlags, 'input_file' | 'output_path' | 'overwrite'> = {
  logformat: '<Date> <Time> <Pid> <Level> <Component>: <Content>', time_format: '%y%m%d %H%M%S', max_unparsed: 0.05, format: 'arrow',
  sim_th: 0.5, depth: 4, max_children: 100, parametrize_numeric_tokens: true, mask_prefix: '<', mask_suffix: '>',
  masking: [{ regex_pattern: 'blk_-?\\d+', mask_with: '*' }, { regex_pattern: '(\\d+\\.){3}\\d+(:\\d+)?', mask_with: '*' }],
  full_search: 'fallback', snapshot_interval_minutes: 60, compress_state: true, adapter_type: 'only_identifier', regex: 'blk_-?\\d+', size: 20, profiling: false, report_sec: 60,
};

function whereToGet(set: string): string {
  const sets: Record<string, string> = {
    hdfs: 'HDFS_v1 (11,167,963 events of 575,061 blocks; 1.5 GB unpacked) is published by Loghub on Zenodo. Its event ids per block belong in hdfs/sessions.txt.gz, a 0 or 1 per block in hdfs/labels.txt.gz; for hdfs-raw the log and its label csv in hdfs/HDFS_2percent.log.gz and hdfs/anomaly_label.csv.gz.',
    bgl: 'BGL (4,747,963 lines; 709 MB unpacked) is published by Loghub on Zenodo. Its event id per line belongs in bgl/content_keys_stream.txt.gz, a 0 or 1 per window of 20 lines every 10 in bgl/window20_stride10_labels.txt.gz.',
  };
  return sets[set] ?? '';
}
