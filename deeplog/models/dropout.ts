import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';

/** Inverted dropout (Srivastava et al. 2014): zero where the noise (uniform [0, 1), of x's shape) is below the rate, the rest scaled up. */
export function dropout(x: Tensor, noise: Tensor, rate: number): Tensor {
  return tf.mul(x, tf.div(tf.cast(tf.greaterEqual(noise, rate), 'float32'), 1 - rate));
}
