// A trained model and a new log: a verdict for every session, with evidence.
//   npx deeplog detect --model artifacts/log_key_model_result --input_file new.log
import { COMMON_OPTIONS, ENGINE_OPTIONS, formatCount, invocation, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';
import { withEngine } from './with_engine.js';

export const DETECT_OPTIONS = {
  model: { type: 'string', group: 'Input', default: 'artifacts/log_key_model_result', describe: 'folder of a trained model' },
  input_file: { type: 'string', group: 'Input', required: true, describe: "raw log (read with the model's parser; - for standard input), or sessions parsed with the same ids" },
  label_file: { type: 'string', group: 'Input', describe: 'labels of the sessions, to judge the verdicts' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/detect_result', describe: 'folder to write' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished result in output_path' },
  top: { type: 'integer', group: 'Output', default: 5, min: 0, max: 1000, describe: 'kinds of flagged sessions to show' },
  threshold: { type: 'number', group: 'Verdict', describe: "use this threshold instead of the model's" },
  recalibrate: { type: 'boolean', group: 'Verdict', default: false, describe: "set the model's threshold anew from this input's normal sessions" },
  target_fpr: { type: 'number', group: 'Verdict', default: 0.001, min: 0, max: 0.5, describe: 'false-alarm rate for --recalibrate' },
  triage: { type: 'boolean', group: 'Verdict', default: true, describe: "let the answers given with `triage accept` and `triage reject` decide; new patterns are noted in the model's triage.json" },
  triage_by: { type: 'string', group: 'Verdict', default: 'default', choices: ['default', 'clusters', 'events'], describe: 'what answers are for: clusters of the detector\'s embeddings, sets of events, or what suits the detector' },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const detectStage: Stage = {
  command: 'detect', group: 'Judge',
  describe: 'judge the sessions of a new log with a trained model',
  options: DETECT_OPTIONS,
  examples: [['$0 detect --input_file new.log', "with the model in artifacts/log_key_model_result"]],
  async run(given) {
    const o = resolveOptions({ ...DETECT_OPTIONS, ...COMMON_OPTIONS }, given);
    const { detect, TRIAGE_BY } = await import('../deeplog/evaluation/index.js');
    const { shortId } = await import('../deeplog/triage/index.js');
    const console = new StageConsole(o.quiet);
    await withEngine(o, console, async (engine) => {
      const result = await detect({
        model: o.model, inputFile: o.input_file, outputPath: o.output_path, overwrite: o.overwrite, recalibrate: o.recalibrate, targetFpr: o.target_fpr, triage: o.triage, flags: o, triageBy: TRIAGE_BY.find((by) => by === o.triage_by) ?? 'default',
        ...(o.label_file === undefined ? {} : { labelFile: o.label_file }),
        ...(o.threshold === undefined ? {} : { threshold: o.threshold }),
        onProgress: (what) => console.say(what),
      }, () => Promise.resolve(engine));
      const out = (line: string): void => { process.stdout.write(`${line}\n`); };
      out(`${formatCount(result.flagged.length)} of ${formatCount(result.sessions)} sessions are abnormal: ${result.meaning} is above ${+result.threshold.toPrecision(5)}`);
      if (result.triage !== null && result.triage.accepted + result.triage.rejected > 0) out(triageInWords(result.triage));
      const patterns = groupedByPattern(result.flagged);
      for (const [v, ...alike] of patterns.slice(0, o.top)) {
        const more = alike.length === 0 ? '' : `; ${alike.length} more with the same events`;
        out(`\n${v.key}  score ${+v.score.toPrecision(5)}, ${v.n_events} events${v.label === undefined ? '' : `, labelled ${v.label ? 'abnormal' : 'normal'}`}${more}${v.triage === undefined ? '' : `; pattern ${shortId(v.triage.id)}${v.triage.answer === null ? '' : `, ${v.triage.answer}${v.triage.by === null ? '' : ` by ${v.triage.by}`}`}`}`);
        for (const e of v.evidence ?? []) {
          out(`  ${e.line !== undefined ? `line ${e.line}` : e.event === null ? 'at the end' : `position ${e.index + 1}`}: ${e.reason}`);
          if (e.raw ?? e.template) out(`      ${e.raw ?? e.template ?? ''}`);
          if (e.expected_templates?.[0] !== undefined) out(`      expected: ${e.expected_templates[0]}`);
        }
      }
      if (patterns.length > o.top) out(`\n… and ${formatCount(patterns.length - o.top)} more kinds of sessions, all in ${result.verdictsFile}`);
      if (result.metrics) out(`\nagainst the labels: F1 ${result.metrics.f1?.toFixed(3) ?? '–'}, precision ${result.metrics.precision?.toFixed(3) ?? '–'}, recall ${result.metrics.recall?.toFixed(3) ?? '–'}`);
      if (result.triage !== null && result.triage.open > 0) console.say(`next: ${invocation('triage')} list --model ${o.model}, then accept or reject patterns by their ids`);
      for (const w of result.warnings) console.warn(w);
      console.say(`written: ${result.verdictsFile}`);
    }, { quietly: true });
  },
};

/** What answers did to the flagged sessions; what they did to none is left out. */
export function triageInWords({ accepted, rejected, open, openPatterns }: { readonly accepted: number; readonly rejected: number; readonly open: number; readonly openPatterns: number }): string {
  const parts = [
    ...(accepted === 0 ? [] : [accepted === 1 ? '1 more is quiet, its pattern was accepted' : `${formatCount(accepted)} more are quiet, their patterns were accepted`]),
    ...(rejected === 0 ? [] : [rejected === 1 ? '1 follows a rejected pattern' : `${formatCount(rejected)} follow rejected patterns`]),
    ...(open === 0 ? [] : [openPatterns === 1 ? `${formatCount(open)} ha${open === 1 ? 's' : 've'} a pattern without an answer yet` : `${formatCount(open)} have one of ${formatCount(openPatterns)} patterns without an answer yet`]),
  ];
  return `triage: ${parts.join('; ')}`;
}

/** Sessions with equal events stand together, in the order of the first. */
function groupedByPattern<T extends { readonly pattern: number }>(flagged: readonly T[]): T[][] {
  const groups = new Map<number, T[]>();
  for (const v of flagged) groups.set(v.pattern, [...(groups.get(v.pattern) ?? []), v]);
  return [...groups.values()];
}

runIfMain(import.meta.url, detectStage);
