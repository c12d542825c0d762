import path from 'node:path';
import h5, { type Group } from 'h5wasm/node';
import { describe, expect, it } from 'vitest';
import { initialState } from '../../deeplog/engine/index.js';
import { writeH5 } from '../../deeplog/export/index.js';
import { stackModel, type LayerStack } from '../../deeplog/models/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';

removeScratchAfterwards();

// The network of scripts/fixtures/make_keras_fixtures.py, whose file Keras 2.2.4 wrote.
const FIXTURE = path.join(import.meta.dirname, '../fixtures/keras/keras22_model.h5');
const stack: LayerStack = {
  steps: 5, features: 7, input: { name: 'windows', encoding: 'one-hot' },
  layers: [
    { kind: 'lstm', name: 'lstm_1', units: 4, returnSequences: true, gates: 'hard_sigmoid' }, { kind: 'lstm', name: 'lstm_2', units: 4, returnSequences: false, gates: 'hard_sigmoid' },
    { kind: 'dense', name: 'dense_1', units: 6, activation: 'relu' }, { kind: 'dense', name: 'dense_2', units: 5, activation: 'relu' }, { kind: 'dense', name: 'dense_3', units: 7, activation: 'linear' },
    { kind: 'softmax', name: 'probabilities' },
  ],
  output: { name: 'log_probabilities', layer: 'dense_3', then: 'log-softmax' },
};

/** Everything but the numbers: paths, attributes with their types, shapes. */
function outline(file: string): { groups: Record<string, unknown>; config: { class_name: string; config: { layers: { class_name: string; config: Record<string, unknown> }[] } } } {
  const opened = new h5.File(file, 'r');
  const groups: Record<string, unknown> = {};
  const walk = (group: Group, at: string): void => {
    for (const name of group.keys()) {
      const child = group.get(name);
      if (child instanceof h5.Group) {
        groups[`${at}/${name}`] = Object.fromEntries(Object.entries(child.attrs).filter(([k]) => k !== 'layer_names').map(([k, a]) => [k, a.value]));
        walk(child, `${at}/${name}`);
      } else if (child instanceof h5.Dataset) groups[`${at}/${name}`] = [child.shape, child.dtype];
    }
  };
  walk(opened, '');
  const config = JSON.parse(String(opened.attrs['model_config'].value)) as ReturnType<typeof outline>['config'];
  opened.close();
  return { groups, config };
}

describe('writeH5', () => {
  it("lays a file out as Keras 2.2.4's own", async () => {
    await h5.ready;
    const file = path.join(scratchFolder(), 'ours.h5');
    await writeH5(file, 'ours', stack, initialState(stackModel('ours', stack, 2), 1).parameters);
    const [ours, theirs] = [outline(file), outline(FIXTURE)];
    const { '/model_weights/probabilities': softmax, ...groups } = ours.groups;
    expect(softmax).toEqual({ weight_names: [] });
    expect(groups).toEqual(theirs.groups);
    expect(ours.config.class_name).toBe(theirs.config.class_name);
    // The input is a layer of its own here, and the softmax; what is said of the others, Keras says too.
    const layers = ours.config.config.layers.filter((l) => l.class_name !== 'InputLayer' && l.class_name !== 'Activation');
    expect(layers.map((l) => l.class_name)).toEqual(theirs.config.config.layers.map((l) => l.class_name));
    layers.forEach(({ config }, i) => {
      const { activation, dtype, ...rest } = config;
      expect(theirs.config.config.layers[i].config).toMatchObject(rest);
      expect(activation).toBe(i === 4 ? 'linear' : theirs.config.config.layers[i].config.activation);
      expect(dtype).toBe('float32');
    });
  });
});
