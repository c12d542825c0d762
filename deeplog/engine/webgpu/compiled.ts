import { adamOptions, adamScalars } from '../adam.js';
import { noiseKeys } from '../noise.js';
import { checkBatch, checkParameters, checkState } from '../parameters.js';
import { LOSS } from '../trace/names.js';
import type { AdamOptions, Batch, CompiledForward, CompiledStep, EngineInfo, Model, NumericArray, State, StepScalars, TensorSpec } from '../types.js';
import type { Runtime } from './runtime.js';

/** Enough to keep a device busy while a loss travels back; few enough that a loss that is no number is seen soon. */
const STEPS_AHEAD = 16;

function flat(runtime: Runtime, values: Readonly<Record<string, Float32Array>>): Float32Array {
  const { layout } = runtime.program;
  const all = new Float32Array(layout.bytes / 4);
  for (const { name, offset } of layout.slots) all.set(values[name], offset);
  return all;
}

/** A training step on the GPU; the state lives there and is updated in place. */
export class GpuStep implements CompiledStep {
  private readonly adam: AdamOptions;
  readonly nodeCount: number;
  readonly stepsAhead = STEPS_AHEAD;

  constructor(readonly engine: EngineInfo, private readonly model: Model, adam: Partial<AdamOptions> | undefined, private readonly runtime: Runtime) {
    this.adam = adamOptions(adam);
    this.nodeCount = runtime.program.dispatches.length;
  }

  async run(batch: Batch, scalars: StepScalars): Promise<{ loss: number }> {
    checkBatch(this.model.name, this.model.inputs, batch);
    const { program } = this.runtime;
    const { stepSize, rootCorrection } = adamScalars(this.adam, scalars);
    const header = new Uint32Array(2 + 2 * program.noise.length);
    new Float32Array(header.buffer, 0, 2).set([stepSize, rootCorrection]);
    for (const { stream, at } of program.noise) {
      const { first, second } = noiseKeys(scalars.seed, scalars.step, stream);
      header.set([first, second], at);
    }
    this.runtime.upload({ buffer: 'XI', offset: 0 }, new Int32Array(header.buffer));
    this.runtime.uploadInputs(program.inputs, batch);
    const values = await this.runtime.run();
    const place = program.outputs.find(({ name }) => name === LOSS);
    return { loss: values[place?.offset ?? 0] };
  }

  async state(): Promise<State> {
    const [parameters, firstMoments, secondMoments] = await this.parts(['P', 'M', 'V']);
    return { parameters, firstMoments, secondMoments };
  }

  private async parts(names: readonly string[]): Promise<Array<Record<string, Float32Array>>> {
    const { slots } = this.runtime.program.layout;
    const parts: Array<Record<string, Float32Array>> = [];
    for (const buffer of names) {
      const values = await this.runtime.read(buffer);
      parts.push(Object.fromEntries(slots.map(({ name, offset, length }) => [name, values.slice(offset, offset + length)])));
    }
    return parts;
  }

  load(state: State): Promise<void> {
    checkState(this.model, state);
    this.runtime.upload({ buffer: 'P', offset: 0 }, flat(this.runtime, state.parameters));
    this.runtime.upload({ buffer: 'M', offset: 0 }, flat(this.runtime, state.firstMoments));
    this.runtime.upload({ buffer: 'V', offset: 0 }, flat(this.runtime, state.secondMoments));
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    this.runtime.destroy();
    return Promise.resolve();
  }
}

export class GpuForward implements CompiledForward {
  constructor(readonly engine: EngineInfo, private readonly model: Model, private readonly inputs: readonly TensorSpec[], private readonly runtime: Runtime) {}

  async run(batch: Batch): Promise<Record<string, NumericArray>> {
    checkBatch(this.model.name, this.inputs, batch);
    const { program } = this.runtime;
    this.runtime.uploadInputs(program.inputs, batch);
    const values = await this.runtime.run();
    return Object.fromEntries(program.outputs.map(({ name, offset, length, dtype }) => {
      const own = values.slice(offset, offset + length);
      return [name, dtype === 'int32' ? Int32Array.from(own) : own];
    }));
  }

  load(parameters: State['parameters']): Promise<void> {
    checkParameters(this.model, parameters, 'The parameters');
    this.runtime.upload({ buffer: 'P', offset: 0 }, flat(this.runtime, parameters));
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    this.runtime.destroy();
    return Promise.resolve();
  }
}
