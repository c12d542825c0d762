import * as tf from '@tensorflow/tfjs';
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Model, ParameterSpec, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { lastStep, lstmParameters, lstmSequence } from './lstm.js';

export interface WindowAutoencoderOptions {
  /** Lines of a window, at most; padding follows. */
  readonly windowSize: number;
  /** Numbers that describe a line. */
  readonly dimensions: number;
  /** Of each direction. */
  readonly units: number;
  /** Width of a window's vector. */
  readonly code: number;
  readonly batchSize: number;
}

const DIRECTIONS = ['forward', 'backward'] as const;

/**
 * A bidirectional recurrent autoencoder over windows of lines: one LSTM reads the window forwards, one backwards; their last states make the
 * window's vector, and from that alone one LSTM writes the window forwards and one backwards.
 *
 * Inputs `forward` and `backward` float32 [B, W, D] (the lines in order and in reverse, zeros after the last), `mask` [B, W] (1 for a line, 0
 * for padding), `weights` [B]; the loss is the mean squared error over lines and directions, weighted by window. Forward gives `errors_forward`
 * and `errors_backward` [B, W], mean squared error of each line as each direction wrote it, in that direction's order. Padding has no effect.
 */
export function windowAutoencoderModel(options: WindowAutoencoderOptions): Model {
  return windowAutoencoder(options).whole;
}

/** The same network's reading half: forward gives `code` [B, C], the window's vector. */
export function windowEncoderModel(options: WindowAutoencoderOptions): Model {
  const { whole, code } = windowAutoencoder(options);
  return { ...whole, name: `window encoder (W=${options.windowSize})`, forward: (params, batch) => ({ code: code(params, batch) }) };
}

function windowAutoencoder(options: WindowAutoencoderOptions): { readonly whole: Model; code(params: Tensors, batch: Tensors): Tensor } {
  const { windowSize: W, dimensions: D, units: U, code: C, batchSize: B } = options;
  const parameters: ParameterSpec[] = [
    ...DIRECTIONS.flatMap((d) => lstmParameters(`read_${d}`, D, U)),
    ...denseParameters('code', 2 * U, C),
    ...DIRECTIONS.flatMap((d) => [...lstmParameters(`write_${d}`, C, U), ...denseParameters(`line_${d}`, U, D)]),
  ];
  const stepwise = (batch: Tensors): Tensor2D[] => DIRECTIONS.map((d) => tf.reshape(tf.transpose(batch[d], [1, 0, 2]), [W * B, D])); // step after step
  const codeOf = (params: Tensors, batch: Tensors, lines: readonly Tensor2D[]): Tensor => {
    const last = lastStep(batch['mask'] as Tensor2D);
    const ends = DIRECTIONS.map((d, i) => {
      const input = tf.add(tf.matMul(lines[i], params[`read_${d}/kernel`] as Tensor2D), params[`read_${d}/bias`]) as Tensor2D;
      const states = lstmSequence(input, params[`read_${d}/recurrent_kernel`] as Tensor2D, W);
      return tf.sum(tf.mul(tf.reshape(states, [W, B, U]), last), 0); // [B, U]
    });
    const kernel = params['code/kernel'] as Tensor2D; // a row for each unit of both directions
    const parts = ends.map((end, i) => tf.matMul(end as Tensor2D, tf.slice2d(kernel, [i * U, 0], [U, C])));
    return tf.tanh(tf.add(tf.add(parts[0], parts[1]), params['code/bias'])); // [B, C]
  };
  const errors = (params: Tensors, batch: Tensors): Record<'errors_forward' | 'errors_backward', Tensor> => {
    const mask = batch['mask'] as Tensor2D;
    const lines = stepwise(batch);
    const code = codeOf(params, batch, lines);
    const [forward, backward] = DIRECTIONS.map((d, i) => {
      const input = tf.add(tf.matMul(code as Tensor2D, params[`write_${d}/kernel`] as Tensor2D), params[`write_${d}/bias`]);
      const everyStep = tf.reshape(tf.add(tf.zeros([W, B, 4 * U]), input), [W * B, 4 * U]) as Tensor2D;
      const states = lstmSequence(everyStep, params[`write_${d}/recurrent_kernel`] as Tensor2D, W);
      const error = tf.mean(tf.squaredDifference(dense(params, `line_${d}`, states), lines[i]), 1); // [W·B]
      return tf.mul(tf.transpose(tf.reshape(error, [W, B]) as Tensor2D), mask); // [B, W]
    });
    return { errors_forward: forward, errors_backward: backward };
  };
  const inputs = [...DIRECTIONS.map((name) => ({ name, shape: [B, W, D], dtype: 'float32' } as const)), { name: 'mask', shape: [B, W], dtype: 'float32' } as const];
  const whole: Model = {
    name: `window autoencoder (W=${W})`,
    parameters,
    inputs: [...inputs, { name: 'weights', shape: [B], dtype: 'float32' }],
    noise: [],
    forwardInputs: inputs,
    loss: (params, batch) => {
      const { errors_forward, errors_backward } = errors(params, batch);
      const perWindow = tf.div(tf.sum(tf.add(errors_forward, errors_backward), 1), tf.mul(tf.maximum(tf.sum(batch['mask'], 1), 1), 2)); // [B]
      return tf.div(tf.sum(tf.mul(perWindow, batch['weights'])), tf.sum(batch['weights'])) as Scalar;
    },
    forward: errors,
  };
  return { whole, code: (params, batch) => codeOf(params, batch, stepwise(batch)) };
}
