import type { LayerStack, StackLayer } from '../../models/index.js';

/** Version whose files these are: every later Keras, and TensorFlow.js, reads them. */
export const KERAS_VERSION = '2.2.4';

/** `model_config` of a Keras 2.2 file, and of a TensorFlow.js layer model: a Sequential model of the stack's layers. */
export function kerasConfig(stack: LayerStack, name: string): { readonly class_name: 'Sequential'; readonly config: { readonly name: string; readonly layers: readonly unknown[] } } {
  const { steps, features, layers } = stack;
  // A layer of its own, although the first one could say it: Keras 3 reads only that.
  const input = { class_name: 'InputLayer', config: { batch_input_shape: [null, steps, features], dtype: 'float32', sparse: false, name: stack.input.name } };
  return {
    class_name: 'Sequential',
    config: { name, layers: [input, ...layers.map(layerConfig)] },
  };
}

function layerConfig(layer: StackLayer): unknown {
  const common = { name: layer.name, trainable: true, dtype: 'float32' };
  switch (layer.kind) {
    case 'lstm': return {
      class_name: 'LSTM',
      config: {
        ...common, units: layer.units, activation: 'tanh', recurrent_activation: layer.gates, use_bias: true, unit_forget_bias: true,
        return_sequences: layer.returnSequences, return_state: false, go_backwards: false, stateful: false, unroll: false, dropout: 0, recurrent_dropout: 0, implementation: 1,
      },
    };
    case 'dense': return { class_name: 'Dense', config: { ...common, units: layer.units, activation: layer.activation, use_bias: true } };
    case 'softmax': return { class_name: 'Activation', config: { ...common, activation: 'softmax' } };
    default: return layer satisfies never;
  }
}
