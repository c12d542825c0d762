import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageVersions } from '../common/index.js';

/** Folders whose code only shows or serves what others worked out. */
const WITHOUT_INFLUENCE = new Set(['cli', 'dashboard', 'diagnosis', 'export', 'monitoring', 'report', 'serving', 'simulator', 'telemetry']);

let version: Promise<string> | null = null;

/**
 * sha256 over the project's own code that a number can depend on, and the versions of its packages: what was worked out under
 * another version is not used again. Unlike a commit's id it follows changes that are not committed, and not those to pages and prints.
 */
export function codeVersion(): Promise<string> {
  return (version ??= work());
}

async function work(): Promise<string> {
  const root = path.join(import.meta.dirname, '..');
  const hash = createHash('sha256');
  const entries = (await readdir(root, { withFileTypes: true, recursive: true })).filter((e) => e.isFile() && /(?<!\.d)\.[jt]s$/.test(e.name));
  const names = entries.map((e) => path.relative(root, path.join(e.parentPath, e.name))).filter((name) => !WITHOUT_INFLUENCE.has(name.split(path.sep)[0])).sort();
  for (const name of names) hash.update(`${name}\n`).update(await readFile(path.join(root, name))).update('\n');
  hash.update(JSON.stringify(packageVersions()));
  return hash.digest('hex');
}
