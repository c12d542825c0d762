import { existsSync, readFileSync } from 'node:fs';
import ini from 'ini';
import { DataError, parsePythonLiteral, UsageError, type Literal } from '../common/index.js';

/** Where each drain3.ini key goes: the name is that of the command-line flag. */
const KEYS: Readonly<Record<string, Readonly<Record<string, { flag: string; literal?: boolean; values?: Readonly<Record<string, string>> }>>>> = {
  DRAIN: {
    sim_th: { flag: 'sim_th' },
    depth: { flag: 'depth' },
    max_children: { flag: 'max_children' },
    max_clusters: { flag: 'max_clusters' },
    extra_delimiters: { flag: 'extra_delimiters', literal: true },
    engine: { flag: 'parser', values: { Drain: 'drain', JaccardDrain: 'jaccard' } },
    parametrize_numeric_tokens: { flag: 'parametrize_numeric_tokens' },
  },
  MASKING: {
    masking: { flag: 'masking', literal: true },
    mask_prefix: { flag: 'mask_prefix' },
    mask_suffix: { flag: 'mask_suffix' },
    // Drain3's cache sizes have no counterpart here; they are accepted so that its files work unchanged.
    parameter_extraction_cache_capacity: { flag: '' },
  },
  SNAPSHOT: { snapshot_interval_minutes: { flag: 'snapshot_interval_minutes' }, compress_state: { flag: 'compress_state' } },
  PROFILING: { enabled: { flag: 'profiling' }, report_sec: { flag: 'report_sec' } },
  ADAPTER_PARAMS: {
    adapter_type: { flag: 'adapter_type' },
    delimiter: { flag: 'delimiter' },
    regex: { flag: 'regex' },
    anomaly_labels: { flag: 'anomaly_labels', literal: true },
    time_format: { flag: 'time_format' },
    delta: { flag: 'delta', literal: true },
    logformat: { flag: 'logformat' },
    size: { flag: 'size' },
    stride: { flag: 'stride' },
    window: { flag: 'window', literal: true },
    step: { flag: 'step', literal: true },
  },
};

export interface IniSettings {
  /** Values by flag name, as text or as parsed literals. */
  readonly values: Readonly<Record<string, Literal>>;
  /** Keys that mean nothing here, as `[SECTION] key`. */
  readonly unknown: readonly string[];
}

/**
 * Reads a drain3.ini as Drain3 (Python's configparser) would: continuation lines, `#` and `;` only at a line's start.
 * @throws DataError when the file is missing; UsageError when a literal in it is broken.
 */
export function readDrainIni(file: string): IniSettings {
  if (!existsSync(file)) throw new DataError(`${file}: there is no such configuration file. Check --parser_config, or leave it out for the defaults.`);
  const sections = ini.parse(quoteValues(readFileSync(file, 'utf8'))) as Record<string, Record<string, string> | string>;
  const values: Record<string, Literal> = {};
  const unknown: string[] = [];
  for (const [section, entries] of Object.entries(sections)) {
    if (typeof entries === 'string') {
      unknown.push(section);
      continue;
    }
    for (const [key, raw] of Object.entries(entries)) {
      const text = String(raw); // ini turns null and true into values of their own
      const target = KEYS[section.toUpperCase()]?.[key.toLowerCase()];
      if (target === undefined) unknown.push(`[${section}] ${key}`);
      else if (target.flag !== '' && text !== '') {
        const where = `${file}, [${section}] ${key}`;
        const value = target.literal ? parsePythonLiteral(text, where) : unquoted(text, where);
        values[target.flag] = target.values?.[String(value)] ?? value;
      }
    }
  }
  return { values, unknown };
}

/** npm's ini reads neither continuation lines nor values with ; and #: join the lines and quote every value first. */
function quoteValues(text: string): string {
  const lines: string[] = [];
  let optionIndent = Infinity; // of the key that a deeper line would continue
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const indent = line.search(/\S/);
    if (indent > optionIndent) {
      lines[lines.length - 1] += `\n${line.trim()}`;
      continue;
    }
    lines.push(line.trim());
    optionIndent = line.trim().startsWith('[') ? Infinity : indent;
  }
  return lines.map((line) => {
    const match = /^([^=:[\]]+?)\s*[=:]\s*([\s\S]*)$/.exec(line);
    if (!match || line.startsWith('[')) return line;
    // configparser's interpolation writes a percent sign as two.
    return `${match[1]} = ${JSON.stringify(match[2].replace(/%%/g, '%'))}`;
  }).join('\n');
}

function unquoted(text: string, where: string): string {
  if (!/^[rR]?(['"]).*\1$/s.test(text)) return text;
  const value = parsePythonLiteral(text, where);
  if (typeof value !== 'string') throw new UsageError(`${where}: expected text, got ${text}.`);
  return value;
}
