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

/** What the backward pass reads again of one step. */
interface Kept {
  readonly i: Tensor;
  readonly f: Tensor;
  readonly g: Tensor;
  readonly o: Tensor;
  /** i · g, what enters the cell */
  readonly entering: Tensor;
  /** c before the step and f · c, what stays of it; absent at the first step, where c is zero */
  readonly memory: { readonly before: Tensor; readonly staying: Tensor } | undefined;
  readonly tanhCell: Tensor;
  readonly h: Tensor;
}

const KEPT_PER_STEP = 9;

/**
 * The recurrent part of an LSTM (Hochreiter & Schmidhuber 1997, with forget gates), true sigmoid gates as Keras and PyTorch:
 * i, f, o = σ(z), g = tanh(z), c ← f·c + i·g, h = o·tanh(c), from h = c = 0.
 *
 * `projected` [T·B, 4U] is the input product with bias, step after step; `recurrent` [U, 4U]; the result is every hidden
 * state, [T·B, U]. The gradient is written out, because autodiff would make one weight product per step and more
 * passes over the gates than needed: slopes are expressed in products that the forward pass made anyway.
 */
export function lstmSequence(projected: Tensor2D, recurrent: Tensor2D, steps: number): Tensor2D {
  const batch = projected.shape[0] / steps;
  const units = recurrent.shape[0];
  const run = tf.customGrad((...args: Array<Tensor | tf.GradSaveFunc>) => {
    const [z, kernel, save] = args as [Tensor2D, Tensor2D, tf.GradSaveFunc];
    const kept = forward(z, kernel, steps, batch, units);
    const states = tf.concat(kept.map(({ h }) => h), 0);
    save([kernel, states, ...kept.flatMap(({ i, f, g, o, entering, memory, tanhCell, h }) => [i, f, g, o, entering, memory?.before ?? i, memory?.staying ?? i, tanhCell, h])]);
    const gradFunc = (upstream: Tensor, saved: Tensor[]) => {
      const [savedKernel, savedStates, ...tensors] = saved;
      const restored = kept.map((_, t): Kept => {
        const [i, f, g, o, entering, before, staying, tanhCell, h] = tensors.slice(t * KEPT_PER_STEP, (t + 1) * KEPT_PER_STEP);
        return { i, f, g, o, entering, memory: t === 0 ? undefined : { before, staying }, tanhCell, h };
      });
      return backward(upstream, savedKernel as Tensor2D, savedStates, restored, batch, units);
    };
    return { value: states, gradFunc };
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

function rows(tensor: Tensor, t: number, batch: number): Tensor2D {
  return tf.slice2d(tensor as Tensor2D, [t * batch, 0], [batch, tensor.shape[1] ?? 0]);
}

function forward(z: Tensor2D, recurrent: Tensor2D, steps: number, batch: number, units: number): Kept[] {
  const kept: Kept[] = [];
  let cell: Tensor | undefined;
  for (let t = 0; t < steps; t++) {
    const input = rows(z, t, batch);
    const preactivation = t === 0 ? input : tf.add(input, tf.matMul(kept[t - 1].h as Tensor2D, recurrent)); // [B, 4U]
    const [zi, zf, zg, zo] = tf.split(preactivation, [units, units, units, units], 1);
    const [i, f, g, o] = [tf.sigmoid(zi), tf.sigmoid(zf), tf.tanh(zg), tf.sigmoid(zo)]; // [B, U] each
    const entering = tf.mul(i, g);
    const memory: Kept['memory'] = cell === undefined ? undefined : { before: cell, staying: tf.mul(f, cell) };
    cell = memory === undefined ? entering : tf.add(memory.staying, entering);
    const tanhCell = tf.tanh(cell);
    kept.push({ i, f, g, o, entering, memory, tanhCell, h: tf.mul(o, tanhCell) });
  }
  return kept;
}

/** Back-propagation through time; returns the gradients of `projected` and `recurrent`. */
function backward(upstream: Tensor, recurrent: Tensor2D, states: Tensor, kept: readonly Kept[], batch: number, units: number): Tensor[] {
  const steps = kept.length;
  const gradients: Tensor[] = new Array<Tensor>(steps); // of the pre-activations, [B, 4U] each
  let dHidden: Tensor | undefined;
  let dCell: Tensor | undefined;
  for (let t = steps - 1; t >= 0; t--) {
    const { i, f, g, o, entering, memory, tanhCell, h } = kept[t];
    const arriving = rows(upstream, t, batch);
    const dh = dHidden === undefined ? arriving : tf.add(arriving, dHidden);
    const throughHidden = tf.mul(dh, tf.sub(o, tf.mul(h, tanhCell))); // o·(1 − tanh² c) = o − h·tanh c
    const dc: Tensor = dCell === undefined ? throughHidden : tf.add(throughHidden, dCell);
    const dzi = tf.mul(dc, closing(entering, i)); // g·i·(1 − i)
    const dStaying: Tensor | undefined = memory === undefined ? undefined : tf.mul(dc, f); // what the cell before receives
    const dzf = memory === undefined || dStaying === undefined ? tf.zerosLike(f) : tf.mul(dStaying, tf.sub(memory.before, memory.staying)); // f·c·(1 − f)
    const dzg = tf.mul(dc, tf.sub(i, tf.mul(entering, g))); // i·(1 − g²)
    const dzo = tf.mul(dh, closing(h, o)); // tanh c·o·(1 − o)
    const dz = tf.concat([dzi, dzf, dzg, dzo], 1); // [B, 4U]
    gradients[t] = dz;
    if (t > 0) {
      dHidden = tf.matMul(dz as Tensor2D, recurrent, false, true);
      dCell = dStaying;
    }
  }
  const dProjected = tf.concat(gradients, 0); // [T·B, 4U]
  if (steps === 1) return [dProjected, tf.zerosLike(recurrent)];
  const before = tf.slice2d(states as Tensor2D, [0, 0], [(steps - 1) * batch, units]);
  const after = tf.slice2d(dProjected as Tensor2D, [batch, 0], [(steps - 1) * batch, 4 * units]);
  return [dProjected, tf.matMul(before, after, true, false)];
}

/** x·(1 − s), where x already holds the factor s of σ' = s·(1 − s). */
function closing(x: Tensor, s: Tensor): Tensor {
  return tf.mul(x, tf.sub(1, s));
}
