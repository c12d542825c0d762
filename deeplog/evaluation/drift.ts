import { DataError } from '../common/index.js';
import { ABNORMAL, PART, splitByShare, UNLABELLED } from '../sequences/index.js';
import { meeting, type BenchmarkOptions } from './benchmark.js';
import { scoreTask } from './details.js';
import { evaluate } from './evaluate.js';
import { FittedModels } from './fitted_models.js';
import { noveltyOverTime, templateTimelines, type NoveltyBlock, type TemplateTimeline } from './novelty.js';
import { Protocols, type Task } from './protocols.js';
import { templateTexts } from './template_texts.js';
import { planTasks } from './tasks.js';

/** One training boundary: everything before it is learned from, the test part is always the same. */
export interface DriftPoint {
  readonly train_until: number;
  readonly split_sha256: string;
  readonly n_train: number;
  readonly detectors: readonly { readonly detector: string; readonly f1: number | null; readonly precision: number | null; readonly recall: number | null; readonly oracle_f1: number | null }[];
}

export interface DriftResult {
  readonly dataset: string;
  readonly protocol: string;
  readonly unit: string;
  readonly n: number;
  readonly n_test: number;
  readonly n_abnormal: number;
  readonly test_from: number;
  readonly validation_share: number;
  readonly target_fpr: number;
  readonly points: readonly DriftPoint[];
  /** Share of the sessions that novelty is counted against: the protocol's own training part. */
  readonly trained_until: number;
  readonly novelty: readonly NoveltyBlock[];
  readonly templates: readonly TemplateTimeline[];
  /** What a reader of the numbers should know. */
  readonly notes: readonly string[];
}

export interface DriftOptions extends BenchmarkOptions {
  /** What sets this run apart from others in the same report. */
  readonly note?: string;
}

const BOUNDARIES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
const VALIDATION_SHARE = 0.1;
const TEST_FROM = 0.7;

/**
 * What time does to a set: F1 on its last 30 % by how much of what came before was learned from (the validation tenth follows the boundary;
 * what lies between is left out), how much of each stretch is new, and when each template occurs. Protocols without an order are left out, with a word.
 */
export async function drift(options: DriftOptions): Promise<DriftResult[]> {
  const protocols = new Protocols(options);
  const out: DriftResult[] = [];
  for (const spec of planTasks({ protocols: options.protocols, seeds: options.seeds.slice(0, 1) })) {
    const task = await protocols.task(spec);
    const trainedUntil = chronologicalShare(task);
    if (trainedUntil === null) {
      options.onSkip?.(`${spec.protocol}: its sessions are drawn at random, so there is no drift to see`, '');
      continue;
    }
    options.onTask?.(task);
    out.push(await driftOf(task, trainedUntil, options));
  }
  return out;
}

async function driftOf(task: Task, trainedUntil: number, options: DriftOptions): Promise<DriftResult> {
  const { table } = task;
  const texts = await templateTexts(task);
  const points: DriftPoint[] = [];
  for (const trainUntil of BOUNDARIES) {
    const split = splitByShare(table, { trainUntil, validationUntil: +(trainUntil + VALIDATION_SHARE).toFixed(12), testFrom: TEST_FROM, order: 'chronological', seed: task.seed, trainOn: options.trainOn, purgeSeams: !task.complete });
    const part: Task = { ...task, split };
    const models = new FittedModels(part, options);
    const detectors: DriftPoint['detectors'][number][] = [];
    try {
      for (const wanted of meeting(part, options, texts)) {
        try {
          const { detector } = await models.obtain(wanted);
          const { f1, precision, recall, oracle_f1 } = evaluate(part, await scoreTask(detector, part), detector, options.targetFpr);
          detectors.push({ detector: detector.id, f1, precision, recall, oracle_f1 });
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          options.onFailure?.(`trained on the first ${100 * trainUntil} %: ${error.message}`, wanted.id);
        }
      }
    } finally {
      await models.dispose();
    }
    points.push({ train_until: trainUntil, split_sha256: split.sha256, n_train: split.parts.reduce((n, p) => n + (p === PART.train ? 1 : 0), 0), detectors });
  }
  const test = Math.floor(table.size * TEST_FROM);
  return {
    dataset: task.dataset, protocol: task.protocol, unit: task.unit, n: table.size, n_test: table.size - test, n_abnormal: table.labels.subarray(test).reduce((n, l) => n + (l === ABNORMAL ? 1 : 0), 0), test_from: TEST_FROM,
    validation_share: VALIDATION_SHARE, target_fpr: options.targetFpr, points: table.labels.every((l) => l === UNLABELLED) ? [] : points, trained_until: trainedUntil, novelty: noveltyOverTime(table, trainedUntil), templates: templateTimelines(table, texts),
    notes: [...(options.note === undefined ? [] : [options.note]), ...parserNote(task, trainedUntil)],
  };
}

/** The log is parsed once, not for each boundary: with fewer sessions to learn from, a parser would know fewer templates. */
function parserNote({ folder, table }: Task, trainedUntil: number): string[] {
  if (folder === undefined || table.labels.every((l) => l === UNLABELLED) || trainedUntil <= BOUNDARIES[0]) return [];
  return [`one parser for all boundaries, not one for each: event ids at boundaries below ${(100 * trainedUntil).toFixed(0)} %, where the protocol's own training ends, are of a parser that has learned from later lines, too`];
}

/** Where training ends in a split that follows the order of the sessions; null for one that does not. */
function chronologicalShare({ split }: Task): number | null {
  const last = split.shares.lastIndexOf(PART.train);
  return last < split.shares.indexOf(PART.test) && last >= 0 ? (last + 1) / split.shares.length : null;
}
