import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '../eager/backends.js';
import { withBackend } from '../eager/backend_lock.js';
import type { NumericArray } from '../types.js';
import type { SavedNetwork, SavedTensor } from './types.js';

const BACKEND = 'wasm';
const PREDICT_BATCH = 1024;

/** Opens a TensorFlow.js model folder (model.json and its weight files), a layer model or a graph model, with the WebAssembly backend. */
export async function openTfjs(folder: string): Promise<SavedNetwork> {
  await prepareBackend(BACKEND, 1);
  const json = JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const handler: tf.io.IOHandler = { load: () => artifacts(folder, json) };
  const runtime = `@tensorflow/tfjs ${tf.version_core}, ${BACKEND}`;
  if (json.format === 'layers-model') {
    const whole = await withBackend(BACKEND, () => tf.loadLayersModel(handler));
    return {
      runtime,
      run: (inputs, layer = whole.layers.at(-1)?.name ?? '') => withBackend(BACKEND, () => {
        const model = tf.model({ inputs: whole.inputs, outputs: whole.getLayer(layer).output });
        return valuesOf(() => ({ [layer]: model.predict(tensorOf(Object.values(inputs)[0]), { batchSize: PREDICT_BATCH }) as tf.Tensor }));
      }),
      dispose: () => withBackend(BACKEND, () => void whole.dispose()),
    };
  }
  const model = await withBackend(BACKEND, () => tf.loadGraphModel(handler));
  const outputs = Object.keys((json.signature as { readonly outputs: Readonly<Record<string, unknown>> }).outputs);
  return {
    runtime,
    run: (inputs) => withBackend(BACKEND, () => valuesOf(() => {
      const results = model.execute(Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, tensorOf(input)])), outputs);
      return Object.fromEntries([results].flat().map((tensor, i) => [outputs[i], tensor]));
    })),
    dispose: () => withBackend(BACKEND, () => model.dispose()),
  };
}

async function artifacts(folder: string, json: tf.io.ModelJSON): Promise<tf.io.ModelArtifacts> {
  const weightSpecs = json.weightsManifest.flatMap((group) => group.weights);
  const shards = await Promise.all(json.weightsManifest.flatMap((group) => group.paths).map((name) => readFile(path.join(folder, name))));
  const joined = Buffer.concat(shards);
  return {
    modelTopology: json.modelTopology, weightSpecs, weightData: joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.byteLength) as ArrayBuffer,
    ...(json.format === undefined ? {} : { format: json.format }), ...(json.signature === undefined ? {} : { signature: json.signature }),
  };
}

function tensorOf({ data, shape }: SavedTensor): tf.Tensor {
  return tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32');
}

function valuesOf(compute: () => Record<string, tf.Tensor>): Record<string, NumericArray> {
  const out: Record<string, NumericArray> = {};
  tf.tidy(() => {
    for (const [name, tensor] of Object.entries(compute())) out[name] = tensor.dtype === 'int32' ? Int32Array.from(tensor.dataSync()) : Float32Array.from(tensor.dataSync());
  });
  return out;
}
