import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Batch, type Engine, type Model, type NumericArray } from '../../deeplog/engine/index.js';
import { textAutoencoderModel, windowAutoencoderModel } from '../../deeplog/models/index.js';

let engine: Engine;
beforeAll(async () => { engine = await createEngine({ engine: 'onnx' }); });
afterAll(async () => { await engine.dispose(); });

async function outputs(model: Model, like: Model, batch: Batch): Promise<Record<string, NumericArray>> {
  const step = await engine.compileStep(like, { seed: 3 });
  const { parameters } = await step.state();
  await step.dispose();
  const forward = await engine.compileForward(model);
  await forward.load(parameters);
  const out = await forward.run(batch);
  await forward.dispose();
  return out;
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-5);
};

describe.each(['last', 'max'] as const)('the text autoencoder, pooling %s', (pooling) => {
  const text = (length: number, batchSize = 2): Model => textAutoencoderModel({ vocabularySize: 8, length, end: 2, embedding: 5, latent: 4, pooling, dropout: 0.2, batchSize });
  const lines = [[3, 4, 5, 2], [6, 2]];
  const padded = (length: number): Batch => ({ ids: Int32Array.from(lines.flatMap((line) => [...line, ...new Array<number>(length - line.length).fill(0)])) });

  it('gives a line the same vector and error whatever the padding', async () => {
    const short = await outputs(text(4), text(4), padded(4));
    const long = await outputs(text(9), text(4), padded(9));
    close(long['latent'], short['latent']);
    close(long['errors'], short['errors']);
  });

  it('gives a line the same vector whatever its neighbours', async () => {
    const both = await outputs(text(4), text(4), padded(4));
    const alone = await outputs(text(4, 1), text(4), { ids: Int32Array.of(6, 2, 0, 0) });
    close(alone['latent'], both['latent'].slice(4));
    expect(both['latent'].slice(0, 4)).not.toEqual(both['latent'].slice(4));
  });

  it('makes the vector of the states that it has after each word', async () => {
    const words = [3, 4, 5, 2];
    // The last state after a line's first n tokens, by the network that gives last states.
    const states: ArrayLike<number>[] = [];
    const lastOf = textAutoencoderModel({ vocabularySize: 8, length: 4, end: 2, embedding: 5, latent: 4, pooling: 'last', dropout: 0.2, batchSize: 1 });
    for (let n = 1; n <= words.length; n++) states.push((await outputs(lastOf, text(4), { ids: Int32Array.from({ length: 4 }, (_, i) => (i < n ? words[i] : 0)) }))['latent']);
    const { latent } = await outputs(text(9, 1), text(4), { ids: Int32Array.of(...words, 0, 0, 0, 0, 0) });
    close(latent, pooling === 'last' ? states[3] : Array.from({ length: 4 }, (_, k) => Math.max(...states.map((s) => s[k]))));
  });

  it('learns to write its lines again, and not others', async () => {
    const model = textAutoencoderModel({ vocabularySize: 8, length: 4, end: 2, embedding: 12, latent: 12, pooling, dropout: 0.2, batchSize: 2 });
    const step = await engine.compileStep(model, { seed: 3, adam: { clipNorm: 5 } });
    const batch = { ...padded(4), weights: Float32Array.of(1, 1) };
    for (let i = 1; i <= 200; i++) await step.run(batch, { learningRate: 0.02, seed: 1, step: i });
    const forward = await engine.compileForward(model);
    await forward.load((await step.state()).parameters);
    const { errors } = await forward.run(batch);
    expect(Math.max(...errors)).toBeLessThan(0.1);
    const { errors: strange } = await forward.run({ ids: Int32Array.of(5, 3, 4, 2, 7, 7, 7, 2) });
    expect(Math.min(...strange)).toBeGreaterThan(1);
    await step.dispose();
    await forward.dispose();
  });
});

describe('the window autoencoder', () => {
  const window = (windowSize: number): Model => windowAutoencoderModel({ windowSize, dimensions: 3, units: 4, code: 5, batchSize: 2 });
  const rows = [[[1, 0, 2], [0, 1, -1]], [[3, 3, 3]]];
  const padded = (size: number): Batch => {
    const flat = (order: (lines: number[][]) => number[][]): Float32Array => Float32Array.from(rows.flatMap((lines) => [...order(lines).flat(), ...new Array<number>((size - lines.length) * 3).fill(0)]));
    return { forward: flat((l) => l), backward: flat((l) => [...l].reverse()), mask: Float32Array.from(rows.flatMap((l) => Array.from({ length: size }, (_, i) => (i < l.length ? 1 : 0)))), weights: Float32Array.of(1, 2) };
  };

  it('gives lines the same errors whatever the padding, and padding none', async () => {
    const [short, long] = [await outputs(window(2), window(2), padded(2)), await outputs(window(5), window(2), padded(5))];
    for (const name of ['errors_forward', 'errors_backward']) {
      close([...long[name].slice(0, 2), ...long[name].slice(5, 7)], short[name]);
      close([...long[name].slice(2, 5), ...long[name].slice(6)], new Array<number>(7).fill(0));
    }
  });

  it('has the mean of both directions over the lines, weighted by window, for its loss', async () => {
    const model = window(2);
    const step = await engine.compileStep(model, { seed: 3 });
    const { parameters } = await step.state();
    const { loss } = await step.run(padded(2), { learningRate: 0.1, seed: 1, step: 1 });
    await step.dispose();
    const forward = await engine.compileForward(model);
    await forward.load(parameters);
    const { errors_forward: f, errors_backward: b } = await forward.run(padded(2));
    const first = (f[0] + f[1] + b[0] + b[1]) / 4;
    expect(loss).toBeCloseTo((first + 2 * (f[2] + b[2]) / 2) / 3, 5);
    await forward.dispose();
  });
});
