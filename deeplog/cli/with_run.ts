import { DataError, UsageError } from '../common/index.js';
import type { Reporter, RunEvent, RunOptions, RunPlace } from '../training/index.js';
import { formatSeconds, type StageConsole } from './console.js';
import { commandOf, invocation } from './invocation.js';
import type { OptionSpecs } from './options.js';
import { resumedRun, snapshotOf } from './run_options.js';
import { interruptSignal, trainingReporter } from './training_console.js';

/** The flags of {@link RUN_OPTIONS} that a run is made of, with those it shares with every stage. */
type RunFlags = Readonly<Record<string, unknown>> & {
  readonly logdir: string;
  readonly out_tensorboard_path?: string;
  readonly checkpoint_seconds: number;
  readonly histograms: string;
  readonly json: boolean;
  readonly mlflow_uri?: string;
  readonly mlflow_experiment: string;
  readonly seed: number;
  readonly output_path: string;
  readonly overwrite: boolean;
};

export interface RunContext {
  /** As on the command line: `log-key`, or `logbert train`. */
  readonly stage: string;
  readonly specs: OptionSpecs;
  /** From resolveRunOptions. */
  readonly options: RunFlags;
  readonly console: StageConsole;
  readonly engine: { readonly info: RunOptions['engine'] };
}

/** What a stage hands to its trainer. */
export interface RunHandle {
  readonly report: Reporter;
  /** Fires on the first Ctrl-C; the trainer finishes its step, keeps a checkpoint and throws InterruptedError. */
  readonly signal: AbortSignal;
}

/**
 * Trains within a run folder: the trainer gets a reporter that shows progress and keeps metrics, event files and checkpoints, and a signal.
 * Whatever it throws is told with how to go on; when it returns the run gets its manifest. With `--logdir none` nothing is kept.
 */
export async function withRun<T>(context: RunContext, train: (run: RunHandle) => Promise<T>): Promise<T> {
  const { console, options, specs, stage } = context;
  // What the stage would refuse in the end is refused before there is a run folder.
  const { checkOutput } = await import('../artifacts/index.js');
  await checkOutput(options.output_path, options.overwrite);
  const { combineReporters, eventReporter, InterruptedError, DivergedError, mlflowReporter, Run, tensorboardReporter } = await import('../training/index.js');
  if (options.mlflow_uri !== undefined && !/^https?:\/\/[^/]/.test(options.mlflow_uri)) throw new UsageError(`--mlflow_uri is ${JSON.stringify(options.mlflow_uri)}; it must be the address of a server, e.g. http://127.0.0.1:5000.`);
  const signal = interruptSignal(console);
  const shown = trainingReporter(console);
  const resuming = resumedRun(options);
  const print = (event: RunEvent): void => { if (options.json) process.stdout.write(`${JSON.stringify(event)}\n`); };
  if (options.logdir === 'none' && resuming === undefined) return train({ report: combineReporters([shown, eventReporter(print)]), signal });
  const runOptions = {
    stage, command: commandOf(stage, specs, changedFlags(specs, options)), config: snapshotOf(options), seed: options.seed, engine: context.engine.info, outputPath: options.output_path,
    checkpointSeconds: options.checkpoint_seconds, gradients: options.histograms === 'gradients', onEvent: print,
    reporters: (place: RunPlace) => [
      tensorboardReporter({ folder: place.tensorboard, run: place.id, config: place.config, histograms: options.histograms !== 'off' }),
      ...(options.mlflow_uri === undefined ? [] : [mlflowReporter({ uri: options.mlflow_uri, experiment: options.mlflow_experiment, stage, warn: (message) => console.warn(message) }, place)]),
    ],
  };
  for (const warning of resuming?.warnings ?? []) console.warn(warning);
  const run = resuming === undefined ? await Run.start(options.logdir, options.out_tensorboard_path ?? options.logdir, runOptions) : await Run.resume(resuming.folder, resuming.changed, runOptions);
  let named = false;
  const say: Reporter = {
    ...shown,
    training(r) {
      if (!named) console.say(`run: ${run.folder}${resuming === undefined ? '' : ' (resumed)'}`);
      named = true;
      shown.training?.(r);
    },
  };
  const started = performance.now();
  try {
    const result = await train({ report: combineReporters([say, run.reporter]), signal });
    console.clear();
    await run.finish();
    return result;
  } catch (error) {
    console.clear();
    const goOn = `${invocation(stage)} --resume ${run.id}${options.logdir === 'logdir' ? '' : ` --logdir ${options.logdir}`}`;
    if (error instanceof InterruptedError) {
      error.message += `, ${formatSeconds((performance.now() - started) / 1000)} into the run; go on with: ${goOn}`;
    } else if (error instanceof DivergedError) {
      error.message += `. Go on from there with another rate: ${goOn} --learning_rate …`;
    } else if (error instanceof DataError && run.lastCheckpoint !== null) {
      error.message += ` The last checkpoint is whole: ${run.lastCheckpoint}. Go on with: ${goOn}`;
    }
    await run.stop(error instanceof InterruptedError ? 'interrupted' : 'failed', error instanceof Error ? error.message : String(error));
    // Bad input is no run: there is nothing to list, compare or go on with.
    if (resuming === undefined && (error instanceof DataError || error instanceof UsageError)) await run.removeIfUntrained();
    throw error;
  }
}

function changedFlags(specs: OptionSpecs, options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => name in specs && JSON.stringify(value) !== JSON.stringify(specs[name].default)));
}
