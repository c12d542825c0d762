import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of this package, where package.json and the files that come with it are. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json')) && folder !== path.dirname(folder)) folder = path.dirname(folder);
  return folder;
}

export function shippedVersion(): string {
  return manifest().version;
}

/** The packages that work is done with, and their versions as pinned; the optional ones are named whether or not they are there. */
export function packageVersions(): Record<string, string> {
  const { name, version, dependencies, optionalDependencies } = manifest();
  return { [name]: version, ...dependencies, ...optionalDependencies };
}

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifest(): PackageManifest {
  return JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as PackageManifest;
}
