import { messageOf, UsageError, type Literal } from '../common/index.js';
import { FLAT_TIME_FORMAT, isStructured, LinePattern, LogFormat, parseDuration, PARSERS, TimeFormat, type FieldMap, type FullSearch, type InputFormat, type InputOptions, type LogInput, type MaskingInstruction, type MinerOptions, type ParserName } from '../parsing/index.js';
import { createAdapter, type AdapterOptions } from './adapters.js';
import type { ParseOptions } from './parse_log.js';

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
  readonly parse: Pick<ParseOptions, 'adapter' | 'logFormat' | 'timeFormat' | 'anomalyLabels' | 'labelColumn' | 'fullSearch' | 'format' | 'awaitWorkers'>;
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

/** `engine` stands in models of before: Drain3's name for the algorithm. */
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
