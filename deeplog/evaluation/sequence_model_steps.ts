import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, readManifest, writeChunks, writeJson, writeManifest } from '../artifacts/index.js';
import { csvCell, DataError } from '../common/index.js';
import { loadDetector, tableSource, type Detector } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import { ABNORMAL, PART, UNLABELLED, Vocabulary, writeSplit } from '../sequences/index.js';
import type { Reporter, TrainResult } from '../training/index.js';
import { customTask } from './custom_task.js';
import { readDataSource, writeDataSource, type DataSource } from './data_source.js';
import { countAlerts, evaluate, scoreDistinct, type Evaluation } from './evaluate.js';
import { thresholdFor } from './metrics.js';
import type { Task } from './protocols.js';
import { onlyUnknownAlert, stillFalling, tooFewNormals } from './training_hints.js';
import { templateTexts } from './template_texts.js';
import { copyParser } from './train_log_key.js';

interface Step {
  /** As on the command line: `logbert vocab`. */
  readonly stage: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly flags: Readonly<Record<string, unknown>>;
}

export interface VocabularyResult {
  readonly task: Task;
  readonly vocabulary: Vocabulary;
  /** Keys of the training part that are too rare: they are read as unknown. */
  readonly rare: readonly number[];
}

/** First step: which sessions are for what, and the keys of the training part that occur at least `minCount` times. */
export async function makeVocabulary(options: Step & { readonly data: DataSource; readonly minCount: number }): Promise<VocabularyResult> {
  const startedAt = performance.now();
  const { data, minCount, outputPath, stage, flags } = options;
  await checkOutput(outputPath, options.overwrite);
  const { set, task } = await customTask(data);
  const counts = new Map<number, number>();
  for (const { session, count } of tableSource(task.table, task.split, PART.train).distinct()) for (const e of session.events) if (e !== 0) counts.set(e, (counts.get(e) ?? 0) + count);
  const known = [...counts].sort(([a], [b]) => a - b);
  const vocabulary = new Vocabulary(known.filter(([, n]) => n >= minCount).map(([e]) => e));
  const rare = known.filter(([, n]) => n < minCount).map(([e]) => e);
  if (vocabulary.events.length === 0) throw new DataError(`No key of the training part occurs ${minCount} times: there is no vocabulary. Lower --min_count or use more data.`);
  await openOutput(outputPath);
  await writeJson(path.join(outputPath, 'vocabulary.json'), { schema: 'deeplog.vocabulary/1', min_count: minCount, events: vocabulary.events, counts: Object.fromEntries(known), rare });
  await writeSplit(path.join(outputPath, 'split.arrow'), task.split);
  await writeDataSource(outputPath, data, task.split.sha256);
  await writeManifest(outputPath, { stage, startedAt, options: flags, seed: data.seed, inputs: await hashInputs([...set.files]), extra: { split_sha256: task.split.sha256 } });
  return { task, vocabulary, rare };
}

/** What a sequence model is made of, once its data is known. */
export interface Ingredients {
  readonly vocabulary: Vocabulary;
  /** Sessions end by themselves. */
  readonly complete: boolean;
  readonly templates: ReadonlyMap<number, string>;
}

export interface TrainedSequenceModel<D> {
  readonly task: Task;
  readonly detector: D;
  /** From validation normals, for the target rate. */
  readonly threshold: number;
  /** What the training's end says about its settings. */
  readonly hints: readonly string[];
}

