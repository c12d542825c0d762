import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Model, Tensors, TensorSpec } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { dropout } from './dropout.js';
import { dropPlaces, encode, encoderParameters } from './encoder.js';
import { weightedCrossEntropy } from './losses.js';

export interface LogBertShape {
  /** Token ids: 0 is padding; the DIST and MASK tokens are the caller's. */
  readonly tokens: number;
  /** What a masked position can be predicted as: ids 0 … classes − 1. */
  readonly classes: number;
  /** DIST and keys of one row; one graph is compiled for each. */
  readonly sequenceLength: number;
  /** The longest sequence there is a graph for: rows of the table of positions. */
  readonly longest: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly batchSize: number;
  readonly dropout: number;
  /** Weight of the hypersphere loss. */
  readonly alpha: number;
}

/** Added to the attention score of padding: no key can attend to it. */
const NEVER = -1e9;

/**
 * LogBERT (Guo, Yuan & Wu, IJCNN 2021): a transformer encoder reads DIST and the session's keys, some of them masked, predicts
 * the masked ones, and draws the vectors of DIST together. Loss: mean −log p of the masked keys + alpha × mean squared distance
 * (over rows and dimensions) of the DIST vectors to `centre`.
 *
 * Inputs `ids` int32 [B, T] (DIST first, 0 where padded), `targets` int32 [B·T], `weights` float32 [B·T] (0 but at masked positions),
 * `rows` float32 [B] (weight of a row, 0 for padding), `centre` float32 [1, H]. Forward reads `ids` and gives `log_probabilities` [B·T, classes]
 * and `dist` [B, H]. Padding takes part in nothing: not in attention, not in either loss.
 */
export function logBertModel(shape: LogBertShape): Model {
  const { tokens, classes, sequenceLength: T, longest, hidden: H, layers, heads, batchSize: B, dropout: rate, alpha } = shape;
  const encoder = { vocabularySize: tokens, sequenceLength: T, positions: longest, hidden: H, layers, heads, feedForward: 2 * H, batchSize: B };
  const encoded = (params: Tensors, ids: Tensor, noise: Tensors | null): Tensor2D => {
    const padding = tf.mul(tf.cast(tf.equal(ids, tf.scalar(0, 'int32')), 'float32'), NEVER); // [B, T]
    const drop = noise === null || rate === 0 ? undefined : (x: Tensor, place: string): Tensor => dropout(x, tf.reshape(noise[place], [B * T, H]), rate);
    return encode(params, 'encoder', encoder, ids, padding, drop);
  };
  const distOf = (x: Tensor2D): Tensor2D => tf.reshape(tf.slice(tf.reshape(x, [B, T, H]), [0, 0, 0], [B, 1, H]), [B, H]);
  const ids: TensorSpec = { name: 'ids', shape: [B, T], dtype: 'int32' };
  return {
    name: `LogBERT (T=${T})`,
    parameters: [...encoderParameters('encoder', encoder), ...denseParameters('head', H, classes)],
    inputs: [
      ids, { name: 'targets', shape: [B * T], dtype: 'int32' }, { name: 'weights', shape: [B * T], dtype: 'float32' },
      { name: 'rows', shape: [B], dtype: 'float32' }, { name: 'centre', shape: [1, H], dtype: 'float32' },
    ],
    noise: rate > 0 ? dropPlaces(layers).map((name) => ({ name, shape: [B, T, H], dtype: 'float32' })) : [],
    forwardInputs: [ids],
    loss: (params, batch, noise) => {
      const x = encoded(params, batch['ids'], noise);
      const masked = weightedCrossEntropy(dense(params, 'head', x), batch['targets'], batch['weights']);
      const distances = tf.mean(tf.squaredDifference(distOf(x), batch['centre']), 1); // [B]
      const hypersphere = tf.div(tf.sum(tf.mul(distances, batch['rows'])), tf.sum(batch['rows']));
      return tf.add(masked, tf.mul(hypersphere, alpha)) as Scalar;
    },
    forward: (params, batch) => {
      const x = encoded(params, batch['ids'], null);
      return { log_probabilities: tf.logSoftmax(dense(params, 'head', x)), dist: distOf(x) };
    },
  };
}
