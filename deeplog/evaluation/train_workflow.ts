import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkOutput, hashInputs, openOutput, readJson, writeAtomic, writeJson, writeManifest } from '../artifacts/index.js';
import { DeepLogWorkflow, tableSource } from '../detectors/index.js';
import { ABNORMAL, PART, writeSplit } from '../sequences/index.js';
import { drawDot, drawSvg, outline, simplify, toNetwork, type WorkflowOptions } from '../workflow/index.js';
import { customTask, type CustomTaskOptions } from './custom_task.js';
import { countAlerts, evaluate, scoreDistinct, type Evaluation } from './evaluate.js';
import type { Task } from './protocols.js';
import { copyParser } from './train_log_key.js';

export interface TrainWorkflowOptions extends CustomTaskOptions {
  readonly inputFile: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly targetFpr: number;
  readonly workflow: WorkflowOptions;
  /** Steps that fewer training sessions take are left out of the drawings. */
  readonly drawShare: number;
  readonly flags: Readonly<Record<string, unknown>>;
}

export interface TrainedWorkflow {
  readonly task: Task;
  readonly detector: DeepLogWorkflow;
  readonly evaluation: Evaluation;
  readonly learnSeconds: number;
  readonly trainSessions: number;
  readonly distinctSequences: number;
  /** Shares of normal sessions whose whole path the workflow knows. */
  readonly known: { readonly validation: number; readonly test: number };
  /** Sessions of the test part above the threshold. */
  readonly alerts: number;
  readonly boxes: number;
  readonly coverage: number;
}

/**
 * The workflow stage: sessions → split → finite-state model → threshold from validation normals → verdicts on the test part →
 * workflows.json, workflow.svg, workflow.dot and a model folder.
 */
export async function trainWorkflow(options: TrainWorkflowOptions): Promise<TrainedWorkflow> {
  const startedAt = performance.now();
  const { outputPath, seed } = options;
  const { set, task } = await customTask(options);
  const { split } = task;
  await checkOutput(outputPath, options.overwrite);
  const detector = new DeepLogWorkflow(options.workflow);
  const train = tableSource(set.table, split, PART.train);
  const learning = performance.now();
  await detector.fit(train);
  const learnSeconds = (performance.now() - learning) / 1000;
  const scores = await scoreDistinct(detector, task, [PART.validation, PART.test]);
  const evaluation = evaluate(task, scores, detector, options.targetFpr);
  const known = { validation: knownShare(task, scores, PART.validation), test: knownShare(task, scores, PART.test) };

  const drawn = simplify(outline(detector.workflow, options.drawShare));
  const templates = await templatesBeside(options.inputFile);
  await openOutput(outputPath);
  await detector.save(outputPath);
  const config = (await readJson(path.join(outputPath, 'config.json'))) as object;
  await writeJson(path.join(outputPath, 'config.json'), { ...config, threshold: evaluation.threshold, target_fpr: options.targetFpr });
  await writeJson(path.join(outputPath, 'workflows.json'), toNetwork(detector.workflow));
  await writeAtomic(path.join(outputPath, 'workflow.svg'), drawSvg(drawn, `Workflow of ${task.dataset}`, templates));
  await writeAtomic(path.join(outputPath, 'workflow.dot'), drawDot(drawn, templates));
  await writeSplit(path.join(outputPath, 'split.arrow'), split);
  await writeJson(path.join(outputPath, 'metrics.json'), {
    schema: 'deeplog.workflow_metrics/1', test: evaluation, states: detector.workflow.states.length, loop_keys: [...detector.workflow.loopKeys],
    normal_sessions_known: known, learn_seconds: learnSeconds,
  });
  await copyParser(options.inputFile, outputPath);
  await writeManifest(outputPath, { stage: 'workflow', startedAt, options: options.flags, seed, inputs: await hashInputs([...set.files]), extra: { split_sha256: split.sha256, fit_seconds: learnSeconds } });
  return { task, detector, evaluation, alerts: countAlerts(task, scores, evaluation.threshold), learnSeconds, trainSessions: train.size, distinctSequences: [...train.distinct()].length, known, boxes: drawn.nodes.length, coverage: drawn.coverage };
}

/** Share of a part's normal sessions that never leave the workflow. */
function knownShare({ table, split }: Task, scores: Float64Array, part: number): number {
  let normal = 0;
  let known = 0;
  for (let s = 0; s < table.size; s++) {
    if (split.parts[s] !== part || table.labels[s] === ABNORMAL) continue;
    normal++;
    if (scores[table.sequenceOf[s]] < 1) known++;
  }
  return normal === 0 ? NaN : known / normal;
}

async function templatesBeside(input: string): Promise<Record<string, string>> {
  const folder = statSync(input).isDirectory() ? input : path.dirname(input);
  const file = path.join(folder, 'templates.json');
  return existsSync(file) ? ((await readJson(file)) as Record<string, string>) : {};
}
