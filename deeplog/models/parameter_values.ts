import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor, Tensor3D } from '@tensorflow/tfjs';
import { seededRandom } from '../common/index.js';
import type { Model, ParameterSpec, Tensors } from '../engine/index.js';
import { dropout as dropped } from './dropout.js';
import { constant, glorotUniform, orthogonal, type Initialiser } from './initialisers.js';
import type { LayerStack } from './layer_stack.js';
import { lstmCell } from './lstm.js';

export interface ParameterValueOptions {
  /** Log keys that train side by side, each with weights of its own. */
  readonly keys: number;
  /** Columns of the widest key; narrower ones leave theirs at zero, with weight zero. */
  readonly columns: number;
  readonly windowSize: number;
  readonly units: number;
  readonly dropout: number;
  /** Windows per key in a batch. */
  readonly batchSize: number;
}

/**
 * DeepLog's parameter-value model (Du et al. 2017, §3.2) for K log keys at once: `windowSize` vectors → LSTM → LSTM, its last state →
 * linear → the next vector, dropout after each LSTM. The keys share nothing: every weight has a leading key dimension, and
 * the loss is the sum over keys of each one's weighted mean squared error, so each learns as it would alone.
 *
 * Inputs `windows` float32 [K, W, B, C], `targets` and `weights` float32 [K, B, C]; forward reads `windows` and gives `predictions` [K, B, C].
 */
export function parameterValueModel(options: ParameterValueOptions): Model {
  const { keys: K, columns: C, windowSize: W, units: U, dropout, batchSize: B } = options;
  const parameters: ParameterSpec[] = [...layerParameters('lstm_1', K, C, U), ...layerParameters('lstm_2', K, U, U),
    perKey('output/kernel', K, [U, C], glorotUniform(U, C)), perKey('output/bias', K, [1, C], constant(C, 0))];

  const predict = (params: Tensors, windows: Tensor, noise: Tensors | null): Tensor => {
    const first = lstm(params, 'lstm_1', tf.reshape(windows, [K, W * B, C]), W, B, U); // W × [K, B, U]
    const kept = noise === null ? first : first.map((h, t) => dropped(h, tf.reshape(tf.slice(noise['dropout_1'], [0, t, 0, 0], [K, 1, B, U]), [K, B, U]), dropout));
    const last = lstm(params, 'lstm_2', tf.concat(kept, 1), W, B, U)[W - 1];
    const state = noise === null ? last : dropped(last, noise['dropout_2'], dropout);
    return tf.add(tf.matMul(state as Tensor3D, params['output/kernel'] as Tensor3D), params['output/bias']); // [K, B, C]
  };

  const windows = { name: 'windows', shape: [K, W, B, C], dtype: 'float32' } as const;
  return {
    name: 'parameter values',
    parameters,
    inputs: [windows, { name: 'targets', shape: [K, B, C], dtype: 'float32' }, { name: 'weights', shape: [K, B, C], dtype: 'float32' }],
    noise: dropout > 0 ? [{ name: 'dropout_1', shape: [K, W, B, U], dtype: 'float32' }, { name: 'dropout_2', shape: [K, B, U], dtype: 'float32' }] : [],
    forwardInputs: [windows],
    loss: (params, batch, noise) => {
      const error = tf.squaredDifference(predict(params, batch['windows'], dropout > 0 ? noise : null), batch['targets']);
      const sums = tf.sum(tf.mul(error, batch['weights']), [1, 2]); // [K]
      return tf.sum(tf.div(sums, tf.maximum(tf.sum(batch['weights'], [1, 2]), 1))) as Scalar;
    },
    forward: (params, batch) => ({ predictions: predict(params, batch['windows'], null) }),
  };
}

/** The network of one of the keys, alone, as Keras layers: windows [B, W, C] of its own C columns → predictions [B, C]. */
export function valueStack({ windowSize, units, columns }: { readonly windowSize: number; readonly units: number; readonly columns: number }): LayerStack {
  return {
    steps: windowSize, features: columns, input: { name: 'windows', encoding: 'values' },
    layers: [
      { kind: 'lstm', name: 'lstm_1', units, returnSequences: true, gates: 'sigmoid' },
      { kind: 'lstm', name: 'lstm_2', units, returnSequences: false, gates: 'sigmoid' },
      { kind: 'dense', name: 'output', units: columns, activation: 'linear' },
    ],
    output: { name: 'predictions', layer: 'output', then: 'nothing' },
  };
}

/** As in lstm.ts, with a leading key dimension: kernel [K, inputs, 4U], recurrent kernel [K, U, 4U], bias [K, 1, 4U]; gates i, f, c, o. */
function layerParameters(name: string, keys: number, inputs: number, units: number): ParameterSpec[] {
  return [
    perKey(`${name}/kernel`, keys, [inputs, 4 * units], glorotUniform(inputs, 4 * units)),
    perKey(`${name}/recurrent_kernel`, keys, [units, 4 * units], orthogonal(units, 4 * units)),
    perKey(`${name}/bias`, keys, [1, 4 * units], () => new Float32Array(4 * units).fill(1, units, 2 * units)),
  ];
}

/** Key k starts as it would if it were alone: its draws depend on the seed and k only, not on how many keys there are. */
function perKey(name: string, keys: number, shape: readonly number[], initialise: Initialiser): ParameterSpec {
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    name, shape: [keys, ...shape],
    initialise: (random) => {
      const base = Math.floor(random() * 2 ** 32);
      const values = new Float32Array(keys * size);
      for (let k = 0; k < keys; k++) values.set(initialise(seededRandom(base + k * 0x9e3779b9)), k * size);
      return values;
    },
  };
}

/** x [K, T·B, inputs], step after step → T hidden states [K, B, U]; the gates as in {@link ./lstm.ts}. */
function lstm(params: Tensors, name: string, x: Tensor, steps: number, batch: number, units: number): Tensor[] {
  const K = x.shape[0];
  const projected = tf.add(tf.matMul(x as Tensor3D, params[`${name}/kernel`] as Tensor3D), params[`${name}/bias`]); // [K, T·B, 4U]
  const states: Tensor[] = [];
  let cell: Tensor | undefined;
  for (let t = 0; t < steps; t++) {
    const input = tf.slice(projected, [0, t * batch, 0], [K, batch, 4 * units]);
    const z = t === 0 ? input : tf.add(input, tf.matMul(states[t - 1] as Tensor3D, params[`${name}/recurrent_kernel`] as Tensor3D));
    const step = lstmCell(z, cell, units, 2);
    cell = step.cell;
    states.push(step.hidden); // [K, B, U]
  }
  return states;
}
