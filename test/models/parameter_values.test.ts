import { describe, expect, it } from 'vitest';
import { createEngine, initialState, type State } from '../../deeplog/engine/index.js';
import { parameterValueModel } from '../../deeplog/models/index.js';

const options = { keys: 2, columns: 2, windowSize: 3, units: 4, dropout: 0.2, batchSize: 2 };

/** One LSTM layer written out for one example: x [T][inputs] → hidden states [T][U]. Gates i, f, c, o (Keras). */
function lstm(x: readonly (readonly number[])[], kernel: Float32Array, recurrent: Float32Array, bias: Float32Array, U: number): number[][] {
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  let h = new Array<number>(U).fill(0);
  let c = new Array<number>(U).fill(0);
  return x.map((input) => {
    const z = Array.from({ length: 4 * U }, (_, j) => bias[j] + input.reduce((s, v, i) => s + v * kernel[i * 4 * U + j], 0) + h.reduce((s, v, i) => s + v * recurrent[i * 4 * U + j], 0));
    c = c.map((old, u) => sigmoid(z[U + u]) * old + sigmoid(z[u]) * Math.tanh(z[2 * U + u]));
    h = c.map((cell, u) => sigmoid(z[3 * U + u]) * Math.tanh(cell));
    return h;
  });
}

function ofKey(p: State['parameters'], name: string, k: number): Float32Array {
  const size = p[name].length / options.keys;
  return p[name].subarray(k * size, (k + 1) * size);
}

describe('the parameter-value network', () => {
  it('gives every key its own two-layer LSTM, as written out by hand', async () => {
    const engine = await createEngine();
    const model = parameterValueModel(options);
    const { parameters } = initialState(model, 3);
    const { keys: K, windowSize: W, batchSize: B, columns: C, units: U } = options;
    const windows = Float32Array.from({ length: K * W * B * C }, (_, i) => Math.sin(i * 1.7));
    const forward = await engine.compileForward(model);
    await forward.load(parameters);
    const { predictions } = await forward.run({ windows });
    for (let k = 0; k < K; k++) {
      for (let b = 0; b < B; b++) {
        const x = Array.from({ length: W }, (_, t) => Array.from({ length: C }, (_unused, c) => windows[((k * W + t) * B + b) * C + c]));
        const first = lstm(x, ofKey(parameters, 'lstm_1/kernel', k), ofKey(parameters, 'lstm_1/recurrent_kernel', k), ofKey(parameters, 'lstm_1/bias', k), U);
        const last = lstm(first, ofKey(parameters, 'lstm_2/kernel', k), ofKey(parameters, 'lstm_2/recurrent_kernel', k), ofKey(parameters, 'lstm_2/bias', k), U)[W - 1];
        for (let c = 0; c < C; c++) {
          const expected = ofKey(parameters, 'output/bias', k)[c] + last.reduce((s, h, u) => s + h * ofKey(parameters, 'output/kernel', k)[u * C + c], 0);
          expect(predictions[(k * B + b) * C + c]).toBeCloseTo(expected, 5);
        }
      }
    }
    await forward.dispose();
    await engine.dispose();
  });

  it('teaches a key what it would learn alone, whoever trains beside it', async () => {
    const engine = await createEngine();
    const data = (k: number) => ({ windows: Float32Array.from({ length: 12 }, (_, i) => Math.cos(i + 5 * k)), targets: Float32Array.from([0.3, -0.2, 0.8, k]), weights: Float32Array.from([1, 1, 1, 0]) });
    const train = async (keys: readonly number[]): Promise<State['parameters']> => {
      const step = await engine.compileStep(parameterValueModel({ ...options, keys: keys.length }), { seed: 9 });
      const join = (name: 'windows' | 'targets' | 'weights'): Float32Array => Float32Array.from(keys.flatMap((k) => [...data(k)[name]]));
      for (let s = 1; s <= 4; s++) await step.run({ windows: join('windows'), targets: join('targets'), weights: join('weights') }, { learningRate: 0.01, seed: 2, step: s });
      const { parameters } = await step.state();
      await step.dispose();
      return parameters;
    };
    const alone = await train([0]);
    const together = await train([0, 1]);
    for (const [name, values] of Object.entries(alone)) values.forEach((v, i) => expect(together[name][i]).toBeCloseTo(v, 5));
    await engine.dispose();
  });
});
