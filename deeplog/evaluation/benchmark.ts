import path from 'node:path';
import { DataError } from '../common/index.js';
import { createDetector, presetOf, type Detector, type DetectorOptions, type Preset } from '../detectors/index.js';
import { writeSplit } from '../sequences/index.js';
import { f1Interval, stretchCounts } from './bootstrap.js';
import { curvesOf, type Curves } from './curves.js';
import { contributions, requireProvided, scoreTask, sourcesFor } from './details.js';
import { evaluate } from './evaluate.js';
import { FittedModels, type FittingOptions } from './fitted_models.js';
import { lineRank } from './line_rank.js';
import { peakMemory } from './peak_memory.js';
import { templateTexts } from './template_texts.js';
import { Protocols, type Task, type TaskOptions } from './protocols.js';
import { directionNote, round, sizeNotes, triageSummary, type CellResult, type ResultRow, type Results } from './result_row.js';
import { variantName } from './sweeps.js';
import { planTasks, splitName, type TaskPlan, type TaskSpec } from './tasks.js';
import { simulateTriage } from './triage_simulation.js';
import { flaggedKeys, packVerdicts, verdictsOf } from './verdicts.js';

export interface BenchmarkOptions extends Omit<TaskOptions, 'seed'>, TaskPlan, FittingOptions {
  readonly detectors: readonly string[];
  readonly targetFpr: number;
  /** Settings of the detectors; each has defaults. */
  readonly detectorOptions: DetectorOptions;
  /** Leave detectors out, with a word, that need what a set lacks; otherwise they are refused before any work. */
  readonly skipUnmet?: boolean;
  /** These tasks and no others, in place of the planned ones. */
  readonly specs?: readonly TaskSpec[];
  /** Reads and splits the data; by default once for all of this run. */
  task?(spec: TaskSpec): Promise<Task>;
  onSkip?(why: string, detector: string): void;
  onFailure?(why: string, detector: string): void;
  onStart?(detector: string): void;
  onTask?(task: Task): void;
  onRow?(row: ResultRow, curves: Curves): void;
}

/** Runs detectors × protocols × seeds × origins; what could not be fitted is in `failures`. @throws DataError when a data set is missing; UsageError */
export async function benchmark(options: BenchmarkOptions): Promise<{ results: Results; cells: readonly CellResult[]; failures: readonly string[] }> {
  const protocols = new Protocols(options);
  const failures: string[] = [];
  const cells: CellResult[] = [];
  for (const spec of options.specs ?? planTasks(options)) {
    const task = await (options.task?.(spec) ?? protocols.task(spec));
    await writeSplit(path.join(options.artifacts, 'splits', `${splitName(task)}.arrow`), task.split);
    options.onTask?.(task);
    const models = new FittedModels(task, options);
    try {
      for (const detector of meeting(task, options, await templateTexts(task))) {
        options.onStart?.(detector.id);
        const cell = await runCell(task, detector, models, options).catch((error: unknown) => {
          // One detector that cannot be fitted must not cost the others their rows.
          if (!(error instanceof DataError)) throw error;
          options.onFailure?.(error.message, detector.id);
          failures.push(`${spec.protocol}, ${detector.id}: ${error.message}`);
          return null;
        });
        if (cell === null) continue;
        cells.push(cell);
        options.onRow?.(cell.row, cell.curves);
      }
    } finally {
      await models.dispose();
    }
  }
  return { results: { schema: 'deeplog.results/1', rows: cells.map((c) => c.row) }, cells, failures };
}

/** The wanted detectors, unfitted, that can run on a task. @throws DataError naming one that cannot, unless those are to be left out. */
export function meeting(task: Task, { detectors, detectorOptions, skipUnmet, onSkip }: Pick<BenchmarkOptions, 'detectors' | 'detectorOptions' | 'skipUnmet' | 'onSkip'>, templates: ReadonlyMap<number, string> | null): Detector[] {
  const preset = presetFor(task);
  const known = {
    ...detectorOptions, completeSessions: task.complete, rawText: task.folder !== undefined, ...(templates === null ? {} : { templates }),
    logbert: { ...preset?.logbert, ...detectorOptions?.logbert }, loganomaly: { ...preset?.loganomaly, ...detectorOptions?.loganomaly },
  };
  return detectors.map((id) => createDetector(id, known)).filter((detector) => {
    try {
      requireProvided(task, detector);
      return true;
    } catch (error) {
      if (!(error instanceof DataError) || skipUnmet !== true) throw error;
      onSkip?.(error.message, detector.id);
      return false;
    }
  });
}

/** Hyperparameters of a named set; a set of one's own has none, whatever it is called. */
function presetFor({ protocol, dataset }: Task): Preset | null {
  return protocol === 'custom' ? null : presetOf(dataset);
}

function presetNote(task: Task, detector: Detector): string[] {
  const used = Object.keys(presetFor(task) ?? {}).some((family) => detector.id.split('-')[0] === family);
  return used ? [`${detector.id}: hyperparameters of the ${task.dataset} preset, where no flag says otherwise`] : [];
}

/** Fits (or finds) one detector, scores the task and judges it. @throws DataError when it cannot be fitted */
async function runCell(task: Task, wanted: Detector, models: FittedModels, options: BenchmarkOptions): Promise<CellResult> {
  const { targetFpr } = options;
  const memory = peakMemory();
  const { detector, fitSeconds, reused } = await models.obtain(wanted);
  const started = performance.now();
  const scores = await scoreTask(detector, task);
  const scoreSeconds = (performance.now() - started) / 1000;
  const { labelled, ...evaluation } = evaluate(task, scores, detector, targetFpr);
  const notes = [
    ...task.notes, ...(detector.notes ?? []), ...presetNote(task, detector), ...sizeNotes(task, evaluation, detector, targetFpr), ...(reused === null ? [] : [`fitted before: ${reused}`]), ...directionNote(evaluation.roc_auc),
    ...(labelled ? await contributions(detector, task, targetFpr) : []),
  ];
  const engine = detector.usesEngine === true ? (await options.engine()).info : null;
  const [train] = detector.fittedOn === undefined ? [null] : await sourcesFor(task, detector);
  const peak = memory();
  const triage = await simulateTriage(detector, task, scores, evaluation.threshold);
  const verdicts = verdictsOf(task, scores, evaluation.threshold);
  const stretches = stretchCounts(verdicts);
  const row: ResultRow = {
    dataset: task.dataset, protocol: task.protocol, split_sha256: task.split.sha256, detector: detector.id, unit: task.unit, seed: task.seed,
    fold: task.fold === undefined ? null : task.fold.index + 1, folds: task.fold?.of ?? 1, variant: task.variant === undefined ? null : variantName(task.variant),
    engine: engine && `${engine.engine}/${engine.backend}`,
    ...evaluation,
    ...(train === null || detector.fittedOn === undefined ? {} : { n_train: detector.fittedOn(train) }),
    target_fpr: targetFpr,
    f1_interval: stretches && f1Interval(stretches),
    fit_seconds: round(fitSeconds, 3),
    score_per_second: Math.round(evaluation.n_test / scoreSeconds),
    peak_rss_mb: peak,
    model_bytes: detector.modelBytes(),
    notes,
    line_rank: labelled ? await lineRank(detector, task, scores, evaluation.threshold) : null,
    triage: triage && triageSummary(triage),
  };
  return { row, curves: { ...curvesOf(task, scores), triage, verdicts: packVerdicts(verdicts), ...(labelled ? {} : { flagged_keys: flaggedKeys(task, scores, evaluation.threshold) }) } };
}
