import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { scan, type ParameterSpec } from '../engine/index.js';
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

/**
 * One step of an LSTM from its pre-activations `z` (gates i, f, c, o along `axis`, `units` each) and the cell before, absent at the
 * first step, where it is zero.
 */
export function lstmCell(z: Tensor, before: Tensor | undefined, units: number, axis: number, gate: (x: Tensor) => Tensor = tf.sigmoid): { readonly hidden: Tensor; readonly cell: Tensor } {
  const [i, f, g, o] = tf.split(z, [units, units, units, units], axis);
  const entering = tf.mul(gate(i), tf.tanh(g));
  const cell = before === undefined ? entering : tf.add(tf.mul(gate(f), before), entering);
  return { hidden: tf.mul(gate(o), tf.tanh(cell)), cell };
}

/**
 * The recurrent part of an LSTM (Hochreiter & Schmidhuber 1997, with forget gates), true sigmoid gates as Keras and PyTorch:
 * i, f, o = σ(z), g = tanh(z), c ← f·c + i·g, h = o·tanh(c), from h = c = 0.
 *
 * `projected` [T·B, 4U] is the input product with bias, step after step; `recurrent` [U, 4U]; the result is every hidden
 * state, [T·B, U]. The gradient is written out, because autodiff would make one weight product per step and more
 * passes over the gates than needed: slopes are expressed in products that the forward pass made anyway. Without a gradient to come, none are made.
 */
export function lstmSequence(projected: Tensor2D, recurrent: Tensor2D, steps: number): Tensor2D {
  if (!tf.engine().isTapeOn()) return states(projected, recurrent, steps);
  const run = tf.customGrad((...args: Array<Tensor | tf.GradSaveFunc>) => {
    const [z, kernel, save] = args as [Tensor2D, Tensor2D, tf.GradSaveFunc];
    const [hidden, ...slopes] = statesAndSlopes(z, kernel, steps);
    save([kernel, hidden, ...slopes]);
    const gradFunc = (upstream: Tensor, [savedKernel, savedStates, ...savedSlopes]: Tensor[]) =>
      backward(upstream, savedKernel as Tensor2D, savedStates as Tensor2D, savedSlopes, steps);
    return { value: hidden, gradFunc };
  });
  return run(projected, recurrent) as Tensor2D;
}

/**
 * mask [B, T], 1 up to a row's last step and 0 after it → [T, B, 1], 1 at the last step only. Padded with zeros, not joined to a column of
 * them: a constant as long as the batch would tie exported files to that batch.
 */
export function lastStep(mask: Tensor2D): Tensor {
  const [batch, steps] = mask.shape;
  const following = tf.pad(tf.slice2d(mask, [0, 1], [batch, steps - 1]), [[0, 0], [0, 1]]);
  return tf.reshape(tf.transpose(tf.sub(mask, following)), [steps, batch, 1]);
}

/** h and c before the first step: [B, U] each. */
function nothing(projected: Tensor2D, units: number, steps: number): [Tensor, Tensor] {
  const zero = tf.zeros([projected.shape[0] / steps, units]);
  return [zero, zero];
}

function states(projected: Tensor2D, recurrent: Tensor2D, steps: number): Tensor2D {
  const units = recurrent.shape[0];
  const [hidden] = scan({ steps, carried: nothing(projected, units, steps), sequences: [projected], fixed: [recurrent] }, ([h, c], [input], [kernel]) => {
    const { hidden: after, cell } = lstmCell(tf.add(input, tf.matMul(h as Tensor2D, kernel as Tensor2D)), c, units, 1);
    return { carried: [after, cell], outputs: [after] };
  });
  return hidden as Tensor2D;
}

/**
 * The states with what the way back needs, [T·B, U] each: slopes of h by c and by o's pre-activation, of c by those of i, f and g, and by the
 * cell before. They are made in the step whose gates they are made of, while those are at hand; nothing else is kept.
 */
function statesAndSlopes(projected: Tensor2D, recurrent: Tensor2D, steps: number): Tensor[] {
  const units = recurrent.shape[0];
  return scan({ steps, carried: nothing(projected, units, steps), sequences: [projected], fixed: [recurrent] }, ([before, c], [input], [kernel]) => {
    const z = tf.add(input, tf.matMul(before as Tensor2D, kernel as Tensor2D)); // [B, 4U]
    const [zi, zf, zg, zo] = tf.split(z, [units, units, units, units], 1);
    const [i, f, g, o] = [tf.sigmoid(zi), tf.sigmoid(zf), tf.tanh(zg), tf.sigmoid(zo)]; // [B, U] each
    const entering = tf.mul(i, g);
    const staying = tf.mul(f, c);
    const cell = tf.add(staying, entering);
    const tanhCell = tf.tanh(cell);
    const h = tf.mul(o, tanhCell);
    const slopes = [
      tf.sub(o, tf.mul(h, tanhCell)), // ∂h/∂c = o·(1 − tanh² c)
      closing(entering, i), // ∂c/∂z = g·i·(1 − i)
      tf.sub(c, staying), // c·(1 − f), which times f is ∂c/∂z
      tf.sub(i, tf.mul(entering, g)), // i·(1 − g²)
      closing(h, o), // ∂h/∂z = tanh c·o·(1 − o)
      f,
    ];
    return { carried: [h, cell], outputs: [h, ...slopes] };
  });
}

/** Back-propagation through time; returns the gradients of `projected` and `recurrent`. */
function backward(upstream: Tensor, recurrent: Tensor2D, hidden: Tensor2D, slopes: readonly Tensor[], steps: number): Tensor[] {
  const [all, units] = hidden.shape;
  const batch = all / steps;
  const carried = [tf.zeros([batch, 4 * units]), tf.zeros([batch, units])];
  const [dProjected] = scan({ steps, carried, sequences: [upstream, ...slopes], fixed: [recurrent], reverse: true }, ([dz, dCell], [arriving, byCell, byI, byF, byG, byO, f], [kernel]) => {
    const dh = tf.add(arriving, tf.matMul(dz as Tensor2D, kernel as Tensor2D, false, true));
    const dc = tf.add(tf.mul(dh, byCell), dCell);
    const dBefore = tf.mul(dc, f); // what the cell before receives
    const now = tf.concat([tf.mul(dc, byI), tf.mul(dBefore, byF), tf.mul(dc, byG), tf.mul(dh, byO)], 1); // of the pre-activations, [B, 4U]
    return { carried: [now, dBefore], outputs: [now] };
  });
  if (steps === 1) return [dProjected, tf.zerosLike(recurrent)];
  const before = tf.slice2d(hidden, [0, 0], [all - batch, units]);
  const after = tf.slice2d(dProjected as Tensor2D, [batch, 0], [all - batch, 4 * units]);
  return [dProjected, tf.matMul(before, after, true, false)];
}

/** x·(1 − s), where x already holds the factor s of σ' = s·(1 − s). */
function closing(x: Tensor, s: Tensor): Tensor {
  return tf.mul(x, tf.sub(1, s));
}
