import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { Argv } from 'yargs';
import { DataError, messageOf, parsePythonLiteral, UsageError, type Literal } from '../common/index.js';

const require = createRequire(import.meta.url);

/** One command-line flag: everything there is to know about it, as data. */
export interface OptionSpec {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'strings' | 'literal';
  readonly describe: string;
  readonly group: string;
  readonly default?: string | number | boolean | readonly string[];
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** The bound itself is not allowed. */
  readonly exclusive?: boolean;
  readonly required?: boolean;
  /** Names that it had before, which still work with a notice; where the values changed, too, the old ones and what they are now. */
  readonly formerly?: Readonly<Record<string, Readonly<Record<string, string>> | null>>;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> =
  S['type'] extends 'string' ? string
    : S['type'] extends 'number' | 'integer' ? number
      : S['type'] extends 'boolean' ? boolean
        : S['type'] extends 'strings' ? string[]
          : Literal;
type Given<S extends OptionSpec> = S extends { default: unknown } | { required: true } ? ValueOf<S> : ValueOf<S> | undefined;

/** The resolved flags of a stage, typed by their specs. */
export type Values<S extends OptionSpecs> = { -readonly [K in keyof S]: Given<S[K]> };

/** A source of values below the command line, strongest first. */
export interface Layer {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys this stage does not know are ignored (drain3.ini serves several stages). */
  readonly lenient?: boolean;
}

/** Flags every stage has. */
export const COMMON_OPTIONS = {
  config: { type: 'string', group: 'General', describe: 'YAML file with values for any of these flags; a flag given here wins' },
  quiet: { type: 'boolean', group: 'General', default: false, describe: 'print results and errors only' },
  debug: { type: 'boolean', group: 'General', default: false, describe: 'print stack traces of errors' },
} as const satisfies OptionSpecs;

const TYPE_NAMES: Readonly<Record<OptionSpec['type'], string>> = { string: '', boolean: '', number: ' [number]', integer: ' [whole number]', strings: ' [names, a comma between]', literal: ' [Python literal]' };

/** The old names of flags, which are accepted and not shown. */
export function formerNames(specs: OptionSpecs): string[] {
  return Object.values(specs).flatMap((spec) => Object.keys(spec.formerly ?? {})).filter((old) => !(old in specs));
}

/** Declares the flags to yargs. Values stay text: checking is ours, since yargs turns "abc" into NaN without a word. */
export function declareOptions(argv: Argv, specs: OptionSpecs): Argv {
  for (const [name, spec] of Object.entries(specs)) {
    argv.option(name, {
      // No type but these two: yargs would print [string] behind a number, or make one of "abc" itself.
      type: spec.type === 'boolean' ? 'boolean' : spec.type === 'string' ? 'string' : undefined,
      array: spec.type === 'strings',
      requiresArg: spec.type !== 'boolean',
      group: `${spec.group}:`,
      describe: `${spec.describe}${rangeText(spec)}${TYPE_NAMES[spec.type]}`,
      choices: undefined,
      defaultDescription: spec.default === undefined ? undefined : String(spec.default),
    });
  }
  for (const old of formerNames(specs)) argv.option(old, { type: 'string', requiresArg: true, hidden: true });
  return argv;
}

/**
 * Values in the order flag, --config file, further layers, default; all checked before any work.
 * @throws UsageError naming the flag, the value, where it came from and what is allowed.
 */
export function resolveOptions<S extends OptionSpecs>(specs: S, given: Readonly<Record<string, unknown>>, layers: (config: Readonly<Record<string, unknown>>) => readonly Layer[] = () => []): Values<S> {
  const config = typeof given.config === 'string' ? renamed(readConfig(given.config), specs, given.config) : {};
  const all: Layer[] = [{ name: 'command line', values: renamed(given, specs, 'command line'), lenient: true }];
  if (typeof given.config === 'string') all.push({ name: given.config, values: config });
  all.push(...layers({ ...config, ...withoutUndefined(all[0].values) }));
  for (const layer of all) {
    if (layer.lenient) continue;
    const unknown = Object.keys(layer.values).find((k) => !(k in specs));
    if (unknown !== undefined) throw new UsageError(`${layer.name}: ${JSON.stringify(unknown)} is no setting of this stage.${suggestion(unknown, Object.keys(specs))}`);
  }
  const out: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const layer = all.find((l) => l.values[name] !== undefined && l.values[name] !== null);
    if (layer !== undefined) out[name] = checked(name, spec, layer.values[name], layer.name);
    else if (spec.default !== undefined) out[name] = spec.type === 'strings' ? [...(spec.default as readonly string[])] : spec.default;
    else if (spec.required) throw new UsageError(`--${name} is missing: ${spec.describe}.`);
  }
  return out as Values<S>;
}

