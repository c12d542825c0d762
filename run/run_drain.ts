// Parse a raw log into events and sessions.
//   npx deeplog drain --input_file HDFS.log.gz --label_file anomaly_label.csv.gz
//   npx deeplog drain --input_file app.log --logformat '<Date> <Time> <Level> <Content>' --adapter_type fixed_window --size 20
import { existsSync } from 'node:fs';
import type { InputFormat } from '../deeplog/parsing/index.js';
import { counted, UsageError } from '../deeplog/common/index.js';
import { COMMON_OPTIONS, formatCount, invocation, resolveOptions, runIfMain, StageConsole, writeOut, type OptionSpecs, type Stage } from '../deeplog/cli/index.js';

/** Written out: the table itself is only loaded when it is needed. */
const SYSTEM_NAMES = ['android', 'apache', 'bgl', 'hadoop', 'hdfs', 'healthapp', 'hpc', 'linux', 'mac', 'openssh', 'openstack', 'proxifier', 'spark', 'thunderbird', 'windows', 'zookeeper'] as const;

export const DRAIN_OPTIONS = {
  input_file: { type: 'string', group: 'Input', describe: "log file, plain, .gz or .zst; 'app.log*' for rotated ones in order; - for standard input" },
  stdin: { type: 'boolean', group: 'Input', default: false, describe: 'the same as --input_file -' },
  label_file: { type: 'string', group: 'Input', describe: 'csv of session key,label (Normal/Anomaly or 0/1); .gz is read too' },
  label_column: { type: 'string', group: 'Input', describe: 'field of the log format that is - on normal lines (BGL: Label)' },
  suggest: { type: 'boolean', group: 'Input', default: false, describe: 'parse nothing: print a layout and masks for an unknown log, as a drain3.ini, with the evidence' },
  truth_file: { type: 'string', group: 'Input', describe: 'csv of LineId,EventId,EventTemplate (Loghub): writes parsing_report.md, what was split and merged' },
  input_format: { type: 'string', group: 'Input', default: 'auto', choices: ['auto', 'lines', 'jsonl', 'csv', 'parquet'], describe: 'text lines, or records: JSON lines, CSV with a header, Parquet; auto: by the name' },
  fields: { type: 'strings', group: 'Input', describe: 'records: Content=message,Time=timestamp,Session=trace.id,Label=alert; a+b joins columns' },
  record_start: { type: 'string', group: 'Input', describe: 'regular expression of the first line of a record of several lines (stack traces)' },
  numbered: { type: 'boolean', group: 'Input', default: false, describe: 'each line brings its number and a tab (shards of a log)' },
  logformat: { type: 'string', group: 'Input', describe: "line layout, e.g. '<Date> <Time> <Level> <Component>: <Content>'; without one the whole line is the message" },
  time_format: { type: 'string', group: 'Input', describe: 'strptime format of <Date> <Time>, e.g. %y%m%d %H%M%S, read as UTC' },
  year: { type: 'integer', group: 'Input', min: 1970, max: 9999, describe: 'year of the first line, where times have none (syslog); December into January is the next' },
  max_unparsed: { type: 'number', group: 'Input', default: 0.05, min: 0, max: 1, describe: 'share of lines that may fail to fit the log format' },
  output_path: { type: 'string', group: 'Output', default: 'artifacts/drain_result', describe: 'folder to write' },
  format: { type: 'string', group: 'Output', default: 'auto', choices: ['auto', 'json', 'arrow', 'both'], describe: 'write data.json too; auto: up to 100,000 sessions' },
  parquet: { type: 'boolean', group: 'Output', default: false, describe: 'write events.parquet and sessions.parquet, too' },
  ndjson: { type: 'boolean', group: 'Output', default: false, describe: 'be a filter: no folder, but one JSON object per line to standard output' },
  state_out: { type: 'string', group: 'Output', describe: 'where a filter leaves its state: a file, or - for a last line {"state": …}' },
  overwrite: { type: 'boolean', group: 'Output', default: false, describe: 'replace a finished result in output_path' },
  parser_config: { type: 'string', group: 'Parser', formerly: { config_file: null }, describe: "the parser's drain3.ini, \"none\" for none (default: drain3.ini where there is one; formerly --config_file)" },
  system: { type: 'string', group: 'Parser', choices: SYSTEM_NAMES, describe: 'layout, masks, thresholds and sessions of a known system, instead of drain3.ini; other flags win' },
  parser: { type: 'string', group: 'Parser', default: 'drain', choices: ['drain', 'spell', 'jaccard'], formerly: { engine: { Drain: 'drain', JaccardDrain: 'jaccard' } }, describe: 'parsing algorithm (formerly --engine Drain | JaccardDrain)' },
  tau: { type: 'number', group: 'Parser', default: 0.5, min: 0.01, max: 1, describe: 'spell: share of a message that must agree with a template, in order' },
  sim_th: { type: 'number', group: 'Parser', default: 0.4, min: 0, max: 1, describe: 'similarity threshold' },
  depth: { type: 'integer', group: 'Parser', default: 4, min: 3, max: 100, describe: 'depth of the leaves, as in Drain3' },
  max_children: { type: 'integer', group: 'Parser', default: 100, min: 2, describe: 'children per node' },
  max_clusters: { type: 'integer', group: 'Parser', min: 1, describe: 'keep this many templates, forgetting the least recently used' },
  parametrize_numeric_tokens: { type: 'boolean', group: 'Parser', default: true, describe: 'tokens with a digit share a branch' },
  extra_delimiters: { type: 'literal', group: 'Parser', describe: "further token delimiters, e.g. \"['_', ':']\"" },
  masking: { type: 'literal', group: 'Parser', describe: 'list of {"regex_pattern", "mask_with"}' },
  mask_prefix: { type: 'string', group: 'Parser', default: '<', describe: 'before a mask name' },
  mask_suffix: { type: 'string', group: 'Parser', default: '>', describe: 'after a mask name' },
  state: { type: 'string', group: 'Learning', describe: 'go on from this saved state or Drain3 snapshot; ids are kept' },
  merge: { type: 'strings', group: 'Learning', describe: 'parse nothing: join these saved states (or drain results), separated by blanks or commas, into one in output_path' },
  fit_until_line: { type: 'integer', group: 'Learning', min: 1, describe: 'learn from lines before this one only, match the rest' },
  fit_share: { type: 'number', group: 'Learning', min: 0, max: 1, describe: 'learn from this share of the lines only, match the rest' },
  match_only: { type: 'boolean', group: 'Learning', default: false, describe: 'learn nothing: match every line with the templates of --state' },
  full_search: { type: 'string', group: 'Learning', default: 'fallback', choices: ['never', 'fallback', 'always'], describe: 'how far matching looks beyond the tree' },
  snapshot_interval_minutes: { type: 'number', group: 'Learning', default: 1, min: 0, describe: 'how often the state is saved while parsing' },
  compress_state: { type: 'boolean', group: 'Learning', default: true, describe: 'pack the saved state (zlib, base64)' },
  adapter_type: { type: 'string', group: 'Sessions', choices: ['only_identifier', 'delimiter+regex', 'only_delimiter', 'interval_time', 'fixed_window', 'sliding_time'], describe: 'how lines become sessions; none: events only' },
  regex: { type: 'string', group: 'Sessions', describe: 'session identifier (Python regular expression, searched in the raw line)' },
  delimiter: { type: 'string', group: 'Sessions', describe: 'text that starts a session' },
  anomaly_labels: { type: 'literal', group: 'Sessions', describe: "texts that make a line abnormal, e.g. \"['FATAL']\"" },
  delta: { type: 'literal', group: 'Sessions', describe: "interval_time: length of a session, e.g. \"{'minutes': 1}\" or seconds" },
  size: { type: 'integer', group: 'Sessions', default: 20, min: 1, describe: 'fixed_window: lines per window' },
  stride: { type: 'integer', group: 'Sessions', min: 1, describe: 'fixed_window: lines between window starts (default: size)' },
  window: { type: 'literal', group: 'Sessions', describe: 'sliding_time: length of a window' },
  step: { type: 'literal', group: 'Sessions', describe: 'sliding_time: time between window starts (default: window)' },
  workers: { type: 'integer', group: 'General', default: 1, min: 1, max: 64, describe: 'threads that read and mine lines; results do not depend on their number' },
  profiling: { type: 'boolean', group: 'General', default: false, describe: 'say where the time goes' },
  report_sec: { type: 'number', group: 'General', default: 60, min: 1, describe: 'seconds between profiling reports' },
} as const satisfies OptionSpecs;

