import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Model, ParameterSpec, Tensors } from '../engine/index.js';
import { dense, denseParameters } from './dense.js';
import { lstmCell, lstmParameters } from './lstm.js';

/** Gates of an LSTM: the true sigmoid, or Keras 2.2's default, clip(0.2·x + 0.5, 0, 1). */
export type GateActivation = 'sigmoid' | 'hard_sigmoid';

export type StackLayer =
  | { readonly kind: 'lstm'; readonly name: string; readonly units: number; readonly returnSequences: boolean; readonly gates: GateActivation }
  | { readonly kind: 'dense'; readonly name: string; readonly units: number; readonly activation: 'linear' | 'relu' }
  | { readonly kind: 'softmax'; readonly name: string };

/**
 * A network as a plain sequence of Keras layers, one after the other: what Keras h5 and TensorFlow.js' layers format can hold. The weights
 * of layer `name` are the parameters `name/kernel`, `name/recurrent_kernel` (LSTM) and `name/bias`, in Keras' layouts (gates i, f, c, o).
 */
export interface LayerStack {
  /** Of one row of input. */
  readonly steps: number;
  readonly features: number;
  /** How the input gets there: ids [B, steps] as one-hot vectors, or numbers [B, steps, features] as they are. */
  readonly input: { readonly name: string; readonly encoding: 'one-hot' | 'values' };
  readonly layers: readonly StackLayer[];
  /** The forward pass's output: what `layer` gives, or its log-softmax [B, features]. */
  readonly output: { readonly name: string; readonly layer: string; readonly then: 'log-softmax' | 'nothing' };
}

export function stackParameters({ features, layers }: LayerStack): ParameterSpec[] {
  let width = features;
  return layers.flatMap((layer) => {
    const inputs = width;
    if (layer.kind === 'softmax') return [];
    width = layer.units;
    return layer.kind === 'lstm' ? lstmParameters(layer.name, inputs, layer.units) : denseParameters(layer.name, inputs, layer.units);
  });
}

/** The stack as a network that scores: input and output as {@link LayerStack} names them, up to its output layer. It has no loss. */
export function stackModel(name: string, stack: LayerStack, batchSize: number): Model {
  const { steps: W, features: F, input, output } = stack;
  const B = batchSize;
  const spec = input.encoding === 'one-hot' ? { name: input.name, shape: [B, W], dtype: 'int32' } as const : { name: input.name, shape: [B, W, F], dtype: 'float32' } as const;
  return {
    name, parameters: stackParameters(stack), inputs: [spec], noise: [], forwardInputs: [spec],
    loss: () => { throw new RangeError(`${name} is for scoring only and has no loss.`); },
    forward: (params, batch) => {
      const x = batch[input.name];
      // One tensor per step, [B, F] each; the product with a one-hot vector is a lookup of rows, left to the first layer.
      let states: Tensor[] = Array.from({ length: W }, (_, t) => (input.encoding === 'one-hot' ? tf.reshape(tf.slice(x, [0, t], [B, 1]), [B]) : tf.reshape(tf.slice(x, [0, t, 0], [B, 1, F]), [B, F])));
      let ids = input.encoding === 'one-hot';
      for (const layer of stack.layers) {
        states = apply(layer, params, states, ids);
        ids = false;
        if (layer.name === output.layer) break;
      }
      const last = states[states.length - 1];
      return { [output.name]: output.then === 'log-softmax' ? tf.logSoftmax(last) : last };
    },
  };
}

function apply(layer: StackLayer, params: Tensors, states: readonly Tensor[], ids: boolean): Tensor[] {
  switch (layer.kind) {
    case 'lstm': return lstm(layer, params, states, ids);
    case 'dense': return states.map((x) => (layer.activation === 'relu' ? tf.relu(dense(params, layer.name, x)) : dense(params, layer.name, x)));
    case 'softmax': return states.map((x) => tf.softmax(x));
    default: return layer satisfies never;
  }
}

function lstm(layer: Extract<StackLayer, { kind: 'lstm' }>, params: Tensors, inputs: readonly Tensor[], ids: boolean): Tensor[] {
  const { name, units, gates } = layer;
  const gate = gates === 'sigmoid' ? tf.sigmoid : hardSigmoid;
  const [kernel, recurrent, bias] = ['kernel', 'recurrent_kernel', 'bias'].map((part) => params[`${name}/${part}`]);
  const hidden: Tensor[] = [];
  let cell: Tensor | undefined;
  for (const x of inputs) {
    const projected = tf.add(ids ? tf.gather(kernel, x) : tf.matMul(x as Tensor2D, kernel as Tensor2D), bias); // [B, 4U]
    const before = hidden.at(-1);
    const z = before === undefined ? projected : tf.add(projected, tf.matMul(before as Tensor2D, recurrent as Tensor2D));
    const step = lstmCell(z, cell, units, 1, gate);
    cell = step.cell;
    hidden.push(step.hidden);
  }
  return layer.returnSequences ? hidden : hidden.slice(-1);
}

function hardSigmoid(x: Tensor): Tensor {
  return tf.minimum(tf.maximum(tf.add(tf.mul(x, 0.2), 0.5), 0), 1);
}
