import { messageOf } from '../../common/index.js';
import { adamOptions, adamScalars } from '../adam.js';
import type { Join } from '../graph/index.js';
import { checkBatch, checkParameters, checkState } from '../parameters.js';
import type { AdamOptions, Batch, CompiledForward, CompiledStep, EngineInfo, Model, NumericArray, State, StepScalars, TensorSpec } from '../types.js';
import { OTHER_WORKER_FAILED } from './barrier.js';
import type { WorkerClient } from './worker_client.js';

/** A training step held by one worker, or by several that share each batch and keep equal states. */
export class OnnxStep implements CompiledStep {
  private readonly adam: AdamOptions;

  constructor(
    readonly engine: EngineInfo,
    private readonly model: Model,
    adam: Partial<AdamOptions> | undefined,
    private readonly workers: readonly WorkerClient[],
    private readonly target: number,
    readonly nodeCount: number,
  ) {
    this.adam = adamOptions(adam);
  }

  async run(batch: Batch, scalars: StepScalars): Promise<{ loss: number }> {
    checkBatch(this.model.name, this.model.inputs, batch);
    const run = { batch: only(this.model.inputs, batch), adam: adamScalars(this.adam, scalars), seed: scalars.seed, step: scalars.step };
    const losses = await allOf(this.workers.map((worker) => worker.request('runStep', this.target, run)));
    return { loss: losses.reduce((sum, loss) => sum + loss, 0) };
  }

  state(): Promise<State> {
    return this.workers[0].request('state', this.target, null);
  }

  async load(state: State): Promise<void> {
    checkState(this.model, state);
    await Promise.all(this.workers.map((worker) => worker.request('loadState', this.target, state)));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.request('dispose', this.target, null)));
  }
}

/** All answers; when workers fail, the error of the one that failed first by itself. */
async function allOf<T>(answers: ReadonlyArray<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(answers);
  const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (errors.length > 0) throw errors.find((error) => messageOf(error) !== OTHER_WORKER_FAILED) ?? errors[0];
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** A forward pass held by one worker, or by several that share each batch. */
export class OnnxForward implements CompiledForward {
  constructor(
    readonly engine: EngineInfo,
    private readonly model: Model,
    private readonly inputs: readonly TensorSpec[],
    private readonly workers: readonly WorkerClient[],
    private readonly target: number,
    private readonly joins: ReadonlyMap<string, Join>,
  ) {}

  async run(batch: Batch): Promise<Record<string, NumericArray>> {
    checkBatch(this.model.name, this.inputs, batch);
    const read = only(this.inputs, batch);
    const parts = await Promise.all(this.workers.map((worker) => worker.request('runForward', this.target, read)));
    if (parts.length === 1) return parts[0];
    return Object.fromEntries([...this.joins].map(([name, join]) => [name, joined(join, parts.map((part) => part[name]))]));
  }

  async load(parameters: State['parameters']): Promise<void> {
    checkParameters(this.model, parameters, 'The parameters');
    await Promise.all(this.workers.map((worker) => worker.request('loadParameters', this.target, parameters)));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.request('dispose', this.target, null)));
  }
}

function joined(join: Join, parts: readonly NumericArray[]): NumericArray {
  const [first] = parts;
  switch (join) {
    case 'first': return first;
    case 'add': return first.map((_, i) => parts.reduce((sum, part) => sum + part[i], 0));
    case 'concatenate': {
      const whole = new (first instanceof Int32Array ? Int32Array : Float32Array)(parts.reduce((sum, part) => sum + part.length, 0));
      let offset = 0;
      for (const part of parts) {
        whole.set(part, offset);
        offset += part.length;
      }
      return whole;
    }
    default: return join satisfies never;
  }
}

function only(specs: readonly TensorSpec[], batch: Batch): Batch {
  return Object.fromEntries(specs.map(({ name }) => [name, batch[name]]));
}
