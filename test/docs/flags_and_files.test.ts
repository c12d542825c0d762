import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMON_OPTIONS, type OptionSpecs, type Stage, type StageGroup } from '../../deeplog/cli/index.js';
import { formerNames } from '../../deeplog/cli/options.js';
import { logAnomalyStage } from '../../run/loganomaly.js';
import { logBertStage } from '../../run/logbert.js';
import { autoencoderStage } from '../../run/autoencoder.js';
import { benchmarkStage } from '../../run/run_benchmark.js';
import { dashboardStage } from '../../run/run_dashboard.js';
import { dataStage } from '../../run/run_data.js';
import { detectStage } from '../../run/run_detect.js';
import { diagnoseStage } from '../../run/run_diagnose.js';
import { drainStage } from '../../run/run_drain.js';
import { exportStage } from '../../run/run_export.js';
import { importStage } from '../../run/run_import.js';
import { logKeyStage } from '../../run/run_log_key_detection_model.js';
import { parametersStage } from '../../run/run_parameter_detection_model.js';
import { quickstartStage } from '../../run/run_quickstart.js';
import { runsStage } from '../../run/run_runs.js';
import { serveStage } from '../../run/run_serve.js';
import { triageStage } from '../../run/run_triage.js';
import { workflowStage } from '../../run/run_workflow.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const STAGES: readonly (Stage | StageGroup)[] = [
  quickstartStage, dataStage, drainStage, logKeyStage, parametersStage, workflowStage, logBertStage, logAnomalyStage, autoencoderStage, detectStage, triageStage, diagnoseStage, benchmarkStage, exportStage, importStage, serveStage, runsStage, dashboardStage,
];
/** Flags of other programs that the pages show how to call, by the first word of their command. */
const OTHERS = /\b(docker|podman|spark-submit|mlflow|tensorboard|curl|git|npm ci|npm install|npm test|npm pack|node|python3?|tsc|vitest|dot|http|chromium|bwrap|systemd-run|unshare|sessions_job\.py|npm run bench|tsx bench\/\S+|bench\/\S+\.ts|scripts\/\S+)\b/;

/** The flags of a command by its words, those of all its steps where the step is not said; null when there is no such command. */
function flagsOf(words: readonly string[]): Set<string> | null {
  const stage = STAGES.find((s) => s.command.split(' ')[0] === words[0]);
  if (stage === undefined) return null;
  const stages = !('stages' in stage) ? [stage] : stage.stages.filter((s) => s.command.split(' ')[0] === words[1]);
  const tables: readonly OptionSpecs[] = (stages.length > 0 || !('stages' in stage) ? stages : stage.stages).map((s) => s.options);
  return new Set([...tables.flatMap((t) => [...Object.keys(t), ...formerNames(t)]), ...Object.keys(COMMON_OPTIONS), 'help']);
}

/** Shown as mistakes, with what is said of them. */
const MISTAKES = new Set(['input_fil']);
const ANY = new Set(STAGES.flatMap((s) => [...flagsOf([s.command.split(' ')[0]]) ?? []]));
const benches = readdirSync(path.join(ROOT, 'bench'), { recursive: true }).map(String).filter((f) => /\.(ts|py)$/.test(f)).map((f) => readFileSync(path.join(ROOT, 'bench', f), 'utf8')).join('\n');

const pages = ['README.md', ...readdirSync(path.join(ROOT, 'docs'), { recursive: true }).map((f) => path.join('docs', String(f))).filter((f) => f.endsWith('.md'))];

interface Command { readonly line: number; readonly text: string }

/** Lines of a page; a line that ends in a backslash goes on. */
function linesOf(page: string): Command[] {
  const out: Command[] = [];
  let begun: Command | null = null;
  readFileSync(path.join(ROOT, page), 'utf8').split('\n').forEach((text, i) => {
    const joined: Command = begun === null ? { line: i + 1, text } : { line: begun.line, text: `${begun.text} ${text.trim()}` };
    begun = joined.text.endsWith('\\') ? { ...joined, text: joined.text.slice(0, -1) } : null;
    if (begun === null) out.push(joined);
  });
  return out;
}

const normal = (flag: string): string => flag.replace(/-/g, '_');
const known = (flags: Set<string>, flag: string): boolean => MISTAKES.has(flag) || flags.has(normal(flag)) || flags.has(normal(flag).replace(/^no_/, ''));
/** A command of ours and what follows it, up to the end of the code or the next command. */
const OURS = /(?:\bdeeplog|npm run(?: deeplog --)?) ([a-z-]+)((?: [a-z]+)?)((?: --(?= |$))?(?: (?!&&|\|)[^\s`;)|]+)*)/g;
const FLAG = /(?<![\w-])--([a-zA-Z][\w-]*)/g;

describe.each(pages)('%s', (page) => {
  const folder = path.dirname(path.join(ROOT, page));

  it('names flags that the command has', () => {
    const wrong: string[] = [];
    for (const { line, text } of linesOf(page)) {
      let rest = text;
      for (const [whole, stage, step, args] of text.matchAll(OURS)) {
        const flags = flagsOf([stage, step.trim()]);
        if (flags === null) continue;
        rest = rest.replace(whole, '');
        for (const [, flag] of args.matchAll(FLAG)) if (!known(flags, flag)) wrong.push(`${page}:${line}: ${stage}${step} has no --${flag}`);
      }
      if (OTHERS.test(rest)) continue;
      for (const [, flag] of rest.matchAll(FLAG)) if (!known(ANY, flag) && !benches.includes(normal(flag)) && !benches.includes(flag)) wrong.push(`${page}:${line}: no command has --${flag}`);
    }
    expect(wrong).toEqual([]);
  });

  it('links to pages, headings and files that are there', () => {
    const wrong: string[] = [];
    for (const { line, text } of linesOf(page)) {
      for (const [, target] of text.matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
        const [file, anchor] = target.split('#');
        const to = file === '' ? path.join(ROOT, page) : path.join(folder, file);
        if (!existsSync(to)) wrong.push(`${page}:${line}: ${target}`);
        else if (anchor !== undefined && to.endsWith('.md') && !headingsOf(to).has(anchor)) wrong.push(`${page}:${line}: no heading #${anchor} in ${file}`);
      }
      for (const [, named] of text.matchAll(/`((?:deeplog|run|test|bench|docs|scripts|examples)\/[\w./-]+?)[/.]?`/g)) if (!existsSync(path.join(ROOT, named)) && !existsSync(path.join(ROOT, `${named}.ts`))) wrong.push(`${page}:${line}: ${named}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** Anchors as GitHub makes them of headings. */
function headingsOf(file: string): Set<string> {
  return new Set(readFileSync(file, 'utf8').split('\n').flatMap((l) => /^#+ +(.*)$/.exec(l)?.[1] ?? []).map((h) => h.toLowerCase().replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')));
}
