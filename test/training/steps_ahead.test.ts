import { expect, it } from 'vitest';
import type { CompiledStep, Model, State, StepScalars } from '../../deeplog/engine/index.js';
import { bucketed, DivergedError, InterruptedError, trainLoop, type Checkpoint, type Compiler, type Reporter, type StepReport, type TrainOptions } from '../../deeplog/training/index.js';

const STEPS = 10;
const OPTIONS: TrainOptions = { batchSize: 1, maxEpochs: 1, learningRate: 0.1, earlyStop: 1, seed: 1 };
const MODEL: Model = { name: 'fake', parameters: [{ name: 'w', shape: [1], initialise: () => Float32Array.of(0) }], inputs: [], noise: [], forwardInputs: [], loss: () => { throw new Error('never traced'); }, forward: () => ({}) };
const DATA = { count: STEPS, batch: (indices: Uint32Array) => ({ batch: { x: Float32Array.from(indices) }, weight: 1 }) };

/** Answers each step a little later than it was asked, in order; its state is the number of steps that were asked for. */
class SlowStep implements CompiledStep {
  readonly engine = { engine: 'webgpu', backend: 'fake', device: 'fake', threads: 1 } as const;
  readonly asked: number[] = [];
  underWay = 0;
  mostUnderWay = 0;

  constructor(readonly stepsAhead: number | undefined, private readonly lossAt: (step: number) => number) {}

  async run(_: unknown, { step }: StepScalars): Promise<{ loss: number }> {
    this.asked.push(step);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.underWay--;
    return { loss: this.lossAt(step) };
  }

  state(): Promise<State> {
    const w = { w: Float32Array.of(this.asked.length) };
    return Promise.resolve({ parameters: w, firstMoments: w, secondMoments: w });
  }

  load(): Promise<void> { return Promise.resolve(); }
  dispose(): Promise<void> { return Promise.resolve(); }
}

function setting(stepsAhead: number | undefined, lossAt: (step: number) => number = (step) => step) {
  const step = new SlowStep(stepsAhead, lossAt);
  const forward = { engine: step.engine, run: () => Promise.resolve({ loss: Float32Array.of(1) }), load: () => Promise.resolve(), dispose: () => Promise.resolve() };
  const engine: Compiler = { compileStep: () => Promise.resolve(step), compileForward: () => Promise.resolve(forward), compileLoss: () => Promise.resolve(forward), compileGradients: () => Promise.resolve(forward) };
  const told: StepReport[] = [];
  const saved: Checkpoint[] = [];
  let due = false;
  const reporter: Reporter = {
    step: (s) => { told.push(s); due = s.step === 4; },
    epoch: () => undefined,
    checkpoints: { begin: () => Promise.resolve({ restored: null, due: () => due, save: (c) => { due = false; saved.push(c); return Promise.resolve(); }, describe: () => 'kept' }) },
  };
  return { step, engine, told, saved, reporter };
}

it('steps are asked for ahead, told in order, and a checkpoint waits for all of them', async () => {
  const { step, engine, told, saved, reporter } = setting(3);
  const { history } = await trainLoop(engine, MODEL, DATA, DATA, OPTIONS, reporter, new AbortController().signal);
  expect(step.mostUnderWay).toBe(3);
  expect(step.asked).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
  expect(told.map((s) => [s.globalStep, s.loss])).toEqual(step.asked.map((n) => [n, n]));
  expect(history[0].loss).toBeCloseTo(5.5, 10); // mean of 1 … 10
  // What a checkpoint says was done is what its state has.
  for (const c of saved) expect(c.state.parameters.w[0]).toBe(c.globalStep);
  expect(saved.map((c) => c.globalStep)).toContain(6); // due at the fourth, when two more had been asked for
});

it('an engine that says nothing of it is asked for one step at a time', async () => {
  const { step, engine, reporter } = setting(undefined);
  await trainLoop(engine, MODEL, DATA, DATA, OPTIONS, reporter, new AbortController().signal);
  expect(step.mostUnderWay).toBe(1);
});

it('a loss that is no number names its own step, and nothing after it is kept', async () => {
  const { engine, told, saved, reporter } = setting(4, (step) => (step === 3 ? NaN : step));
  const failing = trainLoop(engine, MODEL, DATA, DATA, OPTIONS, reporter, new AbortController().signal);
  await expect(failing).rejects.toThrow(DivergedError);
  await expect(failing).rejects.toThrow(/step 3/);
  expect(told.map((s) => s.step)).toEqual([1, 2]);
  expect(saved.map((c) => c.globalStep)).toEqual([0]);
});

it('when interrupted, the steps under way are done and counted', async () => {
  const { step, engine, saved, reporter } = setting(4);
  const stop = new AbortController();
  const tell = reporter.step.bind(reporter);
  const stopping: Reporter = { ...reporter, step: (s) => { tell(s); if (s.step === 2) stop.abort(); } };
  await expect(trainLoop(engine, MODEL, DATA, DATA, OPTIONS, stopping, stop.signal)).rejects.toThrow(InterruptedError);
  expect(step.underWay).toBe(0);
  expect(saved.at(-1)?.globalStep).toBe(step.asked.length);
  expect(saved.at(-1)?.state.parameters.w[0]).toBe(step.asked.length);
});

it('a network of several lengths hands its steps over in the order of asking, moving the state between them', async () => {
  const order: string[] = [];
  const of = (length: number): CompiledStep => ({
    engine: { engine: 'webgpu', backend: 'fake', device: 'fake', threads: 1 }, stepsAhead: 4,
    run: (_, { step }) => { order.push(`${length}:${step}`); return new Promise((resolve) => setTimeout(() => { resolve({ loss: step }); }, 3)); },
    state: async () => { order.push(`${length}→`); await new Promise((resolve) => setTimeout(resolve, 5)); return { parameters: {}, firstMoments: {}, secondMoments: {} }; },
    load: () => { order.push(`→${length}`); return Promise.resolve(); },
    dispose: () => Promise.resolve(),
  });
  const engine = { info: of(0).engine, compileStep: (model: Model) => Promise.resolve(of(Number(model.name))) };
  const family = { at: (length: number) => ({ ...MODEL, name: String(length) }), lengthOf: (batch: object) => Number(Object.values(batch)[0]), first: 6 };
  const step = await bucketed(engine as never, family).compileStep(MODEL, { seed: 1 });
  expect(step.stepsAhead).toBe(4);
  const losses = await Promise.all([6, 8, 6, 6].map((length, i) => step.run({ length: Float32Array.of(length) }, { learningRate: 1, seed: 1, step: i + 1 })));
  expect(losses.map(({ loss }) => loss)).toEqual([1, 2, 3, 4]);
  expect(order).toEqual(['6:1', '6→', '→8', '8:2', '8→', '→6', '6:3', '6:4']);
});
