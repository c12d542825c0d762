import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { ParameterSpec, Tensors } from '../engine/index.js';
import { constant, glorotUniform } from './initialisers.js';

/** Kernel [inputs, units] (Glorot uniform) and bias [units] (zero), Keras' names and layout. */
export function denseParameters(name: string, inputs: number, units: number): ParameterSpec[] {
  return [
    { name: `${name}/kernel`, shape: [inputs, units], initialise: glorotUniform(inputs, units) },
    { name: `${name}/bias`, shape: [units], initialise: constant(units, 0) },
  ];
}

/** x [N, inputs] → [N, units]. */
export function dense(params: Tensors, name: string, x: Tensor): Tensor2D {
  return tf.add(tf.matMul(x as Tensor2D, params[`${name}/kernel`] as Tensor2D), params[`${name}/bias`]);
}
