import { rm } from 'node:fs/promises';
import { arrowToParquet, checkOutput, hashInputs, writeJson, writeManifest } from '../artifacts/index.js';
import { counted } from '../common/index.js';
import { countLines, loadState, logInput, readTruth, recordLayout, TemplateMiner, type LogInput, type ParsingAccuracy } from '../parsing/index.js';
import path from 'node:path';
import { inputOptionsOf, parseSettings, type DrainSettings } from './drain_settings.js';
import { readLabels } from './labels.js';
import { writeParsingReport } from './parsing_report.js';
import { parseLog, type ParseSummary } from './parse_log.js';
import { fieldFlag, namesOf } from './unfit.js';

/** A log's own templates are rarely more. */
const MANY_TEMPLATES = 20_000;

export interface DrainProgress {
  readonly lines: number;
  readonly bytes: number;
  readonly totalBytes: number | null;
  readonly seconds: number;
}

export interface DrainResult {
  readonly summary: ParseSummary;
  readonly report: readonly string[];
  readonly warnings: readonly string[];
  /** Where records have no sessions yet: what names one, in words. */
  readonly sessionAdvice: string | null;
}

/** The drain stage: parse, group, write every artifact, the manifest last. @throws DataError */
export async function runDrain(settings: DrainSettings, onProgress?: (progress: DrainProgress) => void, onProfile?: (line: string) => void): Promise<DrainResult> {
  const { flags } = settings;
  const startedAt = performance.now();
  // A missing input is the first thing to say.
  const input = await logInput(inputOptionsOf(flags));
  const parse = parseSettings(settings, input);
  await checkOutput(flags.output_path, flags.overwrite);
  if (flags.truth_file !== undefined) await readTruth(flags.truth_file); // its faults show before the work
  const sessionLabels = flags.label_file === undefined ? null : await readLabels(flags.label_file);
  const fitUntilLine = flags.fit_share !== undefined ? Math.floor((await countLines(input)) * flags.fit_share) + 1 : flags.fit_until_line ?? (flags.match_only === true ? 1 : Infinity);
  const miner = flags.state === undefined ? new TemplateMiner(settings.miner) : await loadState(flags.state, settings.miner);
  const alone = (flags.workers ?? 1) > 1 ? whyAlone(settings, parse) : null;
  const { summary, sha256 } = await parseLog({
    ...parse,
    input,
    outputPath: flags.output_path,
    miner, fitUntilLine, sessionLabels,
    workers: alone === null ? flags.workers ?? 1 : 1,
    maxUnparsed: flags.max_unparsed,
    compressState: flags.compress_state,
    snapshotIntervalMs: flags.snapshot_interval_minutes * 60_000,
    profile: flags.profiling,
    reportMs: flags.report_sec * 1000,
    onProfile: (seconds, lines) => onProfile?.(`${lines.toLocaleString('en-US')} lines; ${profileLine(seconds)}`),
    onProgress: (p) => onProgress?.({ ...p, seconds: (performance.now() - startedAt) / 1000 }),
  });
  const parquet = ['events', ...(parse.adapter === null ? [] : ['sessions'])];
  if (flags.parquet === true) for (const name of parquet) await arrowToParquet(path.join(flags.output_path, `${name}.arrow`), path.join(flags.output_path, `${name}.parquet`));
  else for (const name of parquet) await rm(path.join(flags.output_path, `${name}.parquet`), { force: true });
  for (const name of ['parsing_report.json', 'parsing_report.md']) await rm(path.join(flags.output_path, name), { force: true });
  const accuracy = flags.truth_file === undefined ? null : await writeParsingReport(flags.output_path, flags.truth_file, (event) => templateOf(miner, event));
  await writeJson(path.join(flags.output_path, 'metrics.json'), { schema: 'deeplog.drain_metrics/1', ...summary, ...(accuracy === null ? {} : { accuracy }) });
  await writeManifest(flags.output_path, {
    stage: 'drain', startedAt, options: { ...flags },
    inputs: await hashInputs([...input.files, flags.label_file, flags.state, flags.truth_file], sha256),
    // What a state brought along was learned from is not known: as good as everything.
    extra: { fit_until_line: Number.isFinite(fitUntilLine) && flags.state === undefined ? fitUntilLine : null, complete_sessions: parse.adapter?.type.includes('window') === false && parse.adapter.type !== 'sliding_time', counts: summary, records: recordLayout(input) },
  });
  const used = { ...settings, parse };
  return { summary, report: [...report(summary, used), ...(accuracy === null ? [] : [accuracyLine(accuracy, flags.output_path)])], warnings: [...(alone === null ? [] : [`--workers ${flags.workers ?? 1} was not used: ${alone}`]), ...(input.files.length > 1 ? [`read as one log, oldest first: ${input.files.join(', ')}`] : []), ...warnings(summary, used)], sessionAdvice: input.fields === null ? null : sessionAdvice(input) };
}

