import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Model, ParameterSpec, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import type { LayerStack } from './layer_stack.js';
import { weightedCrossEntropy } from './losses.js';
import { lstmParameters, lstmSequence } from './lstm.js';

export interface LogKeyOptions {
  /** `paper`: softmax right after the second LSTM (Du et al. 2017); `trainer`: two dense layers, 256 and 128 relu, between. */
  readonly preset: 'trainer' | 'paper';
  /** Number of ids, the specials included. */
  readonly vocabularySize: number;
  readonly windowSize: number;
  readonly units: number;
  readonly batchSize: number;
}

const HIDDEN_LAYERS = { paper: [], trainer: [256, 128] } as const;

/**
 * DeepLog's log-key model: one-hot → LSTM → LSTM, its last state → (dense relu)* → softmax over the next key.
 *
 * Inputs `windows` int32 [B, W], `targets` int32 [B], `weights` float32 [B]; forward reads `windows` and gives
 * `log_probabilities` float32 [B, V]. Gates are Keras' and PyTorch's (true sigmoid, tanh; order i, f, c, o), not tfjs-layers'
 * hardSigmoid; kernels start Glorot uniform, recurrent kernels orthogonal, biases zero with forget gates at 1.
 * The one-hot product of the first layer is written as the row lookup that it is.
 */
export function logKeyModel(options: LogKeyOptions): Model {
  const { preset, vocabularySize: V, windowSize: W, units: U, batchSize: B } = options;
  const hidden = HIDDEN_LAYERS[preset];
  const parameters: ParameterSpec[] = [...lstmParameters('lstm_1', V, U), ...lstmParameters('lstm_2', U, U)];
  let width = U;
  hidden.forEach((size, k) => {
    parameters.push(...denseParameters(`dense_${k + 1}`, width, size));
    width = size;
  });
  parameters.push(...denseParameters('output', width, V));

  const logits = (params: Tensors, windows: Tensor): Tensor => {
    const ids = tf.reshape(tf.transpose(windows as Tensor2D), [W * B]); // step after step
    const table = tf.add(params['lstm_1/kernel'], params['lstm_1/bias']); // [V, 4U]
    const first = lstmSequence(tf.gather(table, ids) as Tensor2D, params['lstm_1/recurrent_kernel'] as Tensor2D, W); // [W·B, U]
    const second = lstmSequence(project(params, first), params['lstm_2/recurrent_kernel'] as Tensor2D, W);
    let x: Tensor = tf.slice2d(second, [(W - 1) * B, 0], [B, U]);
    hidden.forEach((_, k) => {
      x = tf.relu(dense(params, `dense_${k + 1}`, x));
    });
    return dense(params, 'output', x); // [B, V]
  };

  const windows = { name: 'windows', shape: [B, W], dtype: 'int32' } as const;
  return {
    name: `log-key (${preset})`,
    parameters,
    inputs: [windows, { name: 'targets', shape: [B], dtype: 'int32' }, { name: 'weights', shape: [B], dtype: 'float32' }],
    noise: [],
    forwardInputs: [windows],
    loss: (params, batch) => weightedCrossEntropy(logits(params, batch['windows']), batch['targets'], batch['weights']),
    forward: (params, batch) => ({ log_probabilities: tf.logSoftmax(logits(params, batch['windows'])) }),
  };
}

/** The same network as Keras layers, on one-hot vectors; `output` gives the logits, `probabilities` their softmax. */
export function logKeyStack({ preset, vocabularySize, windowSize, units }: Omit<LogKeyOptions, 'batchSize'>): LayerStack {
  return {
    steps: windowSize, features: vocabularySize, input: { name: 'windows', encoding: 'one-hot' },
    layers: [
      { kind: 'lstm', name: 'lstm_1', units, returnSequences: true, gates: 'sigmoid' },
      { kind: 'lstm', name: 'lstm_2', units, returnSequences: false, gates: 'sigmoid' },
      ...HIDDEN_LAYERS[preset].map((size, k) => ({ kind: 'dense', name: `dense_${k + 1}`, units: size, activation: 'relu' } as const)),
      { kind: 'dense', name: 'output', units: vocabularySize, activation: 'linear' },
      { kind: 'softmax', name: 'probabilities' },
    ],
    output: { name: 'log_probabilities', layer: 'output', then: 'log-softmax' },
  };
}

function project(params: Tensors, states: Tensor): Tensor2D {
  return tf.add(tf.matMul(states as Tensor2D, params['lstm_2/kernel'] as Tensor2D), params['lstm_2/bias']);
}
