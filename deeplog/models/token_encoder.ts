import * as tf from '@tensorflow/tfjs';
import type { Model, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { encode, encoderParameters, type EncoderShape } from './encoder.js';
import { weightedCrossEntropy } from './losses.js';

/**
 * The encoder with a softmax over the vocabulary at every position: a LogBERT-sized step for measuring engines, and the
 * trunk that LogBERT builds on. Inputs `ids` int32 [B, T], `targets` int32 [B·T], `weights` float32 [B·T];
 * forward gives `log_probabilities` [B·T, V].
 */
export function tokenEncoderModel(shape: EncoderShape): Model {
  const { batchSize: B, sequenceLength: T, vocabularySize: V, hidden: H } = shape;
  const logits = (params: Tensors, batch: Tensors) => dense(params, 'head', encode(params, 'encoder', shape, batch['ids']));
  const ids = { name: 'ids', shape: [B, T], dtype: 'int32' } as const;
  return {
    name: `token encoder (T=${T})`,
    parameters: [...encoderParameters('encoder', shape), ...denseParameters('head', H, V)],
    inputs: [ids, { name: 'targets', shape: [B * T], dtype: 'int32' }, { name: 'weights', shape: [B * T], dtype: 'float32' }],
    noise: [],
    forwardInputs: [ids],
    loss: (params, batch) => weightedCrossEntropy(logits(params, batch), batch['targets'], batch['weights']),
    forward: (params, batch) => ({ log_probabilities: tf.logSoftmax(logits(params, batch)) }),
  };
}
