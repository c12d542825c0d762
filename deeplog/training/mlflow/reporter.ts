import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, writeJson } from '../../artifacts/index.js';
import { messageOf } from '../../common/index.js';
import type { Reporter } from '../reporter.js';
import type { Closable, RunPlace } from '../runs/index.js';
import { MlflowClient, MOST_METRICS, MOST_PARAMS, type KeyValue, type MlflowMetric } from './client.js';

export interface MlflowOptions {
  readonly uri: string;
  readonly experiment: string;
  readonly stage: string;
  /** Told once of each kind of failure: tracking is never worth a training. */
  warn(message: string): void;
}

/** Of a long training's steps so many are sent. */
const MOST_STEPS = 2000;
const FAILURES_BEFORE_GIVING_UP = 3;
/** The end of a run waits no longer for a server. */
const MOST_WAIT_AT_END_MS = 10_000;
const STATUS = { finished: 'FINISHED', failed: 'FAILED', interrupted: 'KILLED' } as const;

/**
 * Sends a run to an MLflow tracking server: settings as params, losses and metrics by step. Requests go out one after the other beside the
 * training; a failure is said and the training goes on. A resumed run goes on with the server's run, whose id is in mlflow.json.
 */
export function mlflowReporter(options: MlflowOptions, place: RunPlace): Reporter & Closable {
  const client = new MlflowClient(options.uri);
  const idFile = path.join(place.folder, 'mlflow.json');
  let runId: string | null = null;
  let failures = 0;
  let waiting: MlflowMetric[] = [];
  let queue: Promise<void> = Promise.resolve();

  const enqueue = (work: () => Promise<void>): void => {
    queue = queue.then(async () => {
      if (failures >= FAILURES_BEFORE_GIVING_UP) return;
      try {
        await work();
        failures = 0;
      } catch (error) {
        failures++;
        if (failures === 1) options.warn(`MLflow: ${messageOf(error)}; the training goes on`);
        if (failures === FAILURES_BEFORE_GIVING_UP) options.warn(`MLflow: ${failures} requests failed in a row; nothing more is sent of this run. Its folder has everything: ${place.folder}`);
      }
    });
  };
  const started = async (): Promise<string> => {
    if (runId !== null) return runId;
    if (place.resumed && existsSync(idFile)) {
      const known = (await readJson(idFile)) as { uri?: string; run_id?: string };
      if (known.uri === options.uri && typeof known.run_id === 'string') {
        await client.updateRun(known.run_id, 'RUNNING');
        return (runId = known.run_id);
      }
    }
    const id = await client.createRun(await client.experiment(options.experiment), place.id, [{ key: 'mlflow.source.name', value: `deeplog ${options.stage}` }, { key: 'deeplog.run', value: place.id }]);
    const params = Object.entries(place.config).map(([key, value]): KeyValue => ({ key, value: typeof value === 'string' ? value : JSON.stringify(value) }));
    for (let at = 0; at < params.length; at += MOST_PARAMS) await client.logBatch(id, [], params.slice(at, at + MOST_PARAMS));
    await writeJson(idFile, { schema: 'deeplog.mlflow/1', uri: options.uri, run_id: id });
    return (runId = id);
  };
  const flush = (): void => {
    for (let at = 0; at < waiting.length; at += MOST_METRICS) {
      const metrics = waiting.slice(at, at + MOST_METRICS);
      enqueue(async () => client.logBatch(await started(), metrics, []));
    }
    waiting = [];
  };
  let trainings = 0;
  let prefix = '';
  let every = 1;
  let step = 0;
  const add = (key: string, value: number | null): void => {
    // The interface has no way to say what is no number.
    if (value !== null && Number.isFinite(value)) waiting.push({ key: prefix + key, value, timestamp: Date.now(), step });
  };
  enqueue(async () => { await started(); });
  return {
    training(r) {
      prefix = trainings++ === 0 ? '' : `${r.model.replace(/[^\w .\-/]/g, '_')}/`;
      every = Math.max(1, Math.ceil((r.steps * r.maxEpochs) / MOST_STEPS));
    },
    step(r) {
      step = r.globalStep;
      if (step % every !== 0) return;
      add('train/step_loss', r.loss);
      if (waiting.length >= MOST_METRICS) flush();
    },
    epoch(r) {
      step = r.globalStep;
      add('train/loss', r.loss);
      add('val/loss', r.validationLoss);
      add('train/learning_rate', r.learningRate);
      for (const [name, value] of Object.entries(r.metrics ?? {})) add(`val/${name}`, value);
      flush();
    },
    evaluation(r) {
      for (const [name, value] of Object.entries(r.metrics)) add(`${r.name}/${name}`, value);
      flush();
    },
    async close(status) {
      flush();
      enqueue(async () => client.updateRun(await started(), STATUS[status]));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => { timer = setTimeout(resolve, MOST_WAIT_AT_END_MS, 'late'); });
      if ((await Promise.race([queue, late])) === 'late') options.warn(`MLflow: ${options.uri} is too slow; the end of the run was not waited for`);
      clearTimeout(timer);
    },
  };
}
