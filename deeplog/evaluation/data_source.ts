import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, writeJson } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import type { SessionSet } from '../sequences/index.js';
import { customTask, type CustomTaskOptions } from './custom_task.js';
import type { Task } from './protocols.js';

/** What a later step needs to find the same sessions again, split the same way. */
export interface DataSource extends CustomTaskOptions {
  readonly inputFile: string;
  /** Table of template texts, for a set that has ids only. */
  readonly templatesFile?: string;
}

const FILE = 'data_source.json';

export async function writeDataSource(folder: string, { inputFile, labelFile, templatesFile, trainRatio, valRatio, order, trainOn, seed }: DataSource, split: string): Promise<void> {
  const absolute = (file: string | undefined): string | undefined => (file === undefined ? undefined : path.resolve(file));
  await writeJson(path.join(folder, FILE), {
    schema: 'deeplog.data_source/1', input_file: absolute(inputFile), label_file: absolute(labelFile), templates_file: absolute(templatesFile), train_ratio: trainRatio, val_ratio: valRatio, order, train_on: trainOn, seed, split_sha256: split,
  });
}

/** Reads the sessions that an earlier step in `folder` was made from. @throws DataError when they are others now */
export async function readDataSource(folder: string): Promise<{ source: DataSource; set: SessionSet; task: Task }> {
  const file = path.join(folder, FILE);
  if (!existsSync(file)) throw new DataError(`${folder}: has no ${FILE}, so it is not of this kind of stage. Give the folder that its earlier step wrote.`);
  const d = (await readJson(file)) as { input_file: string; label_file?: string; templates_file?: string; train_ratio: number; val_ratio: number; order: DataSource['order']; train_on: DataSource['trainOn']; seed: number; split_sha256: string };
  if (!existsSync(d.input_file)) throw new DataError(`${file}: the sessions were read from ${d.input_file}, which is not there any more.`);
  const source: DataSource = {
    inputFile: d.input_file, trainRatio: d.train_ratio, valRatio: d.val_ratio, order: d.order, trainOn: d.train_on, seed: d.seed,
    ...(d.label_file === undefined ? {} : { labelFile: d.label_file }), ...(d.templates_file === undefined ? {} : { templatesFile: d.templates_file }),
  };
  const { set, task } = await customTask(source);
  if (task.split.sha256 !== d.split_sha256) throw new DataError(`${d.input_file}: holds other sessions than when ${folder} was written (split ${task.split.sha256.slice(0, 12)}… now, ${d.split_sha256.slice(0, 12)}… then). Run the vocab step again.`);
  return { source, set, task: { ...task, ...(source.templatesFile === undefined ? {} : { templatesFile: source.templatesFile }) } };
}