function sessionAdvice(input: LogInput): string {
  const names = namesOf(input);
  return `--fields ${fieldFlag(input)},Session=<field that all records of a session share>${names === '' ? '' : ` (${names})`}`;
}

/** Why only one thread can do this job, or null. */
function whyAlone({ miner }: DrainSettings, { timeFormat }: DrainSettings['parse']): string | null {
  if ((miner.parser ?? 'drain') !== 'drain') return `--parser ${miner.parser ?? ''} works line after line; only drain can look ahead`;
  if ((miner.drain?.maxClusters ?? null) !== null) return 'with --max_clusters every line decides what is forgotten next';
  if (timeFormat?.yearless === true) return 'times without a year are counted line after line';
  return null;
}

function templateOf(miner: TemplateMiner, event: number): string {
  const cluster = miner.parser.store.get(event);
  return cluster === undefined ? '(forgotten)' : miner.template(cluster);
}

function accuracyLine(a: ParsingAccuracy, folder: string): string {
  return `against the truth: GA ${a.ga.toFixed(4)}, FGA ${a.fga.toFixed(4)}, PA ${a.pa.toFixed(4)}, FTA ${a.fta.toFixed(4)}; ${a.found} templates, ${a.expected} expected; what was split and merged: ${path.join(folder, 'parsing_report.md')}`;
}

function report(s: ParseSummary, settings: DrainSettings): string[] {
  const n = (x: number): string => x.toLocaleString('en-US');
  const lines = [...(s.preview === null ? [] : [s.preview]), `parsed ${counted(s.lines, 'line', 'lines')} (${(s.bytes / 1e6).toFixed(1)} MB) into ${counted(s.events, 'event', 'events')} of ${counted(s.templates, 'template', 'templates')} in ${s.parseSeconds.toFixed(2)} s: ${n(Math.round(s.lines / s.parseSeconds))} lines/s`];
  if (settings.parse.adapter !== null) {
    const labels = s.unlabelledSessions === s.sessions ? 'no labels' : `${n(s.abnormalSessions)} abnormal${s.unlabelledSessions > 0 ? `, ${n(s.unlabelledSessions)} without a label` : ''}`;
    lines.push(`grouped into ${counted(s.sessions, 'session', 'sessions')} (${labels})${s.unassignedLines > 0 ? `; ${counted(s.unassignedLines, 'line belongs', 'lines belong')} to none` : ''}`);
  }
  if (s.emptyLines > 0) lines.push(`${counted(s.emptyLines, 'empty line was', 'empty lines were')} left out`);
  if (s.profile) lines.push(profileLine(s.profile));
  lines.push(`written: ${settings.flags.output_path} (events.arrow, ${settings.parse.adapter === null ? '' : 'sessions.arrow, '}templates.json, drain_state.json)`);
  return lines;
}

function profileLine(seconds: Readonly<Record<string, number>>): string {
  return `time: ${Object.entries(seconds).map(([k, v]) => `${k} ${v.toFixed(2)} s`).join(', ')}`;
}

function warnings(s: ParseSummary, settings: DrainSettings): string[] {
  const out: string[] = [];
  const n = (x: number): string => x.toLocaleString('en-US');
  if (settings.flags.label_file !== undefined && settings.parse.adapter === null) out.push(`${settings.flags.label_file} was not used: labels are of sessions, and without "drain --adapter_type" there are none`);
  if (s.unparsedLines > 0) out.push(`${counted(s.unparsedLines, 'line does', 'lines do')} not fit the log format; see unparsed.log in ${settings.flags.output_path}`);
  if (s.unmatchedLines > 0) out.push(`${counted(s.unmatchedLines, 'line after the fitted part matches', 'lines after the fitted part match')} no template (event 0)`);
  if (s.undatedLines > 0) out.push(`${counted(s.undatedLines, 'line has', 'lines have')} a time that does not fit the time format ${JSON.stringify(settings.flags.time_format ?? '')}`);
  if (settings.parse.timeFormat?.yearless === true && settings.flags.year === undefined) out.push('times have no year: they count from 1970. "drain --year" takes the year of the first line');
  if (s.forgottenTemplates > 0) out.push(`${n(s.forgottenTemplates)} templates were forgotten (drain --max_clusters ${settings.flags.max_clusters ?? ''}): their events have no text, and the like of them comes back under new ids; mask what varies, or allow more`);
  if (s.templates > MANY_TEMPLATES) out.push(`${n(s.templates)} templates: something that varies is not masked (see the last ones in templates.json). Memory and time grow with them; "drain --max_clusters" sets a limit`);
  if (s.repairedLines > 0) out.push(`${counted(s.repairedLines, 'line', 'lines')} held bytes that are no UTF-8; those became U+FFFD`);
  return out;
}
