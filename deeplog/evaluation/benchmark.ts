import { existsSync } from 'node:fs';
import path from 'node:path';
import { hashOfValue, openOutput, readManifest, writeManifest } from '../artifacts/index.js';
import { DataError, UsageError } from '../common/index.js';
import { createDetector, DeepLog, DeepLogKeys, DeepLogParams, DeepLogWorkflow, loadDetector, type DeepLogKeysOptions, type DeepLogParamsOptions, type Detector } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import { ABNORMAL, PART, writeSplit } from '../sequences/index.js';
import type { Reporter } from '../training/index.js';
import { contributions, requireProvided, scoreTask, sourcesFor } from './details.js';
import { evaluate, type Evaluation } from './evaluate.js';
import { Protocols, type ProtocolId, type Task, type TaskOptions } from './protocols.js';

/** One line of a benchmark table: a detector on a split, and all that its number depends on. */
export interface ResultRow extends Omit<Evaluation, 'labelled'> {
  readonly dataset: string;
  readonly protocol: string;
  readonly split_sha256: string;
  readonly detector: string;
  readonly unit: string;
  readonly seed: number;
  readonly engine: string | null;
  readonly target_fpr: number;
  readonly fit_seconds: number;
  readonly score_per_second: number;
  readonly peak_rss_mb: number;
  readonly model_bytes: number | null;
  readonly notes: readonly string[];
}

export interface Results {
  readonly schema: 'deeplog.results/1';
  readonly rows: readonly ResultRow[];
}

export interface BenchmarkOptions extends Omit<TaskOptions, 'seed'> {
  readonly protocols: readonly ProtocolId[];
  readonly detectors: readonly string[];
  readonly seeds: readonly number[];
  readonly targetFpr: number;
  readonly deeplogKeys: Partial<DeepLogKeysOptions>;
  readonly deeplogParams?: Partial<DeepLogParamsOptions>;
  /** Trained models to use where their split is the same. */
  readonly model?: string;
  /** Leave detectors out, with a word, that need what a set lacks; otherwise they are refused before any work. */
  readonly skipUnmet?: boolean;
  onSkip?(why: string): void;
  /** Keep fitted models by split and configuration, and use them again. */
  readonly cache: boolean;
  engine(): Promise<Engine>;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  onTask?(task: Task): void;
  onRow?(row: ResultRow): void;
}

/** Runs detectors × protocols × seeds; what could not be fitted is in `failures`. @throws DataError when a data set is missing; UsageError */
export async function benchmark(options: BenchmarkOptions): Promise<{ results: Results; failures: readonly string[] }> {
  const protocols = new Protocols(options);
  const failures: string[] = [];
  const rows: ResultRow[] = [];
  for (const protocol of options.protocols) {
    for (const seed of options.seeds) {
      const task = await protocols.task(protocol, seed);
      await writeSplit(path.join(options.artifacts, 'splits', `${protocol}-${seed}.arrow`), task.split);
      options.onTask?.(task);
      const detectors = meeting(task, options);
      const fitted = new Map<string, Fitted>();
      try {
        for (const id of detectors) {
          const row = await runCell(task, id, options, fitted).catch((error: unknown) => {
            // One detector that cannot be fitted must not cost the others their rows.
            if (!(error instanceof DataError)) throw error;
            failures.push(`${protocol}, ${id}: ${error.message}`);
            return null;
          });
          if (row === null) continue;
          rows.push(row);
          options.onRow?.(row);
        }
      } finally {
        for (const { detector } of fitted.values()) await detector.dispose?.();
      }
    }
  }
  return { results: { schema: 'deeplog.results/1', rows }, failures };
}

/** The detectors that can run on a task. @throws DataError naming one that cannot, unless those are to be left out. */
function meeting(task: Task, options: BenchmarkOptions): string[] {
  return options.detectors.filter((id) => {
    try {
      requireProvided(task, createDetector(id));
      return true;
    } catch (error) {
      if (!(error instanceof DataError) || options.skipUnmet !== true) throw error;
      options.onSkip?.(error.message);
      return false;
    }
  });
}

