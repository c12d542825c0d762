// Why is a session abnormal? Its lines, where it left the workflow, what was unlikely, which values stand out, whether it ended early.
//   npx deeplog diagnose --worst 3
//   npx deeplog diagnose --key blk_-1608999687919862906 --print json
//   npx deeplog diagnose --line 4835
import { COMMON_OPTIONS, ENGINE_OPTIONS, engineOptions, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

const DEFAULT_FOLDERS = { model: 'artifacts/log_key_model_result', workflow: 'artifacts/workflows', parameters: 'artifacts/log_par_model_result' } as const;

export const DIAGNOSE_OPTIONS = {
  input_file: { type: 'string', group: 'Input', default: 'artifacts/drain_result', describe: 'drain_result folder (or the parsed folder of a detect result) that holds the sessions' },
  label_file: { type: 'string', group: 'Input', describe: '0 or 1 per session, for a file of event ids' },
  model: { type: 'string', group: 'Models', describe: `log-key model (default: ${DEFAULT_FOLDERS.model} where it is there)` },
  workflow: { type: 'string', group: 'Models', describe: `workflow model (default: ${DEFAULT_FOLDERS.workflow} where it is there)` },
  parameters: { type: 'string', group: 'Models', describe: `parameter-value model (default: ${DEFAULT_FOLDERS.parameters} where it is there)` },
  key: { type: 'strings', group: 'Sessions', describe: 'sessions by key, separated by commas' },
  line: { type: 'strings', group: 'Sessions', describe: 'sessions by a line number of theirs, separated by commas' },
  worst: { type: 'integer', group: 'Sessions', min: 1, max: 10000, describe: 'the most unusual sessions, by all models together' },
  g: { type: 'integer', group: 'Verdict', min: 1, max: 100000, describe: "events outside the g most likely are named (default: the model's own g)" },
  threshold: { type: 'number', group: 'Verdict', min: 0, describe: "deviations of the error from which on values are named (default: the model's own bound)" },
  print: { type: 'string', group: 'Output', default: 'text', choices: ['text', 'json'], describe: 'what goes to standard output' },
  output_path: { type: 'string', group: 'Output', describe: 'folder for diagnosis.json and diagnosis.html (default: artifacts/diagnosis/<time>-<random>)' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished diagnosis in output_path' },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const diagnoseStage: Stage = {
  command: 'diagnose', group: 'Judge',
  describe: 'say why sessions are abnormal',
  options: DIAGNOSE_OPTIONS,
  examples: [['$0 diagnose --worst 3', 'the three most unusual sessions'], ['$0 diagnose --line 4835', 'the session that line 4835 belongs to']],
  async run(given) {
    const o = resolveOptions({ ...DIAGNOSE_OPTIONS, ...COMMON_OPTIONS }, given);
    const { existsSync } = await import('node:fs');
    const { UsageError } = await import('../deeplog/common/index.js');
    const { runDiagnosis, renderText } = await import('../deeplog/diagnosis/index.js');
    const { createEngine } = await import('../deeplog/engine/index.js');
    const lines = o.line?.map((text) => {
      if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--line is ${JSON.stringify(text)}; it must be a line number from 1 on.`);
      return Number(text);
    });
    const none = o.model === undefined && o.workflow === undefined && o.parameters === undefined;
    const folder = (name: keyof typeof DEFAULT_FOLDERS): string | undefined => o[name] ?? (none && existsSync(`${DEFAULT_FOLDERS[name]}/manifest.json`) ? DEFAULT_FOLDERS[name] : undefined);
    const [keys, workflow, params] = [folder('model'), folder('workflow'), folder('parameters')];
    const { newRunFolder } = await import('../deeplog/evaluation/index.js');
    const outputPath = o.output_path ?? newRunFolder('artifacts/diagnosis');
    const console = new StageConsole(o.quiet);
    let starting: ReturnType<typeof createEngine> | undefined;
    try {
      const result = await runDiagnosis({
        inputFile: o.input_file, outputPath, overwrite: o.overwrite, flags: o, ...(o.label_file === undefined ? {} : { labelFile: o.label_file }),
        models: { ...(keys === undefined ? {} : { keys }), ...(workflow === undefined ? {} : { workflow }), ...(params === undefined ? {} : { params }), ...(o.g === undefined ? {} : { g: o.g }), ...(o.threshold === undefined ? {} : { threshold: o.threshold }) },
        wanted: { ...(o.key === undefined ? {} : { keys: o.key }), ...(lines === undefined ? {} : { lines }), ...(o.worst === undefined ? {} : { worst: o.worst }) },
      }, () => (starting ??= createEngine(engineOptions(o))));
      process.stdout.write(o.print === 'json' ? `${JSON.stringify(result, null, 2)}\n` : result.sessions.map(renderText).join('\n'));
      console.say(`written: ${outputPath}/diagnosis.html, diagnosis.json`);
    } finally {
      if (starting !== undefined) await (await starting).dispose();
    }
  },
};

runIfMain(import.meta.url, diagnoseStage);
