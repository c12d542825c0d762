import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../deeplog/common/index.js';
import { lstmSequence, orthogonal } from '../../deeplog/models/index.js';

const [STEPS, BATCH, UNITS] = [4, 2, 3];

function values(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random() * 2 - 1);
}

const projected = values(STEPS * BATCH * 4 * UNITS, 1);
const recurrent = values(UNITS * 4 * UNITS, 2);

/** The textbook equations, one number at a time, in double precision; gates i, f, g, o. */
function reference(z: ArrayLike<number>, kernel: ArrayLike<number>): number[] {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const states: number[] = [];
  const h = new Float64Array(BATCH * UNITS);
  const c = new Float64Array(BATCH * UNITS);
  for (let t = 0; t < STEPS; t++) {
    const before = h.slice();
    for (let b = 0; b < BATCH; b++) {
      for (let u = 0; u < UNITS; u++) {
        const [i, f, g, o] = [0, 1, 2, 3].map((gate) => {
          let sum = z[((t * BATCH + b) * 4 + gate) * UNITS + u];
          for (let k = 0; k < UNITS; k++) sum += before[b * UNITS + k] * kernel[k * 4 * UNITS + gate * UNITS + u];
          return sum;
        });
        const at = b * UNITS + u;
        c[at] = sigmoid(f) * c[at] + sigmoid(i) * Math.tanh(g);
        h[at] = sigmoid(o) * Math.tanh(c[at]);
      }
    }
    states.push(...h);
  }
  return states;
}

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

describe('lstmSequence', () => {
  it('gives the hidden states of the textbook equations', () => {
    const states = lstmSequence(tf.tensor2d(projected, [STEPS * BATCH, 4 * UNITS]), tf.tensor2d(recurrent, [UNITS, 4 * UNITS]), STEPS).dataSync();
    reference(projected, recurrent).forEach((value, i) => expect(states[i]).toBeCloseTo(value, 6));
  });

  it('has the gradients that differences give', () => {
    const weights = values(STEPS * BATCH * UNITS, 3);
    const objective = (z: ArrayLike<number>, kernel: ArrayLike<number>) => reference(z, kernel).reduce((sum, x, i) => sum + x * weights[i], 0);
    const [dProjected, dRecurrent] = tf.grads((z, k) => tf.sum(tf.mul(lstmSequence(z as tf.Tensor2D, k as tf.Tensor2D, STEPS), tf.tensor2d(weights, [STEPS * BATCH, UNITS]))))([
      tf.tensor2d(projected, [STEPS * BATCH, 4 * UNITS]), tf.tensor2d(recurrent, [UNITS, 4 * UNITS]),
    ]).map((gradient) => gradient.dataSync());
    const step = 1e-5;
    const slope = (x: Float32Array, i: number, f: (x: Float64Array) => number) => {
      const [up, down] = [Float64Array.from(x), Float64Array.from(x)];
      up[i] += step;
      down[i] -= step;
      return (f(up) - f(down)) / (2 * step);
    };
    projected.forEach((_, i) => expect(dProjected[i]).toBeCloseTo(slope(projected, i, (x) => objective(x, recurrent)), 5));
    recurrent.forEach((_, i) => expect(dRecurrent[i]).toBeCloseTo(slope(recurrent, i, (x) => objective(projected, x)), 5));
  });
});

describe('orthogonal', () => {
  it('has orthonormal rows', () => {
    const [rows, columns] = [6, 24];
    const matrix = orthogonal(rows, columns)(seededRandom(8));
    for (let a = 0; a < rows; a++) {
      for (let b = 0; b < rows; b++) {
        let dot = 0;
        for (let i = 0; i < columns; i++) dot += matrix[a * columns + i] * matrix[b * columns + i];
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 6);
      }
    }
  });
});
