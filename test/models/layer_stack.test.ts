import { describe, expect, it } from 'vitest';
import { createEngine, initialState, type Model, type State } from '../../deeplog/engine/index.js';
import { logKeyModel, logKeyStack, stackModel, stackParameters } from '../../deeplog/models/index.js';

async function run(model: Model, parameters: State['parameters'], batch: Record<string, Int32Array>, engine: 'eager' | 'onnx'): Promise<Float32Array> {
  const made = await createEngine(engine === 'eager' ? { engine, backend: 'cpu' } : { engine });
  const forward = await made.compileForward(model);
  await forward.load(parameters);
  const { log_probabilities: values } = await forward.run(batch);
  await made.dispose();
  return values as Float32Array;
}

describe('a layer stack', () => {
  it.each(['trainer', 'paper'] as const)('of the %s key model has its parameters and says what it says', async (preset) => {
    const shape = { preset, vocabularySize: 9, windowSize: 4, units: 5 };
    const model = logKeyModel({ ...shape, batchSize: 6 });
    expect(stackParameters(logKeyStack(shape)).map(({ name, shape: s }) => [name, s])).toEqual(model.parameters.map(({ name, shape: s }) => [name, s]));
    const { parameters } = initialState(model, 2);
    const batch = { windows: Int32Array.from({ length: 24 }, (_, i) => (5 * i + 1) % 9) };
    const wanted = await run(model, parameters, batch, 'eager');
    for (const engine of ['eager', 'onnx'] as const) {
      (await run(stackModel('stack', logKeyStack(shape), 6), parameters, batch, engine)).forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 5));
    }
  });

  it('is for scoring: it has no loss', () => {
    const model = stackModel('stack', logKeyStack({ preset: 'paper', vocabularySize: 9, windowSize: 4, units: 5 }), 2);
    expect(() => model.loss({}, {}, null)).toThrow(/for scoring only/);
  });
});
