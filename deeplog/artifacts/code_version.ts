import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageVersions } from '../common/index.js';

/** Folders whose code only shows or serves what others worked out. */
const WITHOUT_INFLUENCE = new Set(['cli', 'dashboard', 'diagnosis', 'export', 'monitoring', 'report', 'serving', 'simulator', 'telemetry']);

const versions = new Map<string, Promise<string>>();

/**
 * sha256 over the project's own code that a number can depend on, and the versions of its packages: what was worked out under
 * another version is not used again. Unlike a commit's id it follows changes that are not committed, and not those to pages and prints.
 * `without`: further folders of deeplog/ that the number in question does not depend on.
 */
export function codeVersion(without: readonly string[] = []): Promise<string> {
  const key = without.join();
  let version = versions.get(key);
  if (version === undefined) versions.set(key, (version = work(new Set([...WITHOUT_INFLUENCE, ...without]))));
  return version;
}

async function work(without: ReadonlySet<string>): Promise<string> {
  const root = path.join(import.meta.dirname, '..');
  const hash = createHash('sha256');
  const entries = (await readdir(root, { withFileTypes: true, recursive: true })).filter((e) => e.isFile() && /(?<!\.d)\.[jt]s$/.test(e.name));
  const names = entries.map((e) => path.relative(root, path.join(e.parentPath, e.name))).filter((name) => !without.has(name.split(path.sep)[0])).sort();
  for (const name of names) hash.update(`${name}\n`).update(await readFile(path.join(root, name))).update('\n');
  hash.update(JSON.stringify(packageVersions()));
  return hash.digest('hex');
}
