import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DataError } from '../../common/index.js';

/**
 * The files that an input names, oldest first: one, or those of a folder that a pattern with `*` and `?` in its last part
 * matches. A file of exactly that name wins over a pattern.
 * @throws DataError when a pattern matches nothing.
 */
export async function inputFiles(input: string): Promise<string[]> {
  const base = path.basename(input);
  if (input === '-' || !/[*?]/.test(base) || existsSync(input)) return [input];
  const folder = path.dirname(input);
  const pattern = new RegExp(`^${base.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 's');
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((e) => !e.isDirectory() && pattern.test(e.name) && (!e.name.startsWith('.') || base.startsWith('.'))).map((e) => e.name);
  if (names.length === 0) throw new DataError(`${input}: no file of ${folder} has such a name. Check --input_file.`);
  return inOrderOfTime(names).map((name) => (folder === '.' && !input.startsWith('./') ? name : path.join(folder, name)));
}

const COMPRESSED = /\.(gz|zst|zstd)$/i;

/**
 * Rotated files, oldest first. logrotate numbers them backwards (app.log.2.gz is older than app.log.1, which is older than
 * app.log); files with a date in their names (app.log-20261120), and all others, stand in order of their names, digits as numbers.
 */
export function inOrderOfTime(names: readonly string[]): string[] {
  const parts = names.map((name) => {
    const plain = name.replace(COMPRESSED, '');
    // A rotation number is short: four digits are a year or the month and the day, eight a date.
    const match = /^(.*)\.(\d{1,3})$/.exec(plain);
    return match !== null ? { name, stem: match[1], age: Number(match[2]) } : { name, stem: plain, age: 0 };
  });
  const collator = new Intl.Collator('en', { numeric: true });
  return parts.sort((a, b) => {
    // A dated file is older than the live one that its name begins with.
    if (a.stem !== b.stem && a.stem.startsWith(b.stem) && datedSuffix(a.stem, b.stem)) return -1;
    if (a.stem !== b.stem && b.stem.startsWith(a.stem) && datedSuffix(b.stem, a.stem)) return 1;
    return collator.compare(a.stem, b.stem) || b.age - a.age || collator.compare(a.name, b.name);
  }).map((p) => p.name);
}

function datedSuffix(long: string, short: string): boolean {
  return /^[-._]\d{4,}[-\d_T.]*$/.test(long.slice(short.length));
}
