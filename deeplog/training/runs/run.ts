import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { AppendFile, newRunId, readManifest, writeAtomic, writeManifest } from '../../artifacts/index.js';
import { DataError, messageOf } from '../../common/index.js';
import type { EngineInfo } from '../../engine/index.js';
import { combineReporters, type Reporter } from '../reporter.js';
import { eventReporter, type RunEvent } from './events.js';
import { FolderCheckpoints } from './folder_checkpoints.js';
import { stageFolder } from './find_runs.js';
import { linesUpTo, parseEvents, secondsWorked } from './metrics_file.js';
import { readState, statusOf, thisProcess, writeState, type RunState } from './run_state.js';

export interface RunOptions {
  readonly stage: string;
  readonly command: string;
  /** The stage's resolved flags, as they go into config.yaml. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly engine: EngineInfo;
  /** Where the stage writes its result. */
  readonly outputPath: string | null;
  /** A checkpoint within an epoch after this many seconds; one is kept after each epoch in any case. */
  readonly checkpointSeconds: number;
  readonly gradients: boolean;
  /** Further reporters that belong to this run, for its folder and id. */
  reporters?(run: RunPlace): readonly (Reporter & Closable)[];
  /** Told of every event that goes into metrics.jsonl. */
  onEvent?(event: RunEvent): void;
}

/** Which run a reporter is for. */
export interface RunPlace {
  readonly id: string;
  readonly folder: string;
  /** Where its event files go. */
  readonly tensorboard: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly resumed: boolean;
}

/** A reporter that holds something open. */
export interface Closable {
  close?(status: 'finished' | 'interrupted' | 'failed'): void | Promise<void>;
}

/**
 * A run folder `logdir/<stage>/<id>/` while a stage works on it: config.yaml, run.json, metrics.jsonl, checkpoints/, event files, and at the
 * very end manifest.json. Its reporter is handed to the trainer, and keeps all of them.
 */
export class Run {
  private closed = false;
  private trained = false;

  private constructor(
    readonly folder: string,
    readonly reporter: Reporter,
    private readonly checkpoints: FolderCheckpoints,
    private state: RunState,
    private readonly options: RunOptions,
    private readonly metrics: AppendFile,
    private readonly further: readonly (Reporter & Closable)[],
    private readonly emit: (event: RunEvent) => void,
    private readonly startedAt: number,
  ) {}

  get id(): string {
    return this.state.id;
  }

  /** How far the last checkpoint goes, in words; null where nothing has been kept. */
  get lastCheckpoint(): string | null {
    return this.checkpoints.latest;
  }

  /** A new run. @throws DataError when the folder cannot be made. */
  static async start(logdir: string, tensorboard: string, options: RunOptions): Promise<Run> {
    const id = newRunId();
    const folder = path.join(logdir, stageFolder(options.stage), id);
    try {
      await mkdir(path.dirname(folder), { recursive: true });
      await mkdir(folder);
    } catch (error) {
      throw new DataError(`${folder}: the run folder cannot be made (${messageOf(error)}). Choose another --logdir, or "none" to keep no record.`);
    }
    await writeConfig(folder, options);
    const state: RunState = {
      schema: 'deeplog.run/1', id, stage: options.stage, created: new Date().toISOString(), command: options.command, ...thisProcess(), status: 'running', message: null, engine: options.engine,
      tensorboard: tensorboard === logdir ? null : path.join(tensorboard, stageFolder(options.stage), id), output_path: options.outputPath, resumed: [],
    };
    return Run.open(folder, state, options, false, '');
  }

  /** Goes on with an unfinished run. @throws DataError when it is finished, or another process works on it. */
  static async resume(folder: string, changed: Readonly<Record<string, unknown>>, options: RunOptions): Promise<Run> {
    const before = await readState(folder);
    const status = statusOf(before);
    if (existsSync(path.join(folder, 'manifest.json'))) throw new DataError(`${folder}: is a finished run; there is nothing to go on with. Start a new one with --config ${folder}/config.yaml.`);
    if (status === 'running') throw new DataError(`${folder}: process ${before.pid} is at work on it. Wait for it, or stop it first.`);
    if (before.stage !== options.stage) throw new DataError(`${folder}: is a run of ${before.stage}, not of ${options.stage}.`);
    const state: RunState = { ...before, ...thisProcess(), status: 'running', message: null, engine: options.engine, output_path: options.outputPath, resumed: [...before.resumed, { time: new Date().toISOString(), command: options.command, changed }] };
    await removeHalfWritten(path.join(folder, 'checkpoints'));
    // With what was changed: the snapshot is of the run as it went on. run.json has what it began with, and when it changed.
    await writeConfig(folder, options);
    return Run.open(folder, state, options, true, await linesUpTo(folder));
  }

