import path from 'node:path';
import { packageRoot } from '../common/index.js';

/** A file that comes with the package (drain3.ini, say), as it is best named from here. */
export function shippedFile(name: string): string {
  const file = path.join(packageRoot(), name);
  const near = path.relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
