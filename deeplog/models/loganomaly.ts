import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Model, ParameterSpec, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { weightedCrossEntropy } from './losses.js';
import { lstmParameters, lstmSequence } from './lstm.js';

export interface LogAnomalyShape {
  /** Number of ids, the specials included. */
  readonly vocabularySize: number;
  /** Length of a template's vector. */
  readonly dimensions: number;
  readonly windowSize: number;
  readonly units: number;
  readonly batchSize: number;
}

/**
 * LogAnomaly's network (Meng et al., IJCAI 2019): one LSTM reads the templates' vectors of a window, another the counts of its keys,
 * their last states side by side give the next key by a softmax.
 *
 * The count branch sees, at each step, how often every key has occurred in the window so far, as a share of the window; the
 * last step is the window's count vector. Written as row lookups: counts · kernel is the sum of the kernel's rows of the keys so far.
 *
 * Inputs `windows` int32 [B, W] (0 is padding and counts as nothing), `targets` int32 [B], `weights` float32 [B], `vectors` float32
 * [1, V, D], which are not trained; forward reads `windows` and `vectors` and gives `log_probabilities` [B, V].
 */
export function logAnomalyModel(shape: LogAnomalyShape): Model {
  const { vocabularySize: V, dimensions: D, windowSize: W, units: U, batchSize: B } = shape;
  const parameters: ParameterSpec[] = [...lstmParameters('sequence', D, U), ...lstmParameters('counts', V, U), ...denseParameters('output', 2 * U, V)];

  const logits = (params: Tensors, batch: Tensors): Tensor => {
    const ids = tf.reshape(tf.transpose(batch['windows'] as Tensor2D), [W * B]); // step after step
    const table = tf.add(tf.matMul(tf.reshape(batch['vectors'], [V, D]), params['sequence/kernel'] as Tensor2D), params['sequence/bias']); // [V, 4U]
    const sequence = lstmSequence(tf.gather(table, ids) as Tensor2D, params['sequence/recurrent_kernel'] as Tensor2D, W); // [W·B, U]
    const known = tf.concat([tf.zeros([1, 1]), tf.fill([V - 1, 1], 1 / W)], 0); // padding counts as nothing
    const rows = tf.gather(tf.mul(params['counts/kernel'], known), ids); // [W·B, 4U]
    const counts = lstmSequence(tf.add(runningSum(rows as Tensor2D, W, B), params['counts/bias']), params['counts/recurrent_kernel'] as Tensor2D, W);
    const last = (states: Tensor2D): Tensor2D => tf.slice2d(states, [(W - 1) * B, 0], [B, U]);
    return dense(params, 'output', tf.concat([last(sequence), last(counts)], 1)); // [B, V]
  };

  const windows = { name: 'windows', shape: [B, W], dtype: 'int32' } as const;
  const vectors = { name: 'vectors', shape: [1, V, D], dtype: 'float32' } as const;
  return {
    name: 'LogAnomaly',
    parameters,
    inputs: [windows, { name: 'targets', shape: [B], dtype: 'int32' }, { name: 'weights', shape: [B], dtype: 'float32' }, vectors],
    noise: [],
    forwardInputs: [windows, vectors],
    loss: (params, batch) => weightedCrossEntropy(logits(params, batch), batch['targets'], batch['weights']),
    forward: (params, batch) => ({ log_probabilities: tf.logSoftmax(logits(params, batch)) }),
  };
}

/** Sums over the steps so far of [W·B, N], step after step. */
function runningSum(rows: Tensor2D, steps: number, batch: number): Tensor2D {
  const sums: Tensor2D[] = [];
  for (let t = 0; t < steps; t++) {
    const row = tf.slice2d(rows, [t * batch, 0], [batch, rows.shape[1]]);
    sums.push(t === 0 ? row : tf.add(sums[t - 1], row));
  }
  return tf.concat(sums, 0);
}
