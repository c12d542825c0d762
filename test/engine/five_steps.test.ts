import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, type Batch, type Engine, type EngineOptions, type Model } from '../../deeplog/engine/index.js';
import { logAnomalyModel, logBertModel, logKeyModel, textAutoencoderModel, tokenEncoderModel, windowAutoencoderModel } from '../../deeplog/models/index.js';
import { gpuForTests } from './gpu.js';

const BATCH = 6;
const WINDOW = 4;
const KEYS = 9;
const HIDDEN = 8;
const DIMENSIONS = 5;

/** For every kind of model: each takes what it reads. */
function batchOf(model: Model): Batch {
  const rows = model === ENCODER || model === LOGBERT ? BATCH * WINDOW : BATCH;
  return {
    ids: Int32Array.from({ length: BATCH * WINDOW }, (_, i) => (i * 7 + (i >> 2)) % KEYS),
    forward: Float32Array.from({ length: BATCH * WINDOW * DIMENSIONS }, (_, i) => Math.sin(i * i)),
    backward: Float32Array.from({ length: BATCH * WINDOW * DIMENSIONS }, (_, i) => Math.cos(i * i)),
    mask: Float32Array.from({ length: BATCH * WINDOW }, (_, i) => (i % WINDOW <= i / (BATCH * WINDOW) * WINDOW ? 1 : 0)),
    windows: Int32Array.from({ length: BATCH * WINDOW }, (_, i) => (i * 7 + (i >> 2)) % KEYS),
    targets: Int32Array.from({ length: rows }, (_, i) => (i * 5) % KEYS),
    weights: Float32Array.from({ length: rows }, (_, i) => (i < rows - 2 ? 1 + (i % 3) : 0)),
    rows: Float32Array.from({ length: BATCH }, (_, i) => (i < BATCH - 1 ? 1 + (i % 3) : 0)),
    centre: Float32Array.from({ length: HIDDEN }, (_, i) => Math.sin(i)),
    vectors: Float32Array.from({ length: KEYS * DIMENSIONS }, (_, i) => Math.cos(i * i) / 2),
  };
}

const engines: Engine[] = [];

async function losses(options: EngineOptions, model: Model): Promise<number[]> {
  const engine = options.engine === 'webgpu' && gpu !== undefined ? gpu : await createEngine(options);
  engines.push(engine);
  const step = await engine.compileStep(model, { seed: 11 });
  const values: number[] = [];
  for (let i = 1; i <= 5; i++) values.push((await step.run(batchOf(model), { learningRate: 0.02, seed: 5, step: i })).loss);
  await step.dispose();
  return values;
}

afterAll(async () => {
  await Promise.all([...new Set(engines)].map((engine) => engine.dispose()));
});

const LOG_KEYS = (['paper', 'trainer'] as const).map((preset) => logKeyModel({ preset, vocabularySize: KEYS, windowSize: WINDOW, units: 6, batchSize: BATCH }));
const ENCODER = tokenEncoderModel({ vocabularySize: KEYS, sequenceLength: WINDOW, hidden: 8, layers: 2, heads: 2, feedForward: 12, batchSize: BATCH });
/** With dropout: every engine draws the same noise. Id 0 is padding here. */
const LOGBERT = logBertModel({ tokens: KEYS, classes: KEYS, sequenceLength: WINDOW, longest: 2 * WINDOW, hidden: HIDDEN, layers: 2, heads: 2, batchSize: BATCH, dropout: 0.1, alpha: 0.1 });
const LOGANOMALY = logAnomalyModel({ vocabularySize: KEYS, dimensions: DIMENSIONS, windowSize: WINDOW, units: 6, batchSize: BATCH });
/** Id 0 is padding, 2 the end of a line. */
const TEXTS = (['last', 'max'] as const).map((pooling) => textAutoencoderModel({ vocabularySize: KEYS, length: WINDOW, end: 2, embedding: 7, latent: 5, pooling, dropout: 0.2, batchSize: BATCH }));
const WINDOWS = windowAutoencoderModel({ windowSize: WINDOW, dimensions: DIMENSIONS, units: 6, code: 4, batchSize: BATCH });
const gpu = await gpuForTests();
const TENSORFLOW: EngineOptions = { engine: 'eager', backend: 'tensorflow' };
/** An optional peer: see docs/tensorflow.md. */
const tensorflow = await createEngine(TENSORFLOW).then(() => true, () => false);
if (!tensorflow) console.warn('SKIPPED: the tensorflow backend was not tested: it is not installed (docs/tensorflow.md).');
const WAYS: readonly EngineOptions[] = [...(tensorflow ? [TENSORFLOW] : []), ...(gpu === undefined ? [] : [{ engine: 'webgpu' } as const]), { engine: 'eager', backend: 'wasm' }, { engine: 'onnx' }, { engine: 'onnx', threads: 2 }, { engine: 'onnx', threads: 3 }];

describe('five training steps', () => {
  for (const model of [...LOG_KEYS, ENCODER, LOGBERT, LOGANOMALY, ...TEXTS, WINDOWS]) {
    for (const options of WAYS) {
      it(`of ${model.name} on ${options.engine} ${options.backend ?? ''}, threads ${options.threads ?? 1}, agree with eager cpu within 1e-4`, async () => {
        const expected = await losses({ engine: 'eager', backend: 'cpu' }, model);
        const actual = await losses(options, model);
        expect(expected[4]).toBeLessThan(expected[0]);
        actual.forEach((loss, i) => expect(Math.abs(loss - expected[i]) / expected[i]).toBeLessThan(1e-4));
      });
    }
  }
});
