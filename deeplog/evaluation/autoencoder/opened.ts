import { existsSync } from 'node:fs';
import path from 'node:path';
import { hashFile, readJson, readManifest, readTensors, type Manifest } from '../../artifacts/index.js';
import { LineEncoder, takeScale, WindowJudge, type VectorScale, type WindowJudgeOptions } from '../../detectors/index.js';
import type { Engine } from '../../engine/index.js';
import { dimensionsOf, type WindowShape } from './line_stream.js';

/** config.json of what `autoencoder detect` wrote. */
export interface Judged extends WindowShape {
  readonly options: WindowJudgeOptions;
  readonly score: 'window' | 'line';
  readonly threshold: number;
  readonly target_fpr: number;
}

/** The network that judges windows, compiled. @throws DataError when the folder is damaged */
export async function openWindowJudge(folder: string, engine: Engine): Promise<{ config: Judged; scale: VectorScale; judge: WindowJudge }> {
  const config = (await readJson(path.join(folder, 'config.json'))) as Judged;
  const { scale, others } = takeScale(await readTensors(path.join(folder, 'model.safetensors')), config.latent);
  const judge = new WindowJudge(config.options, dimensionsOf(config), others);
  await judge.compile(engine);
  return { config, scale, judge };
}

/** Where the vectors that a detector of windows was trained on came from. */
export interface Origin {
  readonly encoder: LineEncoder;
  readonly log: unknown;
  readonly timeFormat?: string;
}

/** The encoder that made the vectors, found through what encode noted; else why it is not to be had. */
export async function originOf(folder: string, engine: Engine): Promise<Origin | string> {
  const { options, inputs } = await readManifest(folder);
  const encoded = options.input;
  if (typeof encoded !== 'string' || !existsSync(path.join(encoded, 'manifest.json'))) return 'what encode wrote is not there any more';
  const kinds = path.join(encoded, 'kinds.arrow');
  if (!existsSync(kinds) || !Object.values(inputs).includes(await hashFile(kinds))) return `${encoded} was written anew since`;
  const manifest = await readManifest(encoded);
  const { model, time_format: timeFormat } = manifest.options;
  if (typeof model !== 'string' || !existsSync(path.join(model, 'model.safetensors'))) return 'its folder is not there any more';
  if ((await hashFile(path.join(model, 'model.safetensors'))) !== encoderHash(manifest)) return `${model} was trained anew since`;
  return { encoder: await LineEncoder.load(model, engine), log: manifest.log, ...(typeof timeFormat === 'string' ? { timeFormat } : {}) };
}

/** sha256 of the weights that encode used, by its manifest. */
export function encoderHash({ inputs }: Pick<Manifest, 'inputs'>): string | null {
  return Object.entries(inputs).find(([file]) => path.basename(file) === 'model.safetensors')?.[1] ?? null;
}
