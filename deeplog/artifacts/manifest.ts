import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { DataError, packageVersions } from '../common/index.js';
import { readJson, writeJson } from './atomic.js';

/** Written last into every artifact folder: what made it, from what. A folder without one is unfinished. */
export interface Manifest {
  readonly schema: 'deeplog.manifest/1';
  readonly stage: string;
  readonly created: string;
  readonly commit: string | null;
  readonly seed: number | null;
  readonly engine: unknown;
  readonly node: string;
  readonly machine: string;
  readonly packages: Readonly<Record<string, string>>;
  /** sha256 of each input file, by path as given. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly wall_seconds: number;
  readonly [extra: string]: unknown;
}

const MANIFEST = 'manifest.json';

export interface ManifestFacts {
  readonly stage: string;
  readonly startedAt: number;
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly engine?: unknown;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Finishes a folder. */
export async function writeManifest(folder: string, facts: ManifestFacts): Promise<void> {
  const manifest: Manifest = {
    schema: 'deeplog.manifest/1',
    stage: facts.stage,
    created: new Date().toISOString(),
    commit: await gitCommit(),
    seed: facts.seed ?? null,
    engine: facts.engine ?? null,
    node: process.version,
    machine: describeMachine(),
    packages: packageVersions(),
    inputs: facts.inputs,
    options: facts.options,
    wall_seconds: Math.round((performance.now() - facts.startedAt) / 10) / 100,
    ...facts.extra,
  };
  await writeJson(path.join(folder, MANIFEST), manifest);
  await rm(path.join(folder, UNFINISHED), { force: true });
}

/** @throws DataError when the folder is missing or unfinished. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, MANIFEST);
  if (!existsSync(folder)) throw new DataError(`${folder}: there is no such folder. Check the path, or run the stage that writes it.`);
  if (!existsSync(file)) throw new DataError(`${folder}: ${await whyNoManifest(folder)}`);
  return (await readJson(file)) as Manifest;
}

/** What a folder without a manifest is: an unfinished result, one that holds results, or somebody's own. */
async function whyNoManifest(folder: string): Promise<string> {
  if (existsSync(path.join(folder, UNFINISHED))) return `has no ${MANIFEST}, so the run that wrote it did not finish. Run it again.`;
  const inner = (await readdir(folder).catch(() => [])).filter((name) => existsSync(path.join(folder, name, MANIFEST)));
  if (inner.length > 0) return `is not the result of a stage, but holds some: ${inner.slice(0, 3).map((name) => path.join(folder, name)).join(', ')}${inner.length > 3 ? ', …' : ''}. Name one of them.`;
  return `has no ${MANIFEST}: it is not the result of a stage, or the run that wrote it did not finish.`;
}

/** Stands in a folder from its first file to its manifest, so that what a killed run left can be told from somebody's own files. */
const UNFINISHED = '.unfinished';

/** What a stage may leave in its folder before it opens it: checkpoints, a parsed input, lines that did not match. */
const EARLY_FILES = new Set(['checkpoint', 'parsed', 'unparsed.log']);

/**
 * To be called before any work: a finished result, or a folder that holds files of somebody else, is only written to with
 * `overwrite`; an unfinished result always may be replaced.
 * @throws DataError naming what would be replaced, or why nothing can be written there.
 */
export async function checkOutput(folder: string, overwrite: boolean): Promise<void> {
  await requireWritable(folder);
  if (overwrite) return;
  if (!existsSync(path.join(folder, MANIFEST))) {
    const names: string[] = await readdir(folder).catch(() => []);
    const foreign = names.filter((name) => !EARLY_FILES.has(name) && !name.endsWith('.tmp'));
    if (foreign.length === 0 || names.includes(UNFINISHED)) return;
    throw new DataError(`${folder}: holds ${foreign.length === 1 ? 'a file' : 'files'} that no stage left there (${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', …' : ''}). Choose another --output_path, or add --overwrite if files of the same names may be replaced.`);
  }
  const { stage, created } = await readManifest(folder);
  throw new DataError(`${folder}: holds a finished ${stage} result of ${created}. Add --overwrite to replace it, or choose another --output_path.`);
}

/** What would fail after hours of work fails before. @throws DataError where the folder cannot be made, or written to. */
async function requireWritable(folder: string): Promise<void> {
  let there = path.resolve(folder);
  while (!existsSync(there)) there = path.dirname(there);
  if (!(await stat(there)).isDirectory()) throw new DataError(`${folder}: cannot be written to: ${there} is a file. Choose another --output_path.`);
  await access(there, constants.W_OK | constants.X_OK).catch(() => { throw new DataError(`${folder}: cannot be written to: you may not write in ${there}. Choose another --output_path.`); });
}

/**
 * To be called when the work is done and its first file is about to be put in place: takes an old result's manifest away, so
 * that a mix of old and new files never looks whole. What fails before leaves the old result as it was. `stale`: files that the
 * new result may not have and an old one may.
 */
export async function openOutput(folder: string, stale: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, UNFINISHED), '');
  for (const name of [MANIFEST, ...stale, ...(await leftovers(folder))]) await rm(path.join(folder, name), { recursive: true, force: true });
}

const LEFTOVER_AGE_MS = 3_600_000;

/** Temporary files of runs that were killed: old enough that no one can be writing them still. */
async function leftovers(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.[0-9a-f]{8}\.tmp$/.test(name));
  const old: string[] = [];
  for (const name of names) if (Date.now() - (await stat(path.join(folder, name))).mtimeMs > LEFTOVER_AGE_MS) old.push(name);
  return old;
}

/** sha256 of a file's content, in hex. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Hashes of the files that exist; `-` (stdin) and folders are left out. `known`: hashes that were taken while the files were read. */
export async function hashInputs(files: readonly (string | undefined)[], known?: ReadonlyMap<string, string>): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of files) {
    if (file === undefined || file === '-' || !existsSync(file) || !(await stat(file)).isFile()) continue;
    hashes[file] = known?.get(file) ?? (await hashFile(file));
  }
  return hashes;
}

/** sha256 over the canonical JSON of a value: keys sorted at every level. */
export function hashOfValue(value: unknown): string {
  const canonical = (v: unknown): unknown => {
    if (Array.isArray(v)) return v.map(canonical);
    if (v !== null && typeof v === 'object') return Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, x]) => [k, canonical(x)]));
    return v;
  };
  return createHash('sha256').update(JSON.stringify(canonical(value))).digest('hex');
}

export function describeMachine(): string {
  const cpus = os.cpus();
  return `${os.availableParallelism()} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.arch()}`;
}

/** The commit that this code was checked out from; null for an installed package, whose user's repository is another matter. */
export async function gitCommit(): Promise<string | null> {
  if (import.meta.dirname.includes(`${path.sep}node_modules${path.sep}`)) return null;
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname });
    return stdout.trim();
  } catch {
    return null;
  }
}
