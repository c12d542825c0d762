import path from 'node:path';
import { writeAtomic, writeJson } from '../artifacts/index.js';
import type { GraphModel, Weight } from '../engine/index.js';
import { stackParameters, type LayerStack } from '../models/index.js';
import { kerasConfig, KERAS_VERSION } from './keras/config.js';

/** What browsers cache well: the size that TensorFlow.js' own converter cuts weights into. */
const SHARD_BYTES = 4 * 1024 * 1024;
const GENERATED_BY = 'deeplog-workbench';

/** Writes a stack as a TensorFlow.js layer model (`tf.loadLayersModel`). */
export async function writeLayersModel(folder: string, name: string, stack: LayerStack, parameters: Readonly<Record<string, Float32Array>>): Promise<void> {
  const weights = stackParameters(stack).map((spec): Weight => ({ name: spec.name, shape: spec.shape, dtype: 'float32', data: parameters[spec.name] }));
  await writeModel(folder, weights, {
    format: 'layers-model', generatedBy: GENERATED_BY, convertedBy: null,
    modelTopology: { keras_version: KERAS_VERSION, backend: 'tensorflow', model_config: kerasConfig(stack, name) },
  });
}

/** Writes a graph model (`tf.loadGraphModel`). */
export async function writeGraphModel(folder: string, { topology, signature, weights }: GraphModel): Promise<void> {
  await writeModel(folder, weights, { format: 'graph-model', generatedBy: GENERATED_BY, convertedBy: null, signature, modelTopology: topology });
}

async function writeModel(folder: string, weights: readonly Weight[], head: Readonly<Record<string, unknown>>): Promise<void> {
  const bytes = Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  const shards = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  const paths = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}.bin`);
  for (const [i, name] of paths.entries()) await writeAtomic(path.join(folder, name), bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
  await writeJson(path.join(folder, 'model.json'), { ...head, weightsManifest: [{ paths, weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }] });
}
