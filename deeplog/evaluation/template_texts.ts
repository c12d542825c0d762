import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readJson } from '../artifacts/index.js';
import { DataError, messageOf } from '../common/index.js';
import type { Task } from './protocols.js';

/** Texts that stand for "there was no template": they say nothing of the event. */
const PLACEHOLDER = /^<[a-z][^<>*]*>$/;

/**
 * Template texts by event id, of a set that has them: a named set's table, or templates.json of a drain_result. Ids without a text of
 * their own are absent; null where a set has ids only.
 */
export async function templateTexts(task: Pick<Task, 'folder' | 'templatesFile'>): Promise<ReadonlyMap<number, string> | null> {
  const file = task.templatesFile ?? (task.folder === undefined ? undefined : path.join(task.folder, 'templates.json'));
  if (file === undefined || !existsSync(file)) return null;
  const texts = file.endsWith('.tsv') ? await readTable(file) : Object.entries((await readJson(file)) as Record<string, string>).map(([id, text]): [number, string] => [Number(id), text]);
  return new Map(texts.filter(([, text]) => !PLACEHOLDER.test(text)));
}

/** A tab-separated table with a header: event id first, text last. @throws DataError naming the line. */
async function readTable(file: string): Promise<[number, string][]> {
  const lines = await readFile(file, 'utf8').catch((error: unknown) => { throw new DataError(`${file}: cannot be read (${messageOf(error)}).`); });
  return lines.split(/\r?\n/).slice(1).flatMap((line, i): [number, string][] => {
    if (line === '') return [];
    const cells = line.split('\t');
    const id = Number(cells[0]);
    if (cells.length < 2 || cells[0] === '' || !Number.isInteger(id)) throw new DataError(`${file}: line ${i + 2} is no "event id … text" row, separated by tabs.`);
    return [[id, cells[cells.length - 1]]];
  });
}