interface Fitted {
  readonly detector: Detector;
  readonly fitSeconds: number;
  readonly reused: string | null;
}

async function runCell(task: Task, id: string, options: BenchmarkOptions, fitted: Map<string, Fitted>): Promise<ResultRow> {
  const { detector, fitSeconds, reused } = await fit(task, id, options, fitted);
  const started = performance.now();
  const scores = await scoreTask(detector, task);
  const scoreSeconds = (performance.now() - started) / 1000;
  const { labelled, ...evaluation } = evaluate(task, scores, detector, options.targetFpr);
  const notes = [
    ...task.notes, ...sizeNotes(task, evaluation, detector, options.targetFpr), ...(reused === null ? [] : [`fitted before: ${reused}`]), ...directionNote(evaluation.roc_auc),
    ...(detector instanceof DeepLog && labelled ? await contributions(detector, task, options.targetFpr) : []),
  ];
  const engine = detector instanceof DeepLogKeys || detector instanceof DeepLogParams || detector instanceof DeepLog ? (await options.engine()).info : null;
  return {
    dataset: task.dataset, protocol: task.protocol, split_sha256: task.split.sha256, detector: id, unit: task.unit, seed: task.seed,
    engine: engine && `${engine.engine}/${engine.backend}`,
    ...(labelled ? evaluation : { ...evaluation, tp: null, fp: null, tn: null, fn: null } as unknown as typeof evaluation),
    target_fpr: options.targetFpr,
    fit_seconds: round(fitSeconds, 3),
    score_per_second: Math.round(evaluation.n_test / scoreSeconds),
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    model_bytes: detector.modelBytes(),
    notes,
  };
}

/** Below this many abnormal test sessions a table says little. */
const FEW_ABNORMAL = 30;

function sizeNotes(task: Task, e: { tp: number; fn: number }, detector: Detector, targetFpr: number): string[] {
  const abnormal = e.tp + e.fn;
  let normals = 0;
  for (let s = 0; s < task.table.size; s++) if (task.split.parts[s] === PART.validation && task.table.labels[s] !== ABNORMAL) normals++;
  return [
    ...(task.table.labelled && abnormal < FEW_ABNORMAL ? [abnormal === 0 ? 'the test part has no abnormal session: only false alarms can be counted' : `only ${abnormal} abnormal test sessions: one more or less moves recall by ${(1 / abnormal).toFixed(2)}`] : []),
    ...(!detector.binary && Math.floor(normals * targetFpr) === 0 ? [`${normals} validation normals are too few for ${100 * targetFpr} % false alarms: thresholds are their highest score`] : []),
  ];
}

/** A detector that ranks the wrong way round is broken, whatever its F1. */
function directionNote(rocAuc: number | null): string[] {
  return rocAuc !== null && rocAuc < 0.5 ? [`ROC-AUC ${rocAuc.toFixed(3)} is below chance: its negation would be better`] : [];
}

async function fit(task: Task, id: string, options: BenchmarkOptions, fitted: Map<string, Fitted>): Promise<Fitted> {
  const deeplogKeys = { ...options.deeplogKeys, predictEnd: (options.deeplogKeys.predictEnd ?? true) && task.complete };
  const created = createDetector(id, { deeplogKeys, ...(options.deeplogParams === undefined ? {} : { deeplogParams: options.deeplogParams }) });
  const detector = created instanceof DeepLog ? withFittedParts(created, fitted) : created;
  const known = fitted.get(detector instanceof DeepLogKeys ? 'log-key' : id);
  // The two scores of the key model are read off one fitted network.
  if (known?.detector instanceof DeepLogKeys && detector instanceof DeepLogKeys) return { ...known, detector: known.detector.withScore(detector.options.score) };
  const own = (await reuse(task, detector, options)) ?? (await fitFresh(task, detector, options));
  const result = detector instanceof DeepLog ? { ...own, fitSeconds: own.fitSeconds + partsFitSeconds(detector, fitted) } : own;
  fitted.set(detector instanceof DeepLogKeys ? 'log-key' : id, result);
  return result;
}

