// The operator's answers to alerts: an accepted pattern is quiet from then on, a rejected one alerts without asking.
//   npx deeplog triage list --model artifacts/log_key_model_result
//   npx deeplog triage accept 1f2e3d4c --note "new release"
//   npx deeplog triage reject 9a8b --by ann
//   npx deeplog triage export --format csv > triage.csv
import type { TriageStore } from '../deeplog/triage/index.js';
import { COMMON_OPTIONS, formatCount, invocation, resolveOptions, runIfMain, StageConsole, type OptionSpecs, type Stage, type StageGroup } from '../deeplog/cli/index.js';

const MODEL = { model: { type: 'string', group: 'Input', default: 'artifacts/log_key_model_result', describe: 'folder of the trained model whose alerts are answered' } } as const satisfies OptionSpecs;

const LIST_OPTIONS = {
  ...MODEL,
  status: { type: 'string', group: 'Output', default: 'open', choices: ['open', 'accepted', 'rejected', 'lapsed', 'all'], describe: 'which patterns; lapsed: answered, and not seen for so long that they ask again' },
  top: { type: 'integer', group: 'Output', default: 20, min: 1, describe: 'patterns to show, those with the most alerts first' },
  print: { type: 'string', group: 'Output', default: 'text', choices: ['text', 'json'], describe: 'what goes to standard output' },
  max_age: { type: 'number', group: 'Ageing', min: 0, exclusive: true, describe: 'from now on answers lapse when their pattern was not seen for this many days (default: 90)' },
} as const satisfies OptionSpecs;

const ANSWER_OPTIONS = {
  ...MODEL,
  by: { type: 'string', group: 'Answer', describe: 'who answers (default: the user running this)' },
  note: { type: 'string', group: 'Answer', describe: 'why' },
} as const satisfies OptionSpecs;

const EXPORT_OPTIONS = {
  ...MODEL,
  format: { type: 'string', group: 'Output', default: 'json', choices: ['json', 'csv'], describe: 'json: patterns and the history of answers; csv: a row per pattern' },
} as const satisfies OptionSpecs;

async function store(model: string): Promise<TriageStore> {
  const { readManifest } = await import('../deeplog/artifacts/index.js');
  const { TriageStore } = await import('../deeplog/triage/index.js');
  await readManifest(model);
  return TriageStore.open(model);
}

const list: Stage = {
  command: 'list',
  describe: 'the patterns that alerted, with their answers',
  options: LIST_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...LIST_OPTIONS, ...COMMON_OPTIONS }, given);
    const { renderPatterns, TriageStore } = await import('../deeplog/triage/index.js');
    await store(o.model);
    if (o.max_age !== undefined) await TriageStore.setMaxAge(o.model, o.max_age);
    const known = await store(o.model);
    const wanted = known.ofStatus(o.status as Parameters<typeof known.ofStatus>[0]);
    process.stdout.write(o.print === 'json' ? `${JSON.stringify(wanted, null, 2)}\n` : renderPatterns(known, wanted.slice(0, o.top)));
    const console = new StageConsole(o.quiet);
    if (wanted.length > o.top) console.say(`… and ${formatCount(wanted.length - o.top)} more: raise --top`);
    if (wanted.length === 0) console.say(nothingListed(o.status, o.model, known.patterns.length - known.ofStatus('open').length));
  },
};

/** Why a list is empty: nothing was noted, or all that was is answered. */
export function nothingListed(status: string, model: string, answered: number): string {
  const none = `no ${status === 'all' ? '' : `${status} `}patterns in ${model}`;
  return answered > 0 && status === 'open' ? `${none} (${formatCount(answered)} answered: --status all)` : `${none}; ${invocation('detect')} --model ${model} notes them`;
}

function answering(command: 'accept' | 'reject' | 'reopen', describe: string): Stage {
  return {
    command: `${command} <ids..>`,
    describe,
    options: ANSWER_OPTIONS,
    examples: [[`$0 triage ${command} 1f2e3d4c`, 'by its id, or the first characters of it']],
    async run(given) {
      const o = resolveOptions({ ...ANSWER_OPTIONS, ...COMMON_OPTIONS }, given);
      const { userInfo } = await import('node:os');
      const { shortId, TriageStore } = await import('../deeplog/triage/index.js');
      await store(o.model);
      const answer = command === 'accept' ? 'accepted' : command === 'reject' ? 'rejected' : null;
      const changed = await TriageStore.answer(o.model, (given.ids as string[]).map(String), answer, o.by ?? userInfo().username, o.note ?? null);
      const console = new StageConsole(o.quiet);
      for (const p of changed) if (answer === 'accepted' && [...p.names].some((name) => /\bevents? 0\b/.test(name))) console.warn(`${shortId(p.id)} is of lines that fit no template (event 0): whatever else is new at the same place will be quiet, too. Better parse and train again with these lines; "triage reopen ${shortId(p.id)}" takes the answer back`);
      for (const p of changed) process.stdout.write(`${shortId(p.id)} ${answer ?? 'open again'}: ${p.names.join('; ')} (${formatCount(p.sessions)} alert${p.sessions === 1 ? '' : 's'} so far)\n`);
    },
  };
}

const exporting: Stage = {
  command: 'export',
  describe: 'all patterns and answers, to standard output',
  options: EXPORT_OPTIONS,
  async run(given) {
    const o = resolveOptions({ ...EXPORT_OPTIONS, ...COMMON_OPTIONS }, given);
    const { patternsAsCsv } = await import('../deeplog/triage/index.js');
    const known = await store(o.model);
    process.stdout.write(o.format === 'csv' ? patternsAsCsv(known.patterns) : `${JSON.stringify({ schema: 'deeplog.triage/1', model: o.model, max_age_days: known.maxAgeDays, patterns: known.patterns, history: known.history }, null, 2)}\n`);
  },
};

export const triageStage: StageGroup = {
  command: 'triage', group: 'Judge',
  describe: "answer a model's alerts once, by their pattern",
  stages: [list, answering('accept', 'normal from now on: sessions with these patterns do not alert'), answering('reject', 'abnormal: sessions with these patterns alert without asking'), answering('reopen', 'take an answer back'), exporting],
};

runIfMain(import.meta.url, triageStage);
