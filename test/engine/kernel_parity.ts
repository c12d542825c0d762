import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { Engine, Model } from '../../deeplog/engine/index.js';
import type { KernelCase } from './kernel_cases.js';

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Distinct values between −2 and 2, or 0.3 and 2.3; whole numbers never occur. */
function spread(shape: readonly number[], which: number, positive: boolean): Float32Array {
  return Float32Array.from({ length: size(shape) }, (_, i) => {
    const unit = ((i * 0.6180339887 + which * 0.37 + 0.123) % 1);
    return positive ? 0.3 + 2 * unit : 4 * unit - 2;
  });
}

/** A model whose forward pass is the operation and, for a weighted sum of its result, the gradients of every input. */
export function modelOf(kernel: KernelCase): Model {
  const names = kernel.shapes.map((_, i) => `x${i}`);
  return {
    name: kernel.name,
    parameters: kernel.shapes.map((shape, i) => ({ name: names[i], shape, initialise: () => spread(shape, i, kernel.positive ?? false) })),
    inputs: [],
    noise: [],
    forwardInputs: [],
    loss: () => tf.scalar(0),
    forward: (params) => {
      const inputs = names.map((name) => params[name]);
      const value = kernel.compute(...inputs);
      const outputs: Record<string, Tensor> = { value: tf.mul(value, 1) };
      if (kernel.gradient === false) return outputs;
      const weights = tf.tensor(spread(value.shape, 5, false), value.shape);
      const gradients = tf.grads((...x: Tensor[]) => tf.sum(tf.mul(kernel.compute(...x), weights)))(inputs);
      gradients.forEach((gradient, i) => {
        outputs[`gradient of x${i}`] = gradient;
      });
      return outputs;
    },
  };
}

async function results(engine: Engine, model: Model) {
  const forward = await engine.compileForward(model);
  await forward.load(Object.fromEntries(model.parameters.map(({ name, initialise }) => [name, initialise(Math.random)])));
  const outputs = await forward.run({});
  await forward.dispose();
  return outputs;
}

/** The engine's values and gradients are the oracle's within 1e-5 of the largest (at least 1). */
export async function expectParity(engine: Engine, oracle: Engine, kernel: KernelCase): Promise<void> {
  const model = modelOf(kernel);
  const expected = await results(oracle, model);
  const actual = await results(engine, model);
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, wanted] of Object.entries(expected)) {
    expect(actual[name].length, name).toBe(wanted.length);
    let scale = 1;
    let worst = 0;
    wanted.forEach((value, i) => {
      scale = Math.max(scale, Math.abs(value));
      if (Math.abs(actual[name][i] - value) > Math.abs(actual[name][worst] - wanted[worst])) worst = i;
    });
    expect(actual[name].some(Number.isNaN), `${name} has NaN`).toBe(wanted.some(Number.isNaN));
    if (wanted.length > 0) expect(Math.abs(actual[name][worst] - wanted[worst]) / scale, `${name}[${worst}]: ${actual[name][worst]} for ${wanted[worst]}`).toBeLessThan(1e-5);
  }
}
