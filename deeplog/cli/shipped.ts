import { existsSync } from 'node:fs';
import path from 'node:path';

/** A file that comes with the package (drain3.ini, say), as it is best named from here. */
export function shippedFile(name: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json')) && folder !== path.dirname(folder)) folder = path.dirname(folder);
  const file = path.join(folder, name);
  const near = path.relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
