// The main job on a small simulated log, start to finish: parse → sessions → train → verdicts → report. Under two minutes.
//   npm run quickstart
import { COMMON_OPTIONS, formatSeconds, invocation, resolveOptions, runIfMain, shippedFile, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';
import { benchmarkStage } from './run_benchmark.js';
import { dataStage } from './run_data.js';
import { detectStage } from './run_detect.js';
import { drainStage } from './run_drain.js';
import { logKeyStage } from './run_log_key_detection_model.js';

export const QUICKSTART_OPTIONS = {
  output_path: { type: 'string', group: 'Output', default: 'artifacts/quickstart', describe: 'folder for everything it makes' },
  sessions: { type: 'integer', group: 'Sample', default: 3000, min: 200, describe: 'simulated sessions' },
  max_epochs: { type: 'integer', group: 'Training', default: 40, min: 1, describe: 'epochs at most' },
} as const satisfies OptionSpecs;

/** Without the parameter model, which takes longer than everything else here. */
const QUICK_DETECTORS = 'unseen-key,length,event-set,count-vector,2-gram,deeplog-keys,deeplog-keys-nll,deeplog-workflow,count-neighbours,ensemble';

export const quickstartStage: Stage = {
  command: 'quickstart', group: 'Start',
  describe: 'the main job on a small simulated log, start to finish',
  options: QUICKSTART_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...QUICKSTART_OPTIONS, ...COMMON_OPTIONS }, given);
    const started = performance.now();
    const out = (name: string): string => `${o.output_path}/${name}`;
    const step = async (stage: Stage, flags: Record<string, unknown>): Promise<void> => {
      new StageConsole(o.quiet).say(`\n$ ${invocation(stage.command.split(' ')[0])} ${typeof flags.action === 'string' ? `${flags.action} ` : ''}${Object.entries(flags).filter(([k]) => k !== 'action' && k !== 'quiet').map(([k, v]) => `--${k} ${String(v)}`).join(' ')}`);
      await stage.run({ ...flags, quiet: o.quiet });
    };
    await step(dataStage, { action: 'generate', output_path: out('sample'), sessions: o.sessions, overwrite: true });
    // Templates are learned from the first part only, so that the test number is clean.
    await step(drainStage, { input_file: out('sample/sample.log'), label_file: out('sample/labels.csv'), parser_config: shippedFile('drain3.ini'), fit_share: 0.5, output_path: out('drain_result'), overwrite: true });
    await step(logKeyStage, { input_file: out('drain_result'), output_path: out('log_key_model_result'), learning_rate: 0.003, batch_size: 64, max_epochs: o.max_epochs, target_fpr: 0.01, overwrite: true });
    // Another day's log, which neither the parser nor the model has seen.
    await step(dataStage, { action: 'generate', output_path: out('tomorrow'), sessions: Math.ceil(o.sessions / 3), seed: 2, overwrite: true });
    await step(detectStage, { model: out('log_key_model_result'), input_file: out('tomorrow/sample.log'), label_file: out('tomorrow/labels.csv'), output_path: out('detect_result'), top: 2, overwrite: true });
    await step(benchmarkStage, { protocol: 'custom', input_file: out('drain_result'), model: out('log_key_model_result'), target_fpr: 0.01, detectors: QUICK_DETECTORS });
    new StageConsole(o.quiet).say(`\nquickstart done in ${formatSeconds((performance.now() - started) / 1000)}. The same commands work on your own log: see README.md.`);
  },
};

runIfMain(import.meta.url, quickstartStage);
