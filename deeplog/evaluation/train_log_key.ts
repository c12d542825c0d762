import { cp } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, readManifest, writeJson, writeManifest } from '../artifacts/index.js';
import { DeepLogKeys, LOG_KEY_NETWORK, tableSource, type DeepLogKeysOptions } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import { fileOf, FORMATS, writeFormats, type Format } from '../export/index.js';
import { PART, writeSplit, type SessionSet } from '../sequences/index.js';
import type { Reporter } from '../training/index.js';
import { customTask, type CustomTaskOptions } from './custom_task.js';
import { countAlerts, evaluate, scoreDistinct, type Evaluation } from './evaluate.js';
import type { Task } from './protocols.js';
import { reportEvaluation } from './run_evaluation.js';
import { onlyUnknownAlert, stillFalling, tooFewNormals } from './training_hints.js';

export interface TrainLogKeyOptions extends CustomTaskOptions {
  readonly inputFile: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly targetFpr: number;
  readonly model: DeepLogKeysOptions;
  /** Files for other runtimes to write beside the weights; none when absent. */
  readonly formats?: readonly Format[];
  readonly flags: Readonly<Record<string, unknown>>;
  onData?(set: SessionSet, task: Task): void;
}

export interface TrainedLogKey {
  readonly task: Task;
  readonly detector: DeepLogKeys;
  readonly evaluation: Evaluation;
  readonly hitAtK: readonly number[];
  /** Sessions of the test part above the threshold. */
  readonly alerts: number;
  readonly warnings: readonly string[];
}

/**
 * The log-key stage: sessions → split → model → g from validation normals → verdicts on the test part → model folder. The test
 * part is read once, at the end.
 * @throws InterruptedError when `signal` fires
 */
export async function trainLogKey(options: TrainLogKeyOptions, engine: Engine, report: Reporter, signal: AbortSignal): Promise<TrainedLogKey> {
  const startedAt = performance.now();
  const { outputPath, seed } = options;
  const { set, task } = await customTask(options);
  const { split } = task;
  await checkOutput(outputPath, options.overwrite);
  options.onData?.(set, task);
  const detector = new DeepLogKeys({ ...options.model, predictEnd: options.model.predictEnd && set.complete });
  const validation = tableSource(set.table, split, PART.validation);
  await detector.fit(tableSource(set.table, split, PART.train), validation, { seed, engine: () => Promise.resolve(engine), report, signal });
  const scores = await scoreDistinct(detector, task, [PART.validation, PART.test]);
  const evaluation = evaluate(task, scores, detector, options.targetFpr);
  reportEvaluation(report, task, scores, evaluation);
  const hitAtK = await detector.hitAtK(validation);

  await openOutput(outputPath, ['parser.json', 'parser_state.json', 'templates.json', 'checkpoint', ...FORMATS.map((f) => fileOf(LOG_KEY_NETWORK, f))]);
  await detector.save(outputPath);
  const { description } = await writeFormats(detector, outputPath, options.formats ?? []);
  const config = (await readJson(path.join(outputPath, 'config.json'))) as object;
  await writeJson(path.join(outputPath, 'config.json'), { ...config, threshold: evaluation.threshold, g: evaluation.threshold, target_fpr: options.targetFpr, export: description });
  await writeSplit(path.join(outputPath, 'split.arrow'), split);
  await writeJson(path.join(outputPath, 'metrics.json'), {
    schema: 'deeplog.log_key_metrics/1', test: evaluation, validation_hit_at_k: hitAtK, best_epoch: detector.training?.bestEpoch, stopped: detector.training?.stopped, history: detector.training?.history,
    limits: evaluation.at_target_fpr === null ? [] : tooFewNormals(task, options.targetFpr),
  });
  await copyParser(options.inputFile, outputPath);
  await writeManifest(outputPath, {
    stage: 'log-key', startedAt, options: options.flags, seed, engine: engine.info, inputs: await hashInputs([...set.files]),
    extra: { split_sha256: split.sha256, fit_seconds: detector.training?.seconds ?? null },
  });
  return { task, detector, evaluation, hitAtK, alerts: countAlerts(task, scores, evaluation.threshold), warnings: warningsFor(task, evaluation, detector, options) };
}

/** What a model needs to read new logs of the same kind: the parser's state and the settings it was made with. */
export async function copyParser(input: string, outputPath: string): Promise<void> {
  const folder = statSync(input).isDirectory() ? input : path.dirname(input);
  const state = path.join(folder, 'drain_state.json');
  if (!existsSync(state) || !existsSync(path.join(folder, 'manifest.json'))) return;
  const manifest = await readManifest(folder);
  await cp(state, path.join(outputPath, 'parser_state.json'));
  await cp(path.join(folder, 'templates.json'), path.join(outputPath, 'templates.json'));
  await writeJson(path.join(outputPath, 'parser.json'), { schema: 'deeplog.parser/1', options: manifest.options, records: manifest.records ?? null });
}

function warningsFor(task: Task, evaluation: Evaluation, detector: DeepLogKeys, options: TrainLogKeyOptions): string[] {
  return [
    ...task.notes,
    ...(evaluation.at_target_fpr === null ? [] : tooFewNormals(task, options.targetFpr)),
    ...stillFalling(detector.training, options.model.maxEpochs, `${detector.trainingWindows} distinct windows make`),
    ...(detector.options.score === 'rank' ? onlyUnknownAlert('g', evaluation.threshold, detector.vocabularySize) : []),
  ];
}
