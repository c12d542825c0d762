import { DataError } from '../common/index.js';
import type { ExportableNetwork } from '../detectors/index.js';
import { openOnnx, openTfjs, type CompiledForward, type NumericArray, type SavedNetwork, type SavedTensor } from '../engine/index.js';
import type { LayerStack } from '../models/index.js';
import type { Format } from './formats.js';
import type { KerasProcess } from './keras/process.js';

/** An exported file, opened in the runtime it was made for, in the place of the engine's forward pass. */
export interface ExportedForward extends CompiledForward {
  readonly runtime: string;
}

/** @throws DataError for an h5 file without a Keras to run it */
export async function openExported(path: string, network: ExportableNetwork, format: Format, keras?: KerasProcess): Promise<ExportedForward> {
  const stack = format === 'tfjs-layers' || format === 'h5' ? network.stack : undefined;
  const saved = await open(path, format, stack, keras);
  return {
    engine: { engine: 'eager', backend: saved.runtime, device: 'file', threads: 1 },
    runtime: saved.runtime,
    run: (batch) => (stack === undefined ? runGraph(saved, network, batch) : runStack(saved, stack, batch)),
    load: () => Promise.resolve(),
    dispose: () => saved.dispose(),
  };
}

function open(path: string, format: Format, stack: LayerStack | undefined, keras: KerasProcess | undefined): Promise<SavedNetwork> {
  if (format === 'onnx') return openOnnx(path);
  if (format !== 'h5') return openTfjs(path);
  if (stack === undefined || keras === undefined) throw new DataError(`${path}: runs in Keras only. Give --keras_python a Python that has it.`);
  return keras.open(path, stack.output.layer, [stack.steps, stack.features]);
}

async function runGraph(saved: SavedNetwork, { model }: ExportableNetwork, batch: Readonly<Record<string, NumericArray>>): Promise<Record<string, NumericArray>> {
  const inputs = Object.fromEntries(model.forwardInputs.map(({ name, shape }): [string, SavedTensor] => {
    const row = shape.slice(1).reduce((a, b) => a * b, 1);
    return [name, { data: batch[name], shape: [batch[name].length / row, ...shape.slice(1)] }];
  }));
  return saved.run(inputs);
}

/** Keras layers have one input, the one-hot vectors themselves. */
async function runStack(saved: SavedNetwork, { steps, features, input, output }: LayerStack, batch: Readonly<Record<string, NumericArray>>): Promise<Record<string, NumericArray>> {
  const given = batch[input.name];
  const data = input.encoding === 'one-hot' ? oneHot(given, features) : Float32Array.from(given);
  const results = await saved.run({ [input.name]: { data, shape: [data.length / (steps * features), steps, features] } }, output.layer);
  return { [output.name]: output.then === 'log-softmax' ? logSoftmax(results[output.layer] as Float32Array, features) : results[output.layer] };
}

export function oneHot(ids: ArrayLike<number>, size: number): Float32Array {
  const out = new Float32Array(ids.length * size);
  for (let i = 0; i < ids.length; i++) out[i * size + ids[i]] = 1;
  return out;
}

/** Of each row of `width` values. */
export function logSoftmax(values: Float32Array, width: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += width) {
    let max = -Infinity;
    for (let i = at; i < at + width; i++) max = Math.max(max, values[i]);
    let sum = 0;
    for (let i = at; i < at + width; i++) sum += Math.exp(values[i] - max);
    const log = max + Math.log(sum);
    for (let i = at; i < at + width; i++) out[i] = values[i] - log;
  }
  return out;
}