/** The combined detector takes the parts that have rows of their own as they are. */
function withFittedParts({ parts }: DeepLog, fitted: ReadonlyMap<string, Fitted>): DeepLog {
  const [keys, params, workflow] = ['log-key', 'deeplog-params', 'deeplog-workflow'].map((name) => fitted.get(name)?.detector);
  const known = new Set<Detector>();
  const take = <T extends Detector>(part: T): T => { known.add(part); return part; };
  return new DeepLog({
    keys: keys instanceof DeepLogKeys ? take(keys.withScore('rank')) : parts.keys,
    params: params instanceof DeepLogParams ? take(params) : parts.params,
    workflow: workflow instanceof DeepLogWorkflow ? take(workflow) : parts.workflow,
  }, known);
}

function partsFitSeconds({ parts }: DeepLog, fitted: ReadonlyMap<string, Fitted>): number {
  const keys = fitted.get('log-key');
  const others = [...fitted.values()].filter(({ detector }) => detector === parts.params || detector === parts.workflow);
  return [...(keys === undefined ? [] : [keys]), ...others].reduce((sum, f) => sum + f.fitSeconds, 0);
}

async function fitFresh(task: Task, detector: Detector, options: BenchmarkOptions): Promise<Fitted> {
  const started = performance.now();
  const [train, validation] = await sourcesFor(task, detector);
  await detector.fit(train, validation, {
    seed: task.seed, engine: () => options.engine(), report: options.report, signal: options.signal,
  });
  const fitSeconds = (performance.now() - started) / 1000;
  if (options.cache && detector instanceof DeepLogKeys) {
    const folder = cacheFolder(task, detector, options);
    await openOutput(folder);
    await detector.save(folder);
    await writeManifest(folder, { stage: 'benchmark fit', startedAt: started, inputs: {}, options: {}, seed: task.seed, extra: { split_sha256: task.split.sha256, fit_seconds: fitSeconds } });
  }
  return { detector, fitSeconds, reused: null };
}

/** A model that was fitted on this very split: from the cache, or --model. @throws UsageError when --model's split differs. */
async function reuse(task: Task, detector: Detector, options: BenchmarkOptions): Promise<Fitted | null> {
  if (!(detector instanceof DeepLogKeys)) return null;
  if (options.model !== undefined) {
    const manifest = await readManifest(options.model);
    if (manifest.split_sha256 !== task.split.sha256) throw new UsageError(`--model ${options.model}: was trained on another split (${String(manifest.split_sha256).slice(0, 12)}…) than ${task.protocol} with seed ${task.seed} (${task.split.sha256.slice(0, 12)}…), so its number would not be comparable. Train it on this split, or leave --model out.`);
    const loaded = await loadDetector(options.model, () => options.engine());
    if (!(loaded instanceof DeepLogKeys)) throw new DataError(`--model ${options.model}: is no log-key model.`);
    return { detector: loaded.withScore(detector.options.score), fitSeconds: Number(manifest.fit_seconds ?? manifest.wall_seconds), reused: options.model };
  }
  const folder = cacheFolder(task, detector, options);
  if (!options.cache || !existsSync(path.join(folder, 'manifest.json'))) return null;
  const manifest = await readManifest(folder);
  const loaded = await loadDetector(folder, () => options.engine());
  if (!(loaded instanceof DeepLogKeys)) return null;
  return { detector: loaded.withScore(detector.options.score), fitSeconds: Number(manifest.fit_seconds), reused: folder };
}

function cacheFolder(task: Task, detector: Detector, options: BenchmarkOptions): string {
  const config = detector instanceof DeepLogKeys ? { ...detector.options, score: 'any' } : {};
  return path.join(options.artifacts, 'benchmark', 'fitted', `log-key-${hashOfValue({ split: task.split.sha256, seed: task.seed, config }).slice(0, 16)}`);
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
