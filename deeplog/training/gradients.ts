import { gradientName } from '../engine/index.js';
import type { Batch, CompiledForward, Model, State } from '../engine/index.js';
import type { Compiler } from './bucketed.js';
import type { Reporter } from './reporter.js';

export interface SampleGradients {
  /** Gradients of the loss at these weights on one batch, without dropout; null when the reporter does not want them. */
  of(parameters: State['parameters'], batch: () => Batch): Promise<State['parameters'] | null>;
  dispose(): Promise<void>;
}

/**
 * The step itself never hands its gradients out (they are used up by Adam inside the engine), so they are computed once more, by a
 * function compiled for it when it is first needed.
 */
export function sampleGradients(engine: Compiler, model: Model, reporter: Reporter): SampleGradients {
  let compiled: CompiledForward | null = null;
  return {
    async of(parameters, batch) {
      if (reporter.gradients !== true) return null;
      compiled ??= await engine.compileGradients(model);
      await compiled.load(parameters);
      const outputs = await compiled.run(batch());
      return Object.fromEntries(model.parameters.map(({ name }) => [name, Float32Array.from(outputs[gradientName(name)])]));
    },
    async dispose() {
      await compiled?.dispose();
    },
  };
}
