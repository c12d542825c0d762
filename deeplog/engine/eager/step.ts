import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { adamOptions, adamScalars } from '../adam.js';
import { lossAndGradients } from '../gradients.js';
import { fillUniform } from '../noise.js';
import { checkBatch, checkState, initialState, sizeOf } from '../parameters.js';
import type { AdamOptions, Batch, CompiledStep, EngineInfo, Model, State, StepScalars, TensorSpec } from '../types.js';
import { adamUpdate, clipGradients, type Slot } from './adam.js';
import { withBackend } from './backend_lock.js';

/** Copies a batch into tensors of the active backend. */
export function batchTensors(specs: readonly TensorSpec[], batch: Batch): Record<string, Tensor> {
  return Object.fromEntries(specs.map(({ name, shape, dtype }) => [name, tf.tensor(batch[name], [...shape], dtype)]));
}

function noiseTensors(model: Model, { seed, step }: StepScalars): Record<string, Tensor> {
  return Object.fromEntries(model.noise.map(({ name, shape }, stream) =>
    [name, tf.tensor(fillUniform(new Float32Array(sizeOf(shape)), seed, step, stream), [...shape])]));
}

/** The training step run op by op by tfjs: the oracle of the compiled engines and the fallback where they cannot run. */
export class EagerStep implements CompiledStep {
  private readonly adam: AdamOptions;
  private slots = new Map<string, Slot>();

  private constructor(readonly engine: EngineInfo, private readonly model: Model, adam: Partial<AdamOptions> | undefined) {
    this.adam = adamOptions(adam);
  }

  static async create(engine: EngineInfo, model: Model, options: { seed: number; adam?: Partial<AdamOptions> }): Promise<EagerStep> {
    const step = new EagerStep(engine, model, options.adam);
    await step.load(initialState(model, options.seed));
    return step;
  }

  run(batch: Batch, scalars: StepScalars): Promise<{ loss: number }> {
    return withBackend(this.engine.backend, () => {
      checkBatch(this.model.name, this.model.inputs, batch);
      const update = adamScalars(this.adam, scalars);
      const next = new Map<string, Slot>();
      let lossValue = NaN;
      tf.tidy(() => {
        const parameters = Object.fromEntries([...this.slots].map(([name, slot]) => [name, slot.value]));
        const { loss, gradients } = lossAndGradients(this.model, parameters, batchTensors(this.model.inputs, batch), noiseTensors(this.model, scalars));
        const clipped = this.adam.clipNorm === undefined ? gradients : clipGradients(gradients, this.adam.clipNorm);
        [...this.slots].forEach(([name, slot], i) => {
          const updated = adamUpdate(slot, clipped[i], this.adam, update);
          next.set(name, { value: tf.keep(updated.value), first: tf.keep(updated.first), second: tf.keep(updated.second) });
        });
        lossValue = loss.dataSync()[0];
      });
      this.replaceSlots(next);
      return { loss: lossValue };
    });
  }

  state(): Promise<State> {
    return withBackend(this.engine.backend, () => {
      const state: State = { parameters: {}, firstMoments: {}, secondMoments: {} };
      for (const [name, slot] of this.slots) {
        state.parameters[name] = Float32Array.from(slot.value.dataSync());
        state.firstMoments[name] = Float32Array.from(slot.first.dataSync());
        state.secondMoments[name] = Float32Array.from(slot.second.dataSync());
      }
      return state;
    });
  }

  load(state: State): Promise<void> {
    return withBackend(this.engine.backend, () => {
      checkState(this.model, state);
      const next = new Map<string, Slot>();
      for (const { name, shape } of this.model.parameters) {
        const tensor = (values: Float32Array) => tf.tensor(Float32Array.from(values), [...shape]);
        next.set(name, { value: tensor(state.parameters[name]), first: tensor(state.firstMoments[name]), second: tensor(state.secondMoments[name]) });
      }
      this.replaceSlots(next);
    });
  }

  dispose(): Promise<void> {
    return withBackend(this.engine.backend, () => this.replaceSlots(new Map()));
  }

  private replaceSlots(next: Map<string, Slot>): void {
    for (const slot of this.slots.values()) tf.dispose([slot.value, slot.first, slot.second]);
    this.slots = next;
  }
}