/** Where a setting goes that is none of the ini's: `[SECTION] name`. */
function flagFor(key: string): string {
  const name = key.slice(key.lastIndexOf(' ') + 1);
  return Object.hasOwn(DRAIN_OPTIONS, name) ? `; give it as a flag, --${name}, or in a file for --config` : '';
}

export const drainStage: Stage = {
  command: 'drain', group: 'Parse',
  describe: 'parse a raw log into events and sessions',
  options: DRAIN_OPTIONS,
  examples: [
    ['$0 drain --input_file HDFS.log.gz --label_file anomaly_label.csv', 'HDFS with the shipped drain3.ini'],
    ['$0 drain --system bgl --input_file BGL.log', 'a known system'],
    ['$0 drain --suggest --input_file app.log > app.ini', 'settings for a log never seen'],
    ['$0 drain --merge shard1 shard2 --output_path artifacts/merged', 'one parser state from shards parsed apart'],
    ["$0 drain --input_file app.log --parser_config none --logformat '<Date> <Time> <Level> <Content>' --adapter_type fixed_window", 'a log of your own'],
  ],
  async run(given) {
    const { drainFilter, drainSettings, runDrain, UnfitLogError } = await import('../deeplog/sessions/index.js');
    const { asIni, isStructured, mergeStateFiles, readDrainIni, suggestSettings, systemFlags, wholeRecords } = await import('../deeplog/parsing/index.js');
    let unknown: readonly string[] = [];
    /** What no flag but the parser's ini has set. */
    const from_ini = { file: '', settings: [] as readonly string[] };
    const options = resolveOptions({ ...DRAIN_OPTIONS, ...COMMON_OPTIONS }, given, (so_far) => {
      const { system } = so_far;
      const preset = SYSTEM_NAMES.find((name) => name === system);
      const layers = preset === undefined ? [] : [{ name: `--system ${preset}`, values: systemFlags(preset), lenient: true }];
      const file = typeof so_far.parser_config === 'string' ? so_far.parser_config : existsSync('drain3.ini') && layers.length === 0 ? 'drain3.ini' : 'none';
      if (file === 'none') return layers;
      const ini = readDrainIni(file);
      unknown = ini.unknown;
      // How a text line is laid out says nothing of records.
      const records = typeof so_far.input_file === 'string' && isStructured(so_far.input_format as InputFormat | undefined, so_far.input_file);
      const above = [so_far, ...layers.map((l): Readonly<Record<string, unknown>> => l.values)];
      Object.assign(from_ini, { file, settings: Object.keys(ini.values).filter((key) => above.every((values) => values[key] === undefined)) });
      return [...layers, { name: file, values: records ? { ...ini.values, logformat: undefined, time_format: undefined } : ini.values, lenient: true }];
    });
    const console = new StageConsole(options.quiet);
    for (const key of unknown) console.warn(`${options.parser_config ?? 'drain3.ini'}: ${key} means nothing here and is ignored${flagFor(key)}`);
    if (options.merge !== undefined) {
      if (options.input_file !== undefined || options.state !== undefined) throw new UsageError('--merge joins saved states and parses nothing: leave --input_file and --state out, and match afterwards with --state.');
      const merged = await mergeStateFiles(options.merge, options.output_path, options.overwrite, options.compress_state);
      console.say(`merged ${merged.before.map(formatCount).join(' + ')} templates into ${formatCount(merged.after)}: ${merged.stateFile}`);
      console.say(`next: ${invocation('drain')} --state ${merged.stateFile} --match_only --input_file … gives all shards one set of ids`);
      return;
    }
    const input_file = options.stdin ? '-' : options.input_file;
    if (input_file === undefined) throw new UsageError(`--input_file is missing: ${DRAIN_OPTIONS.input_file.describe}.`);
    if (options.suggest) {
      const input = await wholeRecords({ file: input_file, format: options.input_format as InputFormat });
      return writeOut(asIni(await suggestSettings(input, options.fields), input_file));
    }
    const settings = drainSettings({ ...options, input_file });
    if (options.ndjson || options.state_out !== undefined) {
      const counts = await drainFilter(settings, { events: options.ndjson, stateOut: options.state_out ?? null }, writeOut);
      console.say(`${counted(counts.lines, 'line', 'lines')}: ${counted(counts.unparsedLines, 'does', 'do')} not fit the log format, ${counted(counts.unmatchedLines, 'matches', 'match')} no template`);
      return;
    }
    console.say(`drain: parsing ${input_file} into ${options.output_path}`);
    const summary = await runDrain(settings, (p) => {
      console.progress('parsing', p.bytes, p.totalBytes, `${formatCount(p.lines)} lines · ${formatCount(Math.round(p.lines / p.seconds))} lines/s`);
    }, (line) => console.say(line)).catch((error: unknown) => {
      if (!(error instanceof UnfitLogError) || !from_ini.settings.includes(error.setting)) throw error;
      throw new UnfitLogError(error.finding, `${error.advice} (${error.setting} comes from ${from_ini.file}: --parser_config none leaves that out${from_ini.file === 'drain3.ini' ? '; the shipped one is meant for HDFS' : ''}.)`, error.setting);
    });
    console.clear();
    for (const line of summary.report) console.say(line);
    for (const line of summary.warnings) console.warn(line);
    console.say(summary.summary.sessions === 0
      ? `next: say what a session is, and parse again with --overwrite: ${summary.sessionAdvice ?? "--adapter_type only_identifier --regex '<what names a session>'"}, or --adapter_type fixed_window --size 20`
      : `next: ${invocation('log-key')} --input_file ${options.output_path}`);
  },
};

runIfMain(import.meta.url, drainStage);
