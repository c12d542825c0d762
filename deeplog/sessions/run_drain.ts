import { rm } from 'node:fs/promises';
import { arrowToParquet, checkOutput, hashInputs, writeJson, writeManifest } from '../artifacts/index.js';
import { messageOf, UsageError, type Literal } from '../common/index.js';
import { countLines, FLAT_TIME_FORMAT, isStructured, LinePattern, loadState, LogFormat, logInput, parseDuration, PARSERS, readTruth, TemplateMiner, TimeFormat, type FieldMap, type FullSearch, type InputFormat, type InputOptions, type LogInput, type MaskingInstruction, type MinerOptions, type ParserName, type ParsingAccuracy } from '../parsing/index.js';
import path from 'node:path';
import { createAdapter, type AdapterOptions } from './adapters.js';
import { readLabels } from './labels.js';
import { writeParsingReport } from './parsing_report.js';
import { parseLog, type ParseOptions, type ParseSummary } from './parse_log.js';

/** A log's own templates are rarely more. */
const MANY_TEMPLATES = 20_000;

/** The drain stage's flags, as resolved. */
export interface DrainFlags {
  readonly input_file: string;
  readonly output_path: string;
  readonly label_file?: string;
  readonly label_column?: string;
  /** csv of LineId, EventId, EventTemplate: what the parser should find. */
  readonly truth_file?: string;
  readonly logformat?: string;
  readonly time_format?: string;
  /** How the input holds lines; `auto` (the default) goes by the file's name. */
  readonly input_format?: string;
  /** `Name=column` entries for JSON lines, CSV and Parquet. */
  readonly fields?: readonly string[];
  /** Regular expression of a record's first line. */
  readonly record_start?: string;
  /** Each line brings its number and a tab. */
  readonly numbered?: boolean;
  /** Year of the first line, for times without one. */
  readonly year?: number;
  readonly max_unparsed: number;
  readonly format: string;
  readonly overwrite: boolean;
  /** events.parquet and sessions.parquet, too. */
  readonly parquet?: boolean;
  readonly parser?: string;
  readonly engine?: string;
  readonly tau?: number;
  readonly sim_th: number;
  readonly depth: number;
  readonly max_children: number;
  readonly max_clusters?: number;
  readonly parametrize_numeric_tokens: boolean;
  readonly extra_delimiters?: Literal;
  readonly masking?: Literal;
  readonly mask_prefix: string;
  readonly mask_suffix: string;
  readonly state?: string;
  readonly workers?: number;
  readonly fit_until_line?: number;
  readonly fit_share?: number;
  readonly match_only?: boolean;
  readonly full_search: string;
  readonly snapshot_interval_minutes: number;
  readonly compress_state: boolean;
  readonly adapter_type?: string;
  readonly regex?: string;
  readonly delimiter?: string;
  readonly anomaly_labels?: Literal;
  readonly delta?: Literal;
  readonly size: number;
  readonly stride?: number;
  readonly window?: Literal;
  readonly step?: Literal;
  readonly profiling: boolean;
  readonly report_sec: number;
}

export interface DrainSettings {
  readonly flags: DrainFlags;
  readonly miner: MinerOptions;
  readonly parse: Pick<ParseOptions, 'adapter' | 'logFormat' | 'timeFormat' | 'anomalyLabels' | 'labelColumn' | 'fullSearch' | 'format'>;
}

/**
 * Turns flags into what the parser needs. Structured input has its layout from its `fields`, which `runDrain` finds out.
 * @throws UsageError for every combination that cannot work, before any work.
 */