/** Values under the names of today. What was given under an old one is said once. */
function renamed(values: Readonly<Record<string, unknown>>, specs: OptionSpecs, from: string): Record<string, unknown> {
  const out = { ...values };
  for (const [name, spec] of Object.entries(specs)) {
    for (const [old, newValues] of Object.entries(spec.formerly ?? {})) {
      if (old in specs || out[old] === undefined) continue;
      const value = out[old];
      delete out[old];
      out[name] ??= newValues?.[String(value)] ?? value;
      const dash = from === 'command line' ? '--' : `${from}: `;
      process.stderr.write(`note: ${dash}${old} is now ${dash === '--' ? dash : ''}${name}${newValues === null ? '' : ` ${String(out[name])}`}; the old name still works\n`);
    }
  }
  return out;
}

function readConfig(file: string): Record<string, unknown> {
  const parsed = readYaml(file, 'configuration', '--config') ?? {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw new UsageError(`${file}: expected flags and values, e.g. "window_size: 10".`);
  return normalisedFlags(parsed as Record<string, unknown>);
}

/** @throws DataError when the file cannot be read, naming the flag it came from; UsageError when it is not YAML. */
export function readYaml(file: string, what: string, flag: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new DataError(`${file}: the ${what} cannot be read (${messageOf(error)}). Check ${flag}.`);
  }
  try {
    // Loaded only when there is a file to read: --help must not wait for it.
    return (require('yaml') as typeof Yaml).parse(text);
  } catch (error) {
    throw new UsageError(`${file}: is not valid YAML (${messageOf(error).split('\n')[0]}).`);
  }
}

/** --input-file and --input_file are the same flag in files, too. */
export function normalisedFlags(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).map(([k, v]) => [k.replace(/-/g, '_'), v]));
}

function checked(name: string, spec: OptionSpec, value: unknown, from: string): unknown {
  const where = from === 'command line' ? `--${name}` : `${from}: ${name}`;
  const wrong = (what: string): UsageError => new UsageError(`${where} is ${JSON.stringify(value)}; it must be ${what}${rangeText(spec)}.`);
  switch (spec.type) {
    case 'boolean': {
      if (typeof value === 'boolean') return value;
      const word = String(value).toLowerCase();
      if (/^(true|yes|on|1)$/.test(word)) return true;
      if (/^(false|no|off|0)$/.test(word)) return false;
      throw wrong('true or false');
    }
    case 'number':
    case 'integer': {
      const number = typeof value === 'number' ? value : typeof value === 'string' && /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value) ? Number(value) : NaN;
      if (Number.isNaN(number) || (spec.type === 'integer' && !Number.isInteger(number))) throw wrong(spec.type === 'integer' ? 'a whole number' : 'a number');
      const low = spec.min !== undefined && (spec.exclusive ? number <= spec.min : number < spec.min);
      const high = spec.max !== undefined && (spec.exclusive ? number >= spec.max : number > spec.max);
      if (low || high) throw wrong(spec.type === 'integer' ? 'a whole number' : 'a number');
      return number;
    }
    case 'string': {
      if (Array.isArray(value)) throw new UsageError(`${where} is given twice (${value.join(', ')}); give it once.`);
      const text = String(value);
      if (text === '') throw wrong('not empty');
      if (spec.choices && !spec.choices.includes(text)) throw new UsageError(`${where} is ${JSON.stringify(text)}; it must be one of ${spec.choices.join(', ')}.${suggestion(text, spec.choices)}`);
      return text;
    }
    case 'strings': {
      const items = (Array.isArray(value) ? value : [value]).flatMap((v) => String(v).split(',')).map((v) => v.trim()).filter((v) => v !== '');
      const bad = spec.choices && items.find((i) => !spec.choices?.includes(i));
      if (bad !== undefined) throw new UsageError(`${where} names ${JSON.stringify(bad)}; known are ${spec.choices?.join(', ')}.${suggestion(bad, spec.choices ?? [])}`);
      if (items.length === 0) throw wrong('at least one name');
      return [...new Set(items)];
    }
    case 'literal':
      return typeof value === 'string' ? parsePythonLiteral(value, where) : value;
    default:
      return spec.type satisfies never;
  }
}

function rangeText(spec: OptionSpec): string {
  if (spec.choices && spec.type !== 'strings') return ` (${spec.choices.join(' | ')})`;
  const { min, max } = spec;
  if (min === undefined && max === undefined) return '';
  if (spec.exclusive) return max === undefined ? ` (above ${min})` : ` (above ${min}, below ${max})`;
  if (max === undefined) return ` (at least ${min})`;
  return min === undefined ? ` (at most ${max})` : ` (${min} to ${max})`;
}

/** " Did you mean …?" when a known name is at most two edits away and shares a letter, or one is a part of the other. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = known.map((k) => ({ k, d: editDistance(word, k) })).sort((a, b) => a.d - b.d)[0];
  if (near !== undefined && near.d <= 2 && near.d < Math.max(word.length, near.k.length)) return ` Did you mean ${near.k}?`;
  const within = word.length < 4 ? undefined : known.find((k) => k.includes(word)) ?? known.find((k) => k.length >= 4 && word.includes(k));
  return within === undefined ? '' : ` Did you mean ${within}?`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

function withoutUndefined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, v]) => v !== undefined));
}
