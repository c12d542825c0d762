import { UsageError } from '../common/index.js';
import { normalisedFlags, readYaml, resolveOptions, type OptionSpecs, type Values } from './options.js';

/**
 * Reads a matrix: `defaults`, flags of every part, and `parts`, a list of flags, each with a `name` if it is to be told apart. A flag
 * on the command line wins over a part's, that over the defaults. All are checked before any work.
 * @throws DataError when it cannot be read; UsageError naming the part, the flag and what is allowed.
 */
export function readMatrix<S extends OptionSpecs>(file: string, specs: S, given: Readonly<Record<string, unknown>>): { name: string | null; flags: Values<S> }[] {
  const { defaults = {}, parts, ...rest } = (readYaml(file, 'matrix', '--matrix') ?? {}) as { defaults?: unknown; parts?: unknown };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new UsageError(`${file}: ${JSON.stringify(unknown)} is not known here; a matrix has "defaults" and "parts".`);
  if (!isRecord(defaults) || !Array.isArray(parts) || parts.length === 0) throw new UsageError(`${file}: expected "parts:", a list of flags, e.g. "- { protocol: [hdfs-chrono], detectors: [trivial], seeds: 1 }".`);
  const base = Object.fromEntries(Object.entries(given).filter(([name]) => name !== 'config' && name !== 'matrix'));
  return parts.map((part: unknown, i) => {
    if (!isRecord(part)) throw new UsageError(`${file}: part ${i + 1} is no set of flags.`);
    const { name, ...flags } = part;
    if (name !== undefined && typeof name !== 'string') throw new UsageError(`${file}: the name of part ${i + 1} must be text.`);
    return { name: name ?? null, flags: resolveOptions(specs, base, () => [{ name: `${file}, part ${name ?? i + 1}`, values: normalisedFlags(flags) }, { name: `${file}, defaults`, values: normalisedFlags(defaults) }]) };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
