import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { clipFactor, type AdamScalars } from '../adam.js';
import type { AdamOptions } from '../types.js';

export interface Slot {
  readonly value: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
}

/** One Adam update of one parameter in tf ops; see {@link AdamScalars} for the formula. */
export function adamUpdate(slot: Slot, gradient: Tensor, options: AdamOptions, scalars: AdamScalars): Slot {
  const first = tf.add(tf.mul(slot.first, options.beta1), tf.mul(gradient, 1 - options.beta1));
  const second = tf.add(tf.mul(slot.second, options.beta2), tf.mul(tf.square(gradient), 1 - options.beta2));
  const denominator = tf.add(tf.mul(tf.sqrt(second), scalars.rootCorrection), options.epsilon);
  return { value: tf.sub(slot.value, tf.mul(tf.div(first, denominator), scalars.stepSize)), first, second };
}

/** Scales all gradients together when their global norm passes `clipNorm`. */
export function clipGradients(gradients: readonly Tensor[], clipNorm: number): Tensor[] {
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
  const norm = Math.sqrt(tf.addN(squares).dataSync()[0]);
  return gradients.map((gradient) => tf.mul(gradient, clipFactor(norm, clipNorm)));
}