export function drainSettings(given: DrainFlags, fields?: FieldMap): DrainSettings {
  const structured = isStructured(given.input_format as InputFormat | undefined, given.input_file);
  if (structured && given.logformat !== undefined) throw new UsageError(`--logformat is for lines of text, and ${given.input_file} is read as records: say with --fields which of their values make a line.`);
  const flags = fields !== undefined ? withFields(given, fields) : structured ? { ...given, time_format: undefined, label_column: undefined, adapter_type: undefined } : given;
  const logFormat = flags.logformat === undefined ? null : new LogFormat(flags.logformat);
  const adapter = adapterOf(flags);
  if (adapter !== null) createAdapter(adapter); // contradictions show before any work
  const timeFormat = flags.time_format === undefined ? null : new TimeFormat(flags.time_format, flags.year);
  if (timeFormat !== null && !logFormat?.fields.some((f) => f === 'Time' || f === 'Date')) throw new UsageError('--time_format needs a --logformat with <Time> or <Date>.');
  if ((adapter?.type === 'interval_time' || adapter?.type === 'sliding_time') && timeFormat === null) throw new UsageError(`--adapter_type ${adapter.type} needs --time_format and a --logformat with <Date> or <Time>.`);
  if (flags.label_column !== undefined && !logFormat?.fields.includes(flags.label_column)) throw new UsageError(`--label_column ${flags.label_column} is no field of the log format ${JSON.stringify(flags.logformat ?? '')}.`);
  if (flags.fit_until_line !== undefined && flags.fit_share !== undefined) throw new UsageError('--fit_until_line and --fit_share say the same thing twice: give one.');
  if (flags.match_only === true && flags.state === undefined) throw new UsageError('--match_only learns nothing, so it needs templates: give --state.');
  if (flags.match_only === true && (flags.fit_until_line !== undefined || flags.fit_share !== undefined)) throw new UsageError('--match_only learns from no line; leave --fit_until_line and --fit_share out.');
  if (flags.fit_share !== undefined && flags.input_file === '-') throw new UsageError('--fit_share needs to count the lines first, which standard input does not allow. Use --fit_until_line.');
  return {
    flags: given,
    miner: {
      parser: parserOf(flags),
      tau: flags.tau,
      drain: { simTh: flags.sim_th, depth: flags.depth, maxChildren: flags.max_children, maxClusters: flags.max_clusters ?? null, parametrizeNumericTokens: flags.parametrize_numeric_tokens },
      masking: maskingOf(flags.masking),
      maskPrefix: flags.mask_prefix,
      maskSuffix: flags.mask_suffix,
      extraDelimiters: unlessEmpty(strings(flags.extra_delimiters, 'extra_delimiters')),
    },
    parse: {
      adapter, logFormat, timeFormat,
      anomalyLabels: strings(flags.anomaly_labels, 'anomaly_labels'),
      labelColumn: flags.label_column ?? null,
      fullSearch: flags.full_search as FullSearch,
      format: flags.format as ParseOptions['format'],
    },
  };
}

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
}

/** Where the lines come from. */
export function inputOptionsOf(flags: DrainFlags): InputOptions {
  return {
    file: flags.input_file, format: flags.input_format as InputFormat | undefined, keepTime: flags.time_format !== undefined,
    ...(flags.fields === undefined ? {} : { fields: flags.fields }), ...(flags.record_start === undefined ? {} : { recordStart: flags.record_start }), ...(flags.numbered === true ? { numbered: true } : {}),
  };
}

/** How the lines of this input are read: structured ones have their layout from their fields. */
export function parseSettings(settings: DrainSettings, input: LogInput): DrainSettings['parse'] {
  return input.fields === null ? settings.parse : drainSettings(settings.flags, input.fields).parse;
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
  const summary = await parseLog({
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
    inputs: await hashInputs([...input.files, flags.label_file, flags.state, flags.truth_file]),
    // What a state brought along was learned from is not known: as good as everything.
    extra: { fit_until_line: Number.isFinite(fitUntilLine) && flags.state === undefined ? fitUntilLine : null, complete_sessions: parse.adapter?.type.includes('window') === false && parse.adapter.type !== 'sliding_time', counts: summary },
  });
  const used = { ...settings, parse };
  return { summary, report: [...report(summary, used), ...(accuracy === null ? [] : [accuracyLine(accuracy, flags.output_path)])], warnings: [...(alone === null ? [] : [`--workers ${flags.workers ?? 1} was not used: ${alone}`]), ...(input.files.length > 1 ? [`read as one log, oldest first: ${input.files.join(', ')}`] : []), ...warnings(summary, used)] };
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
  const lines = [...(s.preview === null ? [] : [s.preview]), `parsed ${n(s.lines)} lines (${(s.bytes / 1e6).toFixed(1)} MB) into ${n(s.events)} events of ${n(s.templates)} templates in ${s.parseSeconds.toFixed(2)} s: ${n(Math.round(s.lines / s.parseSeconds))} lines/s`];
  if (settings.parse.adapter !== null) {
    const labels = s.unlabelledSessions === s.sessions ? 'no labels' : `${n(s.abnormalSessions)} abnormal${s.unlabelledSessions > 0 ? `, ${n(s.unlabelledSessions)} without a label` : ''}`;
    lines.push(`grouped into ${n(s.sessions)} sessions (${labels})${s.unassignedLines > 0 ? `; ${n(s.unassignedLines)} lines belong to none` : ''}`);
  }
  if (s.emptyLines > 0) lines.push(`${n(s.emptyLines)} empty lines were left out`);
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
  if (s.unparsedLines > 0) out.push(`${n(s.unparsedLines)} lines do not fit the log format; see unparsed.log in ${settings.flags.output_path}`);
  if (s.unmatchedLines > 0) out.push(`${n(s.unmatchedLines)} lines after the fitted part match no template (event 0)`);
  if (s.undatedLines > 0) out.push(`${n(s.undatedLines)} lines have a time that does not fit --time_format ${settings.flags.time_format ?? ''}`);
  if (settings.parse.timeFormat?.yearless === true && settings.flags.year === undefined) out.push('times have no year: they count from 1970. Give --year, the year of the first line');
  if (s.forgottenTemplates > 0) out.push(`${n(s.forgottenTemplates)} templates were forgotten (--max_clusters ${settings.flags.max_clusters ?? ''}): their events have no text, and the like of them comes back under new ids; mask what varies, or allow more`);
  if (s.templates > MANY_TEMPLATES) out.push(`${n(s.templates)} templates: something that varies is not masked (see the last ones in templates.json). Memory and time grow with them; --max_clusters sets a limit`);
  if (s.repairedLines > 0) out.push(`${n(s.repairedLines)} lines held bytes that are no UTF-8; those became U+FFFD`);
  return out;
}

