import { rename, rm } from 'node:fs/promises';
import type { File, Group } from 'h5wasm/node';
import { DataError, messageOf } from '../../common/index.js';
import { stackParameters, type LayerStack } from '../../models/index.js';
import { kerasConfig, KERAS_VERSION } from './config.js';

/**
 * Writes a stack as `Model.save` of Keras 2.2 does: the layers' configuration and their weights, without a training state.
 * Layout: keras/engine/saving.py of 2.2.4; text attributes are fixed-length bytes, as Keras reads them.
 * @throws DataError when the file cannot be written
 */
export async function writeH5(file: string, name: string, stack: LayerStack, parameters: Readonly<Record<string, Float32Array>>): Promise<void> {
  const { default: h5 } = await import('h5wasm/node');
  await h5.ready;
  const temporary = `${file}.tmp`;
  try {
    const out = new h5.File(temporary, 'w');
    try {
      text(out, 'backend', 'tensorflow');
      text(out, 'keras_version', KERAS_VERSION);
      text(out, 'model_config', JSON.stringify(kerasConfig(stack, name)));
      const weights = out.create_group('model_weights');
      text(weights, 'backend', 'tensorflow');
      text(weights, 'keras_version', KERAS_VERSION);
      texts(weights, 'layer_names', stack.layers.map((layer) => layer.name));
      const specs = stackParameters(stack);
      for (const layer of stack.layers) {
        const group = weights.create_group(layer.name);
        const own = specs.filter((spec) => spec.name.startsWith(`${layer.name}/`));
        texts(group, 'weight_names', own.map((spec) => `${spec.name}:0`));
        if (own.length === 0) continue;
        const inner = group.create_group(layer.name);
        for (const { name: full, shape } of own) inner.create_dataset({ name: `${full.slice(layer.name.length + 1)}:0`, data: parameters[full], shape: [...shape], dtype: '<f4' });
      }
    } finally {
      out.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new DataError(`${file}: the Keras file cannot be written (${messageOf(error)}). Choose another output path or free the disk.`);
  }
}

function text(at: File | Group, name: string, value: string): void {
  at.create_attribute(name, value, null, `S${Buffer.byteLength(value)}`);
}

function texts(at: Group, name: string, values: readonly string[]): void {
  at.create_attribute(name, [...values], [values.length], `S${Math.max(1, ...values.map((v) => Buffer.byteLength(v)))}`);
}
