import path from 'node:path';
import { existsSync } from 'node:fs';
import { checkOutput, hashInputs, openOutput, readJson, writeJson, writeManifest } from '../artifacts/index.js';
import { DataError } from '../common/index.js';
import { DeepLogKeys, type ImportedNetwork } from '../detectors/index.js';
import type { GateActivation } from '../models/index.js';
import { readKerasFile } from './keras/read_h5.js';
import { toStack } from './keras/to_stack.js';

export interface ImportOptions {
  /** What Keras' `save` or `save_weights` wrote. */
  readonly file: string;
  /** JSON: the event ids in the order of their indices, after PAD, UNK and END; or an object that has them as `vocabulary`. */
  readonly vocabulary: string;
  readonly outputPath: string;
  readonly overwrite: boolean;
  readonly windows: ImportedNetwork['windows'];
  /** A session is abnormal when a key of it is not among the g most likely. */
  readonly g: number;
  /** Of a file of weights only. */
  readonly windowSize?: number;
  readonly gates?: GateActivation;
  readonly flags: Readonly<Record<string, unknown>>;
}

export interface Imported {
  readonly kerasVersion: string | null;
  readonly layers: readonly string[];
  readonly windowSize: number;
  readonly tokens: number;
}

const SPECIALS = 3;

/**
 * A next-key network that Keras wrote → a model folder as `log-key` writes it, which every later stage takes.
 * @throws DataError when the file holds something else, or the vocabulary does not fit it
 */
export async function importKeras(options: ImportOptions): Promise<Imported> {
  const startedAt = performance.now();
  const { file, vocabulary: vocabularyFile, outputPath, windowSize, gates } = options;
  if (!existsSync(file)) throw new DataError(`${file}: there is no such file. Check --input_file.`);
  const vocabulary = await readVocabulary(vocabularyFile);
  await checkOutput(outputPath, options.overwrite);
  const keras = await readKerasFile(file);
  const { stack, parameters } = toStack(file, keras, windowSize === undefined || gates === undefined ? null : { steps: windowSize, gates });
  if (vocabulary.length + SPECIALS !== stack.features) throw new DataError(`${vocabularyFile}: has ${vocabulary.length} event ids, which with padding, unknown and end make ${vocabulary.length + SPECIALS} tokens; the network in ${file} has ${stack.features}. Give the vocabulary that it was trained with.`);
  const detector = DeepLogKeys.imported({ stack, windows: options.windows }, parameters, vocabulary);
  await openOutput(outputPath);
  await detector.save(outputPath);
  const config = (await readJson(path.join(outputPath, 'config.json'))) as object;
  await writeJson(path.join(outputPath, 'config.json'), { ...config, threshold: options.g, g: options.g });
  await writeManifest(outputPath, { stage: 'import', startedAt, options: options.flags, inputs: await hashInputs([file, vocabularyFile]), extra: { keras_version: keras.kerasVersion } });
  const layers = stack.layers.map((l) => (l.kind === 'softmax' ? 'softmax' : `${l.kind} ${l.units}${l.kind === 'lstm' ? ` (${l.gates})` : l.activation === 'relu' ? ' relu' : ''}`));
  return { kerasVersion: keras.kerasVersion, layers, windowSize: stack.steps, tokens: stack.features };
}

async function readVocabulary(file: string): Promise<number[]> {
  const json = await readJson(file);
  const ids = Array.isArray(json) ? json : (json as { vocabulary?: unknown } | null)?.vocabulary;
  if (!Array.isArray(ids) || !ids.every((id) => Number.isInteger(id) && id >= 0)) throw new DataError(`${file}: expected a list of event ids, [5, 22, 11, …] or {"vocabulary": [5, 22, 11, …]}, in the order of the network's tokens after padding, unknown and end.`);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new DataError(`${file}: event ${String(twice)} is in the vocabulary twice.`);
  return ids as number[];
}