/** Second step: fits the model on the training part and sets its threshold on validation normals. The test part is not looked at. */
export async function trainSequenceModel<D extends Detector & { readonly training: TrainResult | null; readonly vocabularySize: number }>(
  options: Step & { readonly vocabularyPath: string; readonly targetFpr: number; readonly seed: number; readonly maxEpochs: number; /** Scores are ranks of keys. */ readonly ranks?: boolean; make(ingredients: Ingredients): D; onData?(task: Task): void }, engine: Engine, report: Reporter, signal: AbortSignal,
): Promise<TrainedSequenceModel<D>> {
  const startedAt = performance.now();
  const { vocabularyPath, outputPath, stage, flags, targetFpr } = options;
  await readManifest(vocabularyPath);
  await checkOutput(outputPath, options.overwrite);
  const { source, set, task } = await readDataSource(vocabularyPath);
  const { events } = (await readJson(path.join(vocabularyPath, 'vocabulary.json'))) as { events: number[] };
  options.onData?.(task);
  const detector = options.make({ vocabulary: new Vocabulary(events), complete: set.complete, templates: (await templateTexts(task)) ?? new Map<number, string>() });
  const validation = tableSource(task.table, task.split, PART.validation);
  await detector.fit(tableSource(task.table, task.split, PART.train), validation, { seed: options.seed, engine: () => Promise.resolve(engine), report, signal });
  const scores = await scoreDistinct(detector, task, [PART.validation]);
  const normals = Array.from(task.split.parts.keys()).filter((s) => task.split.parts[s] === PART.validation && task.table.labels[s] !== ABNORMAL);
  const threshold = thresholdFor(normals.map((s) => scores[task.table.sequenceOf[s]]), targetFpr);
  await openOutput(outputPath, ['parser.json', 'parser_state.json', 'templates.json']);
  await detector.save(outputPath);
  await writeJson(path.join(outputPath, 'config.json'), { ...(await readJson(path.join(outputPath, 'config.json'))) as object, threshold, target_fpr: targetFpr });
  await writeSplit(path.join(outputPath, 'split.arrow'), task.split);
  await writeDataSource(outputPath, source, task.split.sha256);
  const { training } = detector;
  const limits = tooFewNormals(task, targetFpr);
  await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.training_metrics/1', best_epoch: training?.bestEpoch, best_loss: training?.bestLoss, stopped: training?.stopped, history: training?.history, limits });
  await copyParser(source.inputFile, outputPath);
  await writeManifest(outputPath, {
    stage, startedAt, options: flags, seed: options.seed, engine: engine.info, inputs: await hashInputs([...set.files, path.join(vocabularyPath, 'vocabulary.json')]),
    extra: { split_sha256: task.split.sha256, fit_seconds: training?.seconds ?? null },
  });
  return { task, detector, threshold, hints: [...limits, ...stillFalling(training, options.maxEpochs), ...(options.ranks === true ? onlyUnknownAlert('the threshold', threshold, detector.vocabularySize) : [])] };
}

export interface Predicted {
  readonly task: Task;
  readonly detector: Detector;
  readonly evaluation: Evaluation;
  /** Sessions of the test part above the threshold. */
  readonly alerts: number;
  readonly predictionsFile: string;
}

/** Third step: scores every session of the test part; a row of predictions.csv for each, and what the scores are worth where there are labels. */
export async function predictSequenceModel(options: Step & { readonly model: string; readonly targetFpr: number }, engine: () => Promise<Engine>): Promise<Predicted> {
  const startedAt = performance.now();
  const { model, outputPath, stage, flags, targetFpr } = options;
  await readManifest(model);
  await checkOutput(outputPath, options.overwrite);
  const { set, task } = await readDataSource(model);
  const detector = await loadDetector(model, engine);
  const scores = await scoreDistinct(detector, task, [PART.validation, PART.test]);
  const evaluation = evaluate(task, scores, detector, targetFpr);
  const { table, split } = task;
  await openOutput(outputPath);
  const predictionsFile = path.join(outputPath, 'predictions.csv');
  await writeChunks(predictionsFile, (function* () {
    yield 'session,key,score,abnormal,label\n';
    for (let s = 0; s < table.size; s++) {
      if (split.parts[s] !== PART.test) continue;
      const score = scores[table.sequenceOf[s]];
      const label = table.labels[s] === UNLABELLED ? '' : Number(table.labels[s] === ABNORMAL);
      yield `${table.details?.ids[s] ?? s + 1},${csvCell(table.details?.keys[s] ?? String(s + 1))},${score},${Number(score > evaluation.threshold)},${label}\n`;
    }
  })());
  await writeJson(path.join(outputPath, 'metrics.json'), { schema: 'deeplog.prediction_metrics/1', test: evaluation });
  await writeManifest(outputPath, { stage, startedAt, options: flags, inputs: await hashInputs([...set.files, path.join(model, 'config.json'), path.join(model, 'model.safetensors')]), extra: { split_sha256: split.sha256 } });
  await detector.dispose?.();
  return { task, detector, evaluation, alerts: countAlerts(task, scores, evaluation.threshold), predictionsFile };
}