/** What the records' fields say about layout, times, labels and sessions. */
function withFields(flags: DrainFlags, fields: FieldMap): DrainFlags {
  const has = (field: string): boolean => fields.columns.has(field);
  const bySession = has('Session') && (flags.adapter_type === undefined || 'only_identifier delimiter+regex'.includes(flags.adapter_type));
  return {
    ...flags,
    logformat: fields.layout,
    time_format: has('Time') ? flags.time_format ?? FLAT_TIME_FORMAT : undefined,
    label_column: has('Label') ? 'Label' : undefined,
    ...(bySession ? { adapter_type: flags.adapter_type ?? 'only_identifier', regex: fields.sessionRegex ?? undefined } : {}),
  };
}

/** `--parser`, else what drain3.ini's `engine` names. */
function parserOf(f: DrainFlags): ParserName {
  return PARSERS.find((p) => p === f.parser) ?? (f.engine === 'JaccardDrain' ? 'jaccard' : 'drain');
}

function adapterOf(f: DrainFlags): AdapterOptions | null {
  const need = (name: 'regex' | 'delimiter'): string => {
    const value = f[name];
    if (typeof value !== 'string') throw new UsageError(`--adapter_type ${f.adapter_type ?? ''} needs --${name}.`);
    if (name === 'regex') requireRegex(value);
    return value;
  };
  switch (f.adapter_type) {
    case undefined: return null;
    case 'only_identifier': return { type: 'only_identifier', regex: need('regex') };
    case 'delimiter+regex': return { type: 'delimiter+regex', regex: need('regex'), delimiter: need('delimiter') };
    case 'only_delimiter': return { type: 'only_delimiter', delimiter: need('delimiter') };
    case 'interval_time':
      if (f.delta === undefined) throw new UsageError("--adapter_type interval_time needs --delta, e.g. \"{'minutes': 5}\" or seconds.");
      return { type: 'interval_time', deltaMs: parseDuration(f.delta, '--delta') };
    case 'fixed_window': return { type: 'fixed_window', size: f.size, stride: f.stride ?? f.size };
    case 'sliding_time': {
      if (f.window === undefined) throw new UsageError("--adapter_type sliding_time needs --window, e.g. \"{'minutes': 5}\" or seconds.");
      const windowMs = parseDuration(f.window, '--window');
      return { type: 'sliding_time', windowMs, stepMs: f.step === undefined ? windowMs : parseDuration(f.step, '--step') };
    }
    default: throw new UsageError(`--adapter_type ${f.adapter_type} is unknown.`);
  }
}

function requireRegex(pattern: string): void {
  try {
    new LinePattern(pattern);
  } catch (error) {
    throw new UsageError(`--regex: ${messageOf(error)}`);
  }
}

function maskingOf(value: Literal | undefined): MaskingInstruction[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new UsageError('masking must be a list of {"regex_pattern": …, "mask_with": …}.');
  return value.map((entry, i) => {
    if (entry === null || typeof entry !== 'object' || Array.isArray(entry) || typeof entry.regex_pattern !== 'string' || typeof entry.mask_with !== 'string') throw new UsageError(`masking, entry ${i + 1}: expected {"regex_pattern": …, "mask_with": …}, got ${JSON.stringify(entry)}.`);
    return { regexPattern: entry.regex_pattern, maskWith: entry.mask_with };
  });
}

function strings(value: Literal | undefined, name: string): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || value.some((v) => typeof v !== 'string')) throw new UsageError(`${name} must be a list of texts, e.g. "['_', ':']", got ${JSON.stringify(value)}.`);
  return value as string[];
}

/** None: the parser's own. */
function unlessEmpty(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}
