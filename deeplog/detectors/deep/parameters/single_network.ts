import type { CompiledForward, NumericArray, State } from '../../../engine/index.js';

/**
 * Weights of key k out of a network of several keys ({@link parameterValueModel}), as a network of its own has them: the leading key
 * dimension is gone, and columns beyond the key's own `columns` are.
 */
export function weightsOfKey(parameters: State['parameters'], k: number, shape: { readonly units: number; readonly widest: number; readonly columns: number }): State['parameters'] {
  const { units: U, widest: C, columns } = shape;
  const slice = (name: string, size: number): Float32Array => parameters[name].slice(k * size, (k + 1) * size);
  return {
    // Its columns come first among the inputs: the rows of the others are left out.
    'lstm_1/kernel': slice('lstm_1/kernel', C * 4 * U).slice(0, columns * 4 * U),
    'lstm_1/recurrent_kernel': slice('lstm_1/recurrent_kernel', U * 4 * U),
    'lstm_1/bias': slice('lstm_1/bias', 4 * U),
    'lstm_2/kernel': slice('lstm_2/kernel', U * 4 * U),
    'lstm_2/recurrent_kernel': slice('lstm_2/recurrent_kernel', U * 4 * U),
    'lstm_2/bias': slice('lstm_2/bias', 4 * U),
    'output/kernel': firstColumns(slice('output/kernel', U * C), C, columns),
    'output/bias': slice('output/bias', C).slice(0, columns),
  };
}

function firstColumns(values: Float32Array, width: number, columns: number): Float32Array {
  return Float32Array.from({ length: (values.length / width) * columns }, (_, i) => values[Math.floor(i / columns) * width + (i % columns)]);
}

/** Networks of single keys in the place of the one of all keys: `windows` [K, W, B, C] → `predictions` [K, B, C]. */
export function joinedForward(forwards: readonly CompiledForward[], columns: readonly number[], shape: { readonly windowSize: number; readonly widest: number }): CompiledForward {
  const { windowSize: W, widest: C } = shape;
  return {
    engine: forwards[0].engine,
    load: () => Promise.resolve(),
    dispose: () => Promise.resolve(),
    async run({ windows }): Promise<Record<string, NumericArray>> {
      const B = windows.length / (forwards.length * W * C);
      const predictions = new Float32Array(forwards.length * B * C);
      for (const [k, forward] of forwards.entries()) {
        const own = new Float32Array(B * W * columns[k]); // [B, W, columns]
        for (let b = 0; b < B; b++) for (let t = 0; t < W; t++) for (let c = 0; c < columns[k]; c++) own[(b * W + t) * columns[k] + c] = windows[((k * W + t) * B + b) * C + c];
        const answer = (await forward.run({ windows: own })).predictions;
        for (let b = 0; b < B; b++) for (let c = 0; c < columns[k]; c++) predictions[(k * B + b) * C + c] = answer[b * columns[k] + c];
      }
      return { predictions };
    },
  };
}
