import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';
import { combineReporters, InterruptedError, readEvents, readState, Run, SILENT, statusOf, trainLoop, trainTogether, type EpochReport, type Reporter, type TogetherSource, type TrainOptions } from '../../deeplog/training/index.js';
import { parameterValueModel } from '../../deeplog/models/index.js';
import { removeScratchAfterwards, scratchFolder } from '../helpers.js';
import { smallModel, smallSource } from './models.js';

removeScratchAfterwards();

const B = 8;
const OPTIONS: TrainOptions = { batchSize: B, maxEpochs: 6, learningRate: 0.02, earlyStop: 3, seed: 5 };
const train = smallSource(61, B, 1);
const validation = smallSource(21, B, 2);

let onnx: Engine;
beforeAll(async () => { onnx = await createEngine({ engine: 'onnx' }); });
afterAll(async () => { await onnx.dispose(); });

/** The losses of all steps and epochs. */
interface Curve { steps: number[]; epochs: number[][] }
const recorder = (curve: Curve): Reporter => ({ step: (r) => curve.steps.push(r.loss), epoch: (r) => curve.epochs.push([r.loss, r.validationLoss, r.bestEpoch, r.bestLoss]) });

const facts = (engine: Engine) => ({ stage: 'test', command: 'deeplog test', config: { a: 1 }, seed: 5, engine: engine.info, outputPath: null, checkpointSeconds: Infinity, gradients: false });

/** Trains within a run folder, interrupted after these numbers of steps in all; each part may have an engine of its own. */
async function trained(loop: (reporter: Reporter, signal: AbortSignal, engine: Engine) => Promise<{ parameters: Record<string, Float32Array> }>, interruptions: readonly number[], engines: readonly Engine[] = []) {
  const curve: Curve = { steps: [], epochs: [] };
  let folder = '';
  let result: Record<string, Float32Array> | null = null;
  for (let part = 0; part <= interruptions.length; part++) {
    const engine = engines[part] ?? onnx;
    const run = part === 0 ? await Run.start(scratchFolder(), '', facts(engine)) : await Run.resume(folder, {}, facts(engine));
    folder = run.folder;
    const controller = new AbortController();
    const stopper: Reporter = { ...SILENT, step: (r) => { if (r.globalStep === interruptions[part]) controller.abort(); } };
    try {
      result = (await loop(combineReporters([recorder(curve), stopper, run.reporter]), controller.signal, engine)).parameters;
      await run.finish();
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
      await run.stop('interrupted', error.message);
    }
  }
  return { ...curve, folder, parameters: result };
}

const keys = (reporter: Reporter, signal: AbortSignal, engine: Engine): Promise<{ parameters: Record<string, Float32Array> }> => trainLoop(engine, smallModel(B), train, validation, OPTIONS, reporter, signal);

