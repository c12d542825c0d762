import { UsageError } from '../common/index.js';
import { resolveOptions, type Layer, type OptionSpecs, type Values } from './options.js';

/** Flags of every stage that trains: what is kept of the run, and how it goes on. */
export const RUN_OPTIONS = {
  logdir: { type: 'string', group: 'Run', default: 'logdir', describe: 'the run folder is <logdir>/<stage>/<run>; "none" keeps no record' },
  out_tensorboard_path: { type: 'string', group: 'Run', describe: "TensorBoard's event files go to <this>/<stage>/<run>/ (default: the run folder)" },
  resume: { type: 'string', group: 'Run', describe: 'go on with this run (id, folder, or "latest") where it was interrupted' },
  checkpoint_seconds: { type: 'number', group: 'Run', default: 120, min: 0, describe: 'a checkpoint after so many seconds within an epoch, besides the one after each epoch' },
  histograms: { type: 'string', group: 'Run', default: 'weights', choices: ['off', 'weights', 'gradients'], describe: 'histograms for TensorBoard after each epoch; gradients: weights, and gradients of one batch' },
  mlflow_uri: { type: 'string', group: 'Run', describe: 'an MLflow tracking server to send the run to, e.g. http://127.0.0.1:5000 (default: none)' },
  mlflow_experiment: { type: 'string', group: 'Run', default: 'deeplog', describe: "the server's experiment, made where there is none" },
  json: { type: 'boolean', group: 'Run', default: false, describe: 'print every event of the training as a line of JSON' },
} as const satisfies OptionSpecs;

type Change = 'free' | 'warned' | 'refused';

/**
 * What may be another flag when a run goes on. Flags that say what is learned from, by what network and in what order are refused, and so is any
 * that is not named here; docs/runs.md has the same table.
 */
const CHANGES: Readonly<Record<string, Change>> = {
  output_path: 'free', overwrite: 'free', max_epochs: 'free', logdir: 'free', out_tensorboard_path: 'free', checkpoint_seconds: 'free', histograms: 'free', mlflow_uri: 'free', mlflow_experiment: 'free',
  resume: 'free', config: 'free', quiet: 'free', json: 'free', debug: 'free', target_fpr: 'free',
  engine: 'warned', backend: 'warned', threads: 'warned', learning_rate: 'warned', early_stop: 'warned',
};
const NOT_KEPT = new Set(['resume', 'config', 'quiet', 'json', 'debug']);

/** The flags that a run keeps in config.yaml. */
export function snapshotOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => value !== undefined && !NOT_KEPT.has(name)));
}

/** Which run a stage's flags belong to, where they go on with one. */
export interface ResumedRun {
  readonly folder: string;
  /** Flags that are not as they were. */
  readonly changed: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/** What {@link resolveRunOptions} found, by the resolved flags: {@link withRun} asks for it, so that stages need not hand it on. */
const resumed = new WeakMap<object, ResumedRun>();

export function resumedRun(options: object): ResumedRun | undefined {
  return resumed.get(options);
}

/**
 * A training stage's flags. With --resume those of the run are taken, and the ones given are compared with them.
 * @param layers as resolveOptions takes them; a resumed run has its values already
 * @throws UsageError when a flag is changed that must not be; DataError when there is no such run
 */
export async function resolveRunOptions<S extends OptionSpecs>(stage: string, specs: S, given: Readonly<Record<string, unknown>>, layers: (config: Readonly<Record<string, unknown>>) => readonly Layer[] = () => []): Promise<Values<S>> {
  if (typeof given.resume !== 'string') return resolveOptions(specs, given, layers);
  const { findRun } = await import('../training/index.js');
  const logdir = typeof given.logdir === 'string' ? given.logdir : 'logdir';
  const folder = await findRun(logdir, given.resume, stage);
  const config = `${folder}/config.yaml`;
  const before: Readonly<Record<string, unknown>> = resolveOptions(specs, { config });
  const options = resolveOptions(specs, given, () => [{ name: config, values: snapshotOf(before) }]);
  const changed = Object.fromEntries(Object.entries(options).filter(([name, value]) => !NOT_KEPT.has(name) && JSON.stringify(value) !== JSON.stringify(before[name])));
  const refused = Object.keys(changed).find((name) => (CHANGES[name] ?? 'refused') === 'refused');
  if (refused !== undefined) throw new UsageError(`--${refused} ${String(changed[refused])} cannot be given to --resume: the run began with ${String(before[refused] ?? 'none')}, and its curve would be another's. Leave it out, or start a new run with --config ${config}.`);
  const warnings = Object.keys(changed).filter((name) => CHANGES[name] === 'warned').map((name) => `--${name} is ${String(changed[name])} from here on; the run began with ${String(before[name] ?? 'none')}`);
  resumed.set(options, { folder, changed, warnings });
  return options;
}
