import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, gradientName, initialState, type CompiledForward, type Engine } from '../../deeplog/engine/index.js';
import { logKeyModel } from '../../deeplog/models/index.js';

// The paper's network: one without dropout, so that the gradients to look at are those that a step uses.
const model = logKeyModel({ preset: 'paper', windowSize: 4, units: 6, batchSize: 8, vocabularySize: 7 });
const batch = { windows: Int32Array.from({ length: 32 }, (_, i) => (i * 5) % 7), targets: Int32Array.from({ length: 8 }, (_, i) => i % 7), weights: Float32Array.from({ length: 8 }, (_, i) => 1 + (i % 2)) };
const { parameters } = initialState(model, 3);

async function gradientsOn(engine: Engine): Promise<Awaited<ReturnType<CompiledForward['run']>>> {
  const compiled = await engine.compileGradients(model);
  await compiled.load(parameters);
  const outputs = await compiled.run(batch);
  await compiled.dispose();
  return outputs;
}

describe('gradients to look at', () => {
  let eager: Engine;
  const made: Engine[] = [];
  beforeAll(async () => { eager = await createEngine({ engine: 'eager', backend: 'cpu' }); });
  afterAll(async () => { for (const engine of [eager, ...made]) await engine.dispose(); });

  it.each([1, 2])("are what Adam's first moment is made of, and the same op by op: onnx on %i threads", async (threads) => {
    const onnx = await createEngine({ engine: 'onnx', threads });
    made.push(onnx);
    const [compiled, byOp] = [await gradientsOn(onnx), await gradientsOn(eager)];
    const step = await onnx.compileStep(model, { seed: 3 });
    const { loss } = await step.run(batch, { learningRate: 0.001, seed: 3, step: 1 });
    const { firstMoments } = await step.state();
    expect(compiled.loss[0]).toBeCloseTo(loss, 5);
    for (const { name } of model.parameters) {
      const gradient = compiled[gradientName(name)];
      expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0);
      // m after one step is (1 − β₁) g.
      firstMoments[name].forEach((m, i) => { expect(Math.abs(m / 0.1 - gradient[i])).toBeLessThan(1e-5); });
      byOp[gradientName(name)].forEach((g, i) => { expect(Math.abs(g - gradient[i])).toBeLessThan(1e-5); });
    }
    await step.dispose();
  });
});