describe('a training that was interrupted and goes on', () => {
  let whole: Awaited<ReturnType<typeof trained>>;
  beforeAll(async () => { whole = await trained(keys, []); });

  it.each([
    ['within an epoch', [11]],
    ['after the last step of an epoch', [16]],
    ['after its very first step', [1]],
    ['three times', [3, 20, 29]],
  ])('has the same losses and weights, bit by bit: %s', async (_, interruptions) => {
    const parts = await trained(keys, interruptions);
    expect(whole.steps.length).toBeGreaterThan(30);
    expect(parts.steps).toEqual(whole.steps);
    expect(parts.epochs).toEqual(whole.epochs);
    expect(parts.parameters).toEqual(whole.parameters);
  });

  it('stops early in the same epoch', async () => {
    const eager: TrainOptions = { ...OPTIONS, learningRate: 0.3, maxEpochs: 40, earlyStop: 2 };
    const loop = (reporter: Reporter, signal: AbortSignal): ReturnType<typeof keys> => trainLoop(onnx, smallModel(B), train, validation, eager, reporter, signal);
    const whole = await trained(loop, []);
    expect(whole.epochs.length).toBeLessThan(40);
    const last = whole.epochs.length * 8;
    expect((await trained(loop, [last - 9, last - 1])).epochs).toEqual(whole.epochs);
  });

  it('has what depends on the weights at the beginning of the epoch, too (LogBERT\'s centre), and a schedule', async () => {
    const loop = (reporter: Reporter, signal: AbortSignal): ReturnType<typeof keys> => {
      let scale = 0;
      const source = { ...train, batch: (indices: Uint32Array, step: number) => {
        const { batch, weight } = train.batch(indices, step);
        return { batch: { ...batch, weights: Float32Array.from(batch.weights, (w, i) => (i % 2 === 0 ? w : w * (1 + scale))) }, weight };
      } };
      const beforeEpoch = (_: number, p: Record<string, Float32Array>): Promise<void> => {
        scale = Math.abs(Object.values(p)[0][0]);
        return Promise.resolve();
      };
      return trainLoop(onnx, smallModel(B), source, validation, { ...OPTIONS, beforeEpoch, schedule: (step) => 1 / Math.sqrt(step) }, reporter, signal);
    };
    const uninterrupted = await trained(loop, []);
    expect(uninterrupted.steps).not.toEqual(whole.steps);
    expect((await trained(loop, [11, 21])).steps).toEqual(uninterrupted.steps);
  });

  it('goes on with another engine, within rounding', async () => {
    const eager = await createEngine({ engine: 'eager', backend: 'cpu' });
    const parts = await trained(keys, [19], [onnx, eager]);
    await eager.dispose();
    expect(parts.steps.slice(0, 19)).toEqual(whole.steps.slice(0, 19));
    parts.steps.forEach((loss, i) => expect(loss).toBeCloseTo(whole.steps[i], 3));
  });

  it('does so for models that train side by side, each with a best epoch of its own', async () => {
    const model = parameterValueModel({ keys: 2, columns: 1, windowSize: 2, units: 4, dropout: 0.2, batchSize: 4 });
    const source: TogetherSource = {
      counts: [13, 7],
      batch: (indices) => ({
        windows: Float32Array.from({ length: 2 * 2 * 4 }, (_, i) => Math.sin(i + indices[i % 2][0])),
        targets: Float32Array.from(indices.flatMap((own) => Array.from(own, (i) => Math.cos(i)))), weights: new Float32Array(8).fill(1),
      }),
    };
    const validate = (p: Record<string, Float32Array>): Promise<number[]> => Promise.resolve([0, 1].map((k) => 1 + Math.abs(Object.values(p)[0][k])));
    const loop = (reporter: Reporter, signal: AbortSignal): ReturnType<typeof keys> => trainTogether(onnx, model, source, validate, { ...OPTIONS, batchSize: 4 }, reporter, signal);
    const whole = await trained(loop, []);
    const parts = await trained(loop, [6, 10]);
    expect(parts.steps).toEqual(whole.steps);
    expect(parts.parameters).toEqual(whole.parameters);
  });

  it('reports each step and epoch once in metrics.jsonl', async () => {
    const { folder, steps, epochs } = await trained(keys, [11]);
    const events = await readEvents(folder);
    expect(events.flatMap((e) => (e.event === 'step' ? [e.loss] : []))).toEqual(steps);
    expect(events.flatMap((e) => (e.event === 'epoch' ? [[e.loss, e.val_loss, e.best_epoch, e.best_loss]] : []))).toEqual(epochs);
    expect(events.filter((e) => e.event === 'end').map((e) => e.event === 'end' && e.status)).toEqual(['interrupted', 'finished']);
    expect(statusOf(await readState(folder))).toBe('finished');
  });

  it('goes on from the last checkpoint when its process was killed, reporting again what came after', async () => {
    const run = await Run.start(scratchFolder(), '', facts(onnx));
    // As if killed: an error that nothing is done about, and a line of metrics that is cut off.
    const dies: Reporter = { ...SILENT, step: (r) => { if (r.globalStep === 20) throw new Error('killed'); } };
    await expect(keys(combineReporters([run.reporter, dies]), new AbortController().signal, onnx)).rejects.toThrow('killed');
    await run.stop('failed', 'killed');
    const { appendFileSync } = await import('node:fs');
    appendFileSync(path.join(run.folder, 'metrics.jsonl'), '{"event":"ste');
    const again = await Run.resume(run.folder, {}, facts(onnx));
    const first: number[] = [];
    await keys(combineReporters([again.reporter, { ...SILENT, step: (r) => { first.push(r.globalStep); } }]), new AbortController().signal, onnx);
    await again.finish();
    expect(first[0]).toBe(17); // two epochs of eight steps were kept
    const events = await readEvents(run.folder);
    expect(events.flatMap((e) => (e.event === 'step' ? [e.loss] : []))).toEqual(whole.steps);
    expect(readFileSync(path.join(run.folder, 'metrics.jsonl'), 'utf8')).not.toContain('"ste{');
  });

  it('refuses other data, another batch size, a finished run', async () => {
    const { folder } = await trained(keys, [11]);
    await expect(Run.resume(folder, {}, facts(onnx))).rejects.toThrow(/is a finished run/);
    const run = await Run.start(scratchFolder(), '', facts(onnx));
    await expect(trainLoop(onnx, smallModel(B), train, validation, OPTIONS, combineReporters([run.reporter, { ...SILENT, step: () => { throw new Error('stop'); } }]), new AbortController().signal)).rejects.toThrow('stop');
    await run.stop('failed', 'stop');
    for (const [source, options, what] of [[smallSource(61, B, 9), OPTIONS, 'the training data'], [smallSource(60, B, 1), OPTIONS, 'the number of training examples is not what the run began with (61 then, 60 now)'], [train, { ...OPTIONS, seed: 6 }, 'the seed is not what the run began with (5 then, 6 now)']] as const) {
      const again = await Run.resume(run.folder, {}, facts(onnx));
      await expect(trainLoop(onnx, smallModel(B), source, validation, options, again.reporter, new AbortController().signal)).rejects.toThrow(what);
      await again.stop('failed', what);
    }
  });
});

describe('a loss that is no number', () => {
  it('stops the training, names the step and the last finite checkpoint', async () => {
    const run = await Run.start(scratchFolder(), '', facts(onnx));
    const poisoned = { ...train, batch: (indices: Uint32Array, step: number) => {
      const made = train.batch(indices, step);
      if (seen++ === 12) made.batch.weights.fill(NaN);
      return made;
    } };
    let seen = 0;
    const epochs: EpochReport[] = [];
    const training = trainLoop(onnx, smallModel(B), poisoned, validation, OPTIONS, combineReporters([run.reporter, { ...SILENT, epoch: (r) => { epochs.push(r); } }]), new AbortController().signal);
    // One batch is made to tell trainings apart; the eight after it are epoch 1.
    await expect(training).rejects.toThrow(`the loss became NaN in epoch 2, step 4 (step 12 in all); lower --learning_rate or look for broken input. The last finite weights: ${run.folder}/checkpoints/last.safetensors, after epoch 1`);
    expect(epochs).toHaveLength(1);
    await run.stop('failed', 'diverged');
  });
});
