import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import { gradientName, LOSS } from './trace/names.js';
import type { Model, Tensors } from './types.js';

export interface LossAndGradients {
  readonly loss: Scalar;
  /** In the order of `model.parameters`; zeros where the loss does not depend on one. */
  readonly gradients: readonly Tensor[];
}

/** The model's loss and its gradients by tfjs' autodiff, on whichever backend is active: eager and traced engines share it. */
export function lossAndGradients(model: Model, parameters: Tensors, batch: Tensors, noise: Tensors | null): LossAndGradients {
  const names = model.parameters.map((parameter) => parameter.name);
  const values = names.map((name) => parameters[name]);
  const loss = () => model.loss(parameters, batch, noise);
  const { value, grads } = tf.engine().gradients(loss, values);
  const gradients = grads.map((gradient: Tensor | undefined, i) => gradient ?? tf.zerosLike(values[i]));
  return { loss: value.asScalar(), gradients };
}

/** The same without noise, as outputs by name. */
export function namedGradients(model: Model, parameters: Tensors, batch: Tensors): Record<string, Tensor> {
  const { loss, gradients } = lossAndGradients(model, parameters, batch, null);
  return { [LOSS]: loss, ...Object.fromEntries(model.parameters.map(({ name }, i) => [gradientName(name), gradients[i]])) };
}
