// Learn the workflow of normal sessions: what follows what, loops, steps in any order. Draw it, and judge the test part by it.
//   npx deeplog workflow --input_file artifacts/drain_result
//   npx deeplog workflow --input_file artifacts/drain_result --draw_share 0.005      (rarer steps in the drawing, too)
import { COMMON_OPTIONS, formatCount, formatSeconds, invocation, resolveOptions, runIfMain, SPLIT_OPTIONS, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

export const WORKFLOW_OPTIONS = {
  input_file: { type: 'string', group: 'Data', default: 'artifacts/drain_result', describe: 'drain_result folder, sessions.arrow, data.json, or a file of event ids per session' },
  label_file: { type: 'string', group: 'Data', describe: '0 or 1 per session, for a file of event ids' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/workflows', describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished result in output_path' },
  ...SPLIT_OPTIONS,
  seed: { type: 'integer', group: 'Data', default: 1, min: 0, max: 2147483647, describe: 'seed of a random split' },
  min_length: { type: 'integer', group: 'Model', default: 4, min: 1, describe: 'shorter sessions are not learned from (every session is scored)' },
  threshold: { type: 'number', group: 'Model', default: 0.8, min: 0, max: 1, describe: 'similarity of two sessions from which on their orders may mix; share that must agree on a number of repeats for it to be no loop' },
  back_steps: { type: 'integer', group: 'Model', default: 1, min: 0, max: 100, describe: 'how far back a loop may return: 0 the same event again, 1 with one event between' },
  draw_share: { type: 'number', group: 'Output', default: 0.02, min: 0, max: 1, describe: 'steps that a smaller share of the training sessions take are not drawn' },
} as const satisfies OptionSpecs;

export const workflowStage: Stage = {
  command: 'workflow', group: 'Train',
  describe: "learn and draw DeepLog's workflow model",
  options: WORKFLOW_OPTIONS,
  examples: [['$0 workflow --input_file artifacts/drain_result', 'from the result of drain']],
  async run(given) {
    const o = resolveOptions({ ...WORKFLOW_OPTIONS, ...COMMON_OPTIONS }, given);
    const { trainWorkflow } = await import('../deeplog/evaluation/index.js');
    const console = new StageConsole(o.quiet);
    const { task, detector, evaluation: e, alerts, learnSeconds, trainSessions, distinctSequences, known, boxes, coverage } = await trainWorkflow({
      inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, trainRatio: o.train_ratio, valRatio: o.val_ratio,
      order: o.split === 'random' ? 'random' : 'chronological', trainOn: o.train_on === 'all' ? 'all' : 'normal', targetFpr: o.target_fpr, seed: o.seed,
      workflow: { minLength: o.min_length, threshold: o.threshold, backSteps: o.back_steps }, drawShare: o.draw_share, flags: o,
      ...(o.label_file === undefined ? {} : { labelFile: o.label_file }),
    });
    const { workflow } = detector;
    const loops = [...workflow.loopKeys];
    console.say(`learned from ${formatCount(trainSessions)} sessions (${formatCount(distinctSequences)} distinct) in ${formatSeconds(learnSeconds)}: ${formatCount(workflow.states.length)} states, ${loops.length === 0 ? 'no loops' : `loops over event${loops.length === 1 ? '' : 's'} ${loops.join(', ')}`}`);
    console.say(`drawn: ${boxes} boxes, where ${(100 * coverage).toFixed(1)} % of the training sessions end`);
    console.say(`normal sessions that never leave it: ${(100 * known.validation).toFixed(2)} % of validation, ${(100 * known.test).toFixed(2)} % of test`);
    const figure = (x: number | null): string => (x === null ? '–' : x.toFixed(3));
    if (e.labelled) console.say(`test: ${formatCount(e.n_test)} ${task.unit}s, F1 ${figure(e.f1)} (precision ${figure(e.precision)}, recall ${figure(e.recall)}) at threshold ${e.threshold.toPrecision(4)}; at 1 % ${figure(e.at_target_fpr?.at(-1)?.f1 ?? null)}; oracle ${figure(e.oracle_f1)}`);
    else console.say(`test: ${formatCount(alerts)} of ${formatCount(e.n_test)} ${task.unit}s are above threshold ${e.threshold.toPrecision(4)}`);
    for (const note of task.notes) console.warn(note);
    console.say(`written: ${o.output_path} (workflows.json, workflow.svg, workflow.dot, workflow_model.json, metrics.json)`);
    console.say(`next: ${invocation('diagnose')} --workflow ${o.output_path} --input_file ${o.input_file} --worst 3`);
  },
};

runIfMain(import.meta.url, workflowStage);
