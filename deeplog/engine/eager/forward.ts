import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { checkBatch, checkParameters } from '../parameters.js';
import type { Batch, CompiledForward, EngineInfo, Model, NumericArray, State, Tensors, TensorSpec } from '../types.js';
import { withBackend } from './backend_lock.js';
import { batchTensors } from './step.js';

/** `model.forward`, or its loss, run op by op by tfjs. */
export class EagerForward implements CompiledForward {
  private parameters: Record<string, Tensor> = {};

  constructor(
    readonly engine: EngineInfo,
    private readonly model: Model,
    private readonly inputs: readonly TensorSpec[],
    private readonly compute: (parameters: Tensors, batch: Tensors) => Record<string, Tensor>,
  ) {}

  run(batch: Batch): Promise<Record<string, NumericArray>> {
    return withBackend(this.engine.backend, () => {
      checkBatch(this.model.name, this.inputs, batch);
      const outputs: Record<string, NumericArray> = {};
      tf.tidy(() => {
        for (const [name, tensor] of Object.entries(this.compute(this.parameters, batchTensors(this.inputs, batch)))) {
          const values = tensor.dataSync();
          outputs[name] = tensor.dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
        }
      });
      return outputs;
    });
  }

  load(parameters: State['parameters']): Promise<void> {
    return withBackend(this.engine.backend, () => {
      checkParameters(this.model, parameters, 'The parameters');
      tf.dispose(this.parameters);
      this.parameters = Object.fromEntries(this.model.parameters.map(({ name, shape }) =>
        [name, tf.tensor(Float32Array.from(parameters[name]), [...shape])]));
    });
  }

  dispose(): Promise<void> {
    return withBackend(this.engine.backend, () => {
      tf.dispose(this.parameters);
      this.parameters = {};
    });
  }
}
