import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { ParameterSpec } from '../engine/index.js';
import { glorotUniform, orthogonal } from './initialisers.js';

/**
 * Parameters of one LSTM layer in Keras' layout: gates i, f, c, o side by side on the last axis; kernel [inputs, 4U]
 * (Glorot uniform), recurrent kernel [U, 4U] (orthogonal), bias [4U] (zero, forget gate 1: Jozefowicz et al. 2015).
 */
export function lstmParameters(name: string, inputs: number, units: number): ParameterSpec[] {
  return [
    { name: `${name}/kernel`, shape: [inputs, 4 * units], initialise: glorotUniform(inputs, 4 * units) },
    { name: `${name}/recurrent_kernel`, shape: [units, 4 * units], initialise: orthogonal(units, 4 * units) },
    { name: `${name}/bias`, shape: [4 * units], initialise: () => new Float32Array(4 * units).fill(1, units, 2 * units) },
  ];
}

interface Gates {
  readonly i: Tensor;
  readonly f: Tensor;
  readonly g: Tensor;
  readonly o: Tensor;
  /** The cell state before this step; absent at the first, where it is zero. */
  readonly previous: Tensor | undefined;
  readonly tanhCell: Tensor;
}

const KEPT_PER_STEP = 6;

/**
 * The recurrent part of an LSTM (Hochreiter & Schmidhuber 1997, with forget gates), true sigmoid gates as Keras and PyTorch:
 * i, f, o = σ(z), g = tanh(z), c ← f·c + i·g, h = o·tanh(c), from h = c = 0.
 *
 * `projected` [T·B, 4U] is the input product with bias, step after step; `recurrent` [U, 4U]; the result is every hidden
 * state, [T·B, U]. The gradient is written out, because autodiff would make one weight product per step and one
 * pass over the gates per use: here the recurrent kernel's gradient is a single product over all steps.
 */
export function lstmSequence(projected: Tensor2D, recurrent: Tensor2D, steps: number): Tensor2D {
  const batch = projected.shape[0] / steps;
  const units = recurrent.shape[0];
  const run = tf.customGrad((...args: Array<Tensor | tf.GradSaveFunc>) => {
    const [z, kernel, save] = args as [Tensor2D, Tensor2D, tf.GradSaveFunc];
    const { hidden, gates } = forward(z, kernel, steps, batch, units);
    const states = tf.concat(hidden, 0);
    save([kernel, states, ...gates.flatMap(({ i, f, g, o, previous, tanhCell }) => [i, f, g, o, previous ?? i, tanhCell])]);
    const gradFunc = (upstream: Tensor, saved: Tensor[]) => {
      const [savedKernel, savedStates, ...kept] = saved;
      const restored = hidden.map((_, t): Gates => {
        const [i, f, g, o, previous, tanhCell] = kept.slice(t * KEPT_PER_STEP, (t + 1) * KEPT_PER_STEP);
        return { i, f, g, o, previous: t === 0 ? undefined : previous, tanhCell };
      });
      return backward(upstream, savedKernel as Tensor2D, savedStates, restored, batch, units);
    };
    return { value: states, gradFunc };
  });
  return run(projected, recurrent) as Tensor2D;
}

function rows(tensor: Tensor, t: number, batch: number): Tensor2D {
  return tf.slice2d(tensor as Tensor2D, [t * batch, 0], [batch, tensor.shape[1] ?? 0]);
}

function forward(z: Tensor2D, recurrent: Tensor2D, steps: number, batch: number, units: number): { hidden: Tensor[]; gates: Gates[] } {
  const hidden: Tensor[] = [];
  const gates: Gates[] = [];
  let cell: Tensor | undefined;
  for (let t = 0; t < steps; t++) {
    const input = rows(z, t, batch);
    const preactivation = t === 0 ? input : tf.add(input, tf.matMul(hidden[t - 1] as Tensor2D, recurrent)); // [B, 4U]
    const [zi, zf, zg, zo] = tf.split(preactivation, [units, units, units, units], 1);
    const [i, f, g, o] = [tf.sigmoid(zi), tf.sigmoid(zf), tf.tanh(zg), tf.sigmoid(zo)];
    const previous = cell;
    cell = previous === undefined ? tf.mul(i, g) : tf.add(tf.mul(f, previous), tf.mul(i, g)); // [B, U]
    const tanhCell = tf.tanh(cell);
    hidden.push(tf.mul(o, tanhCell));
    gates.push({ i, f, g, o, previous, tanhCell });
  }
  return { hidden, gates };
}

/** Back-propagation through time; returns the gradients of `projected` and `recurrent`. */
function backward(upstream: Tensor, recurrent: Tensor2D, states: Tensor, gates: readonly Gates[], batch: number, units: number): Tensor[] {
  const steps = gates.length;
  const gradients: Tensor[] = new Array<Tensor>(steps); // of the pre-activations, [B, 4U] each
  let dHidden: Tensor | undefined;
  let dCell: Tensor | undefined;
  for (let t = steps - 1; t >= 0; t--) {
    const { i, f, g, o, previous, tanhCell } = gates[t];
    const arriving = rows(upstream, t, batch);
    const dh = dHidden === undefined ? arriving : tf.add(arriving, dHidden);
    const throughHidden = tf.mul(dh, tf.mul(o, tf.sub(1, tf.square(tanhCell))));
    const dc: Tensor = dCell === undefined ? throughHidden : tf.add(throughHidden, dCell);
    const dzi = tf.mul(tf.mul(dc, g), sigmoidSlope(i));
    const dzf = previous === undefined ? tf.zerosLike(f) : tf.mul(tf.mul(dc, previous), sigmoidSlope(f));
    const dzg = tf.mul(tf.mul(dc, i), tf.sub(1, tf.square(g)));
    const dzo = tf.mul(tf.mul(dh, tanhCell), sigmoidSlope(o));
    const dz = tf.concat([dzi, dzf, dzg, dzo], 1); // [B, 4U]
    gradients[t] = dz;
    if (t > 0) {
      dHidden = tf.matMul(dz as Tensor2D, recurrent, false, true);
      dCell = tf.mul(dc, f);
    }
  }
  const dProjected = tf.concat(gradients, 0); // [T·B, 4U]
  if (steps === 1) return [dProjected, tf.zerosLike(recurrent)];
  const before = tf.slice2d(states as Tensor2D, [0, 0], [(steps - 1) * batch, units]);
  const after = tf.slice2d(dProjected as Tensor2D, [batch, 0], [(steps - 1) * batch, 4 * units]);
  return [dProjected, tf.matMul(before, after, true, false)];
}

/** σ' in terms of σ. */
function sigmoidSlope(s: Tensor): Tensor {
  return tf.mul(s, tf.sub(1, s));
}
