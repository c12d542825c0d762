import type { BackendName, CompiledForward, CompiledStep, Engine, EngineInfo, AdamOptions, Model } from '../types.js';
import { namedGradients } from '../gradients.js';
import { prepareBackend } from './backends.js';
import { withBackend } from './backend_lock.js';
import { EagerForward } from './forward.js';
import { EagerStep } from './step.js';

class EagerEngine implements Engine {
  constructor(readonly info: EngineInfo) {}

  compileStep(model: Model, options: { seed: number; adam?: Partial<AdamOptions> }): Promise<CompiledStep> {
    return EagerStep.create(this.info, model, options);
  }

  compileForward(model: Model): Promise<CompiledForward> {
    return Promise.resolve(new EagerForward(this.info, model, model.forwardInputs, (parameters, batch) => model.forward(parameters, batch)));
  }

  compileLoss(model: Model): Promise<CompiledForward> {
    return Promise.resolve(new EagerForward(this.info, model, model.inputs, (parameters, batch) => ({ loss: model.loss(parameters, batch, null) })));
  }

  compileGradients(model: Model): Promise<CompiledForward> {
    return Promise.resolve(new EagerForward(this.info, model, model.inputs, (parameters, batch) => namedGradients(model, parameters, batch)));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** Any tfjs backend, op by op. @throws EngineUnavailableError when the backend is not there or does not start. */
export async function createEagerEngine(backend: BackendName, threads?: number): Promise<Engine> {
  const info = await prepareBackend(backend, threads);
  await withBackend(backend, () => undefined);
  return new EagerEngine(info);
}
