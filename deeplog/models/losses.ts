import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor } from '@tensorflow/tfjs';

/** Σ w·(−log softmax(logits)[target]) / Σ w. logits [N, V], targets int32 [N], weights [N]. Padding has weight zero. */
export function weightedCrossEntropy(logits: Tensor, targets: Tensor, weights: Tensor): Scalar {
  const classes = logits.shape[1] ?? 0;
  const picked = tf.sum(tf.mul(tf.oneHot(targets as tf.Tensor1D, classes), tf.logSoftmax(logits)), 1); // [N]
  return tf.neg(tf.div(tf.sum(tf.mul(weights, picked)), tf.sum(weights))).asScalar();
}
