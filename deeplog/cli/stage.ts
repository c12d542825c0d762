import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import yargs, { type Argv } from 'yargs';
import { messageOf, UsageError } from '../common/index.js';
import { COMMON_OPTIONS, declareOptions, suggestion, type OptionSpecs } from './options.js';
import { overview } from './overview.js';

/** One stage of the workbench: a name, its flags, and what it does. `run` imports the heavy parts itself, so that --help stays fast. */
export interface Stage {
  readonly command: string;
  readonly describe: string;
  /** Its heading in the overview of all commands. */
  readonly group?: string;
  readonly options: OptionSpecs;
  readonly examples?: readonly (readonly [command: string, what: string])[];
  run(given: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A stage of several steps, each with flags of its own: `logbert vocab`, `logbert train`, `logbert predict`. */
export interface StageGroup {
  readonly command: string;
  readonly describe: string;
  readonly group?: string;
  readonly stages: readonly Stage[];
}

const INTERRUPTED = 130;
/** How signals that ask for an end are said, and the exit code. */
const SIGNALS = { SIGINT: ['interrupted', INTERRUPTED], SIGTERM: ['terminated', 143] } as const;

/** Runs the command line: exit code 0 done, 1 failed, 2 bad usage, 130 interrupted, 143 terminated. Never a stack trace without --debug. */
export async function main(stages: readonly (Stage | StageGroup)[], args: readonly string[], scriptName = 'deeplog'): Promise<void> {
  // A reader that closes early (| head) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(0); });
  // A stage with work to save listens itself; any other just ends, and exit handlers clean up.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const [said, code] = SIGNALS[signal];
    process.on(signal, () => {
      if (process.listenerCount(signal) > 1) return;
      process.stderr.write(`deeplog: ${said}\n`);
      process.exit(code);
    });
  }
  const words = args.map(normaliseFlag);
  // One stage alone, run by its file, has its flags to show.
  const whole = stages.some((s) => s.group !== undefined);
  if (whole && /^(-h|--help|help)$/.test(words[0] ?? '')) {
    process.stdout.write(overview(stages));
    return;
  }
  if (whole && words.length === 0) process.stderr.write(`${overview(stages)}\n`);
  try {
    await parser(stages, words, scriptName).parseAsync();
  } catch (error) {
    process.stderr.write(`deeplog: ${messageOf(error)}\n`);
    if (args.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = error instanceof UsageError ? 2 : error instanceof Error && error.name === 'AbortError' ? INTERRUPTED : 1;
  }
}

/** Runs one stage, or the steps of a group, when its file is the script that node was started with. */
export function runIfMain(moduleUrl: string, stage: Stage | StageGroup): void {
  const script = process.argv[1];
  if (script === undefined || realpathSync(script) !== fileURLToPath(moduleUrl)) return;
  void main('stages' in stage ? stage.stages : [{ ...stage, command: '$0' }], process.argv.slice(2), `run/${script.split('/').pop()}`);
}

function parser(stages: readonly (Stage | StageGroup)[], words: readonly string[], scriptName: string): Argv {
  const cli = yargs([...words])
    .scriptName(scriptName)
    .parserConfiguration({ 'camel-case-expansion': false, 'dot-notation': false, 'parse-numbers': false, 'boolean-negation': true, 'duplicate-arguments-array': true, 'greedy-arrays': true })
    .usage('$0 <stage> [flags]\n\nTrain and evaluate log anomaly detectors: raw logs in, honest verdicts out.')
    .wrap(Math.min(120, process.stdout.columns ?? 100))
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .version(false)
    .help()
    .alias('help', 'h')
    .fail((message, error) => { throw error !== undefined && error.name !== 'YError' ? error : new UsageError(explain(message ?? messageOf(error), stages, words)); });
  return withStages(cli, stages, 'stage');
}

/** Declares stages to a parser; steps of a group to the parser of the group's command. */
function withStages(cli: Argv, stages: readonly (Stage | StageGroup)[], what: 'stage' | 'step'): Argv {
  for (const stage of stages) {
    if ('stages' in stage) {
      cli.command(stage.command, stage.describe, (argv: Argv) => withStages(argv, stage.stages, 'step'));
      continue;
    }
    cli.command(stage.command, stage.describe, (argv: Argv) => {
      declareOptions(argv, { ...stage.options, ...COMMON_OPTIONS });
      for (const [command, does] of stage.examples ?? []) argv.example(command, does);
      return argv;
    }, (given) => stage.run(given as Record<string, unknown>));
  }
  if (!stages.some((s) => s.command.startsWith('$0'))) cli.demandCommand(1, stages.some((s) => s.group !== undefined) ? `Name a ${what}, for instance quickstart` : `Name a ${what}: ${names(stages).join(', ')}`);
  return cli;
}

/** --input-file and --input_file are the same flag. */
function normaliseFlag(word: string): string {
  const match = /^--([a-zA-Z][\w-]*)(=.*)?$/s.exec(word);
  if (!match) return word;
  const negated = match[1].startsWith('no-') ? 'no-' : '';
  return `--${negated}${match[1].slice(negated.length).replace(/-/g, '_')}${match[2] ?? ''}`;
}

function names(stages: readonly { readonly command: string }[]): string[] {
  return stages.map((s) => s.command.split(' ')[0]);
}

function explain(message: string, stages: readonly (Stage | StageGroup)[], words: readonly string[], what: 'stage' | 'step' = 'stage'): string {
  const stage = stages.find((s) => s.command.split(' ')[0] === words[0]) ?? stages.find((s) => s.command === '$0');
  if (stage !== undefined && 'stages' in stage) return explain(message, stage.stages, words.slice(1), 'step');
  const unknown = /^Unknown (?:arguments?|commands?): (.+)$/.exec(message)?.[1].split(', ')[0];
  if (message.startsWith('Not enough non-option arguments') && stage !== undefined) return `There is something missing: ${[...names([stage]), ...stage.command.split(' ').slice(1)].join(' ')}. See --help.`;
  if (unknown === undefined) return `${message.replace(/\.?$/, '.')} See --help.`;
  if (stage === undefined || unknown === words[0]) return `There is no ${what} ${JSON.stringify(unknown)}.${suggestion(unknown, names(stages))} See ${what === 'stage' ? 'deeplog ' : ''}--help.`;
  // yargs calls what follows no flag unknown as well.
  if (words.slice(1).includes(unknown)) return `${JSON.stringify(unknown)} belongs to no flag. Give its flag before it; a pattern for several files goes between quotes. See --help.`;
  return `There is no flag --${unknown}.${suggestion(unknown, Object.keys({ ...stage.options, ...COMMON_OPTIONS, help: null }))} See --help.`;
}