  private static async open(folder: string, state: RunState, options: RunOptions, resumed: boolean, kept: string): Promise<Run> {
    await writeState(folder, state);
    // What was worked before counts as this run's time, the pause does not.
    const startedAt = performance.now() - 1000 * secondsWorked(parseEvents(kept));
    const file = path.join(folder, 'metrics.jsonl');
    await writeAtomic(file, kept);
    const metrics = new AppendFile(file, Buffer.byteLength(kept));
    const emit = (event: RunEvent): void => {
      metrics.append(`${JSON.stringify(event)}\n`);
      if (event.event !== 'step') metrics.flush();
      if (event.event === 'training') run.trained = true;
      options.onEvent?.(event);
    };
    const checkpoints = new FolderCheckpoints(path.join(folder, 'checkpoints'), resumed, options.checkpointSeconds);
    const further = options.reporters?.({ id: state.id, folder, tensorboard: state.tensorboard ?? folder, config: options.config, resumed }) ?? [];
    const keeper: Reporter = { ...eventReporter(emit), checkpoints, gradients: options.gradients };
    const run = new Run(folder, combineReporters([keeper, ...further]), checkpoints, state, options, metrics, further, emit, startedAt);
    emit({ event: 'start', time: Date.now(), run: state.id, stage: state.stage, folder, engine: state.engine, resumed });
    return run;
  }

  /** The stage is done: closes everything and writes the manifest. The inputs are those of the stage's result. */
  async finish(): Promise<void> {
    const { outputPath, config, seed, engine, stage } = this.options;
    const inputs = outputPath !== null && existsSync(path.join(outputPath, 'manifest.json')) ? (await readManifest(outputPath)).inputs : {};
    await this.end('finished', null);
    await writeManifest(this.folder, { stage, startedAt: this.startedAt, options: config, seed, engine, inputs, extra: { run: this.id, output_path: outputPath, resumed: this.state.resumed.length } });
  }

  /** The stage ended otherwise; the run can be taken up again. Never throws: there is an error to tell of already. */
  async stop(status: 'interrupted' | 'failed', message: string): Promise<void> {
    await this.end(status, message).catch(() => undefined);
  }

  /** After {@link stop}: takes the run's folders away where no training had begun. Never throws. */
  async removeIfUntrained(): Promise<void> {
    if (this.trained) return;
    for (const folder of [this.folder, this.state.tensorboard]) if (folder !== null) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }

  private async end(status: 'finished' | 'interrupted' | 'failed', message: string | null): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const failures: unknown[] = [];
    const attempt = async (work: () => unknown): Promise<void> => { try { await work(); } catch (error) { failures.push(error); } };
    for (const reporter of this.further) await attempt(() => reporter.close?.(status));
    await attempt(() => this.emit({ event: 'end', time: Date.now(), status, message }));
    await attempt(() => this.metrics.close());
    this.state = { ...this.state, status, message };
    await attempt(() => writeState(this.folder, this.state));
    if (failures.length > 0) throw failures[0];
  }
}

/** Temporary files of a process that was killed while it wrote a checkpoint. */
async function removeHalfWritten(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) if (/\.[0-9a-f]{8}\.tmp$/.test(name)) await rm(path.join(folder, name), { force: true });
}

async function writeConfig(folder: string, options: RunOptions): Promise<void> {
  const heading = `# The resolved settings of this run. "deeplog ${options.stage} --config ${folder}/config.yaml" runs it again.\n`;
  await writeAtomic(path.join(folder, 'config.yaml'), heading + stringify(options.config, { lineWidth: 0 }));
}
