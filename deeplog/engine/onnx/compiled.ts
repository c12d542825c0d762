import { adamOptions, adamScalars } from '../adam.js';
import { checkBatch, checkParameters, checkState } from '../parameters.js';
import type { AdamOptions, Batch, CompiledForward, CompiledStep, EngineInfo, Model, NumericArray, State, StepScalars, TensorSpec } from '../types.js';
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
    const losses = await Promise.all(this.workers.map((worker) => worker.request('runStep', this.target, run)));
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

export class OnnxForward implements CompiledForward {
  constructor(
    readonly engine: EngineInfo,
    private readonly model: Model,
    private readonly inputs: readonly TensorSpec[],
    private readonly worker: WorkerClient,
    private readonly target: number,
  ) {}

  run(batch: Batch): Promise<Record<string, NumericArray>> {
    checkBatch(this.model.name, this.inputs, batch);
    return this.worker.request('runForward', this.target, only(this.inputs, batch));
  }

  async load(parameters: State['parameters']): Promise<void> {
    checkParameters(this.model, parameters, 'The parameters');
    await this.worker.request('loadParameters', this.target, parameters);
  }

  async dispose(): Promise<void> {
    await this.worker.request('dispose', this.target, null);
  }
}

function only(specs: readonly TensorSpec[], batch: Batch): Batch {
  return Object.fromEntries(specs.map(({ name }) => [name, batch[name]]));
}
