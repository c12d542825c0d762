import { adamOptions } from '../adam.js';
import { initialState } from '../parameters.js';
import { traceForward, traceGradients, traceLoss, traceStep, type TracedGraph } from '../trace/trace.js';
import type { AdamOptions, CompiledForward, CompiledStep, Engine, EngineInfo, Model, TensorSpec } from '../types.js';
import { GpuForward, GpuStep } from './compiled.js';
import { mayHaveGpu, openGpu, type Gpu } from './device.js';
import { compileProgram } from './program.js';
import { Runtime } from './runtime.js';

/** Traced graphs as fused WGSL kernels, one command list per step, on whatever GPU Dawn finds. */
class WebgpuEngine implements Engine {
  readonly info: EngineInfo;

  constructor(private readonly gpu: Gpu) {
    this.info = { engine: 'webgpu', backend: 'dawn', device: gpu.name, threads: 1 };
  }

  async compileStep(model: Model, options: { seed: number; adam?: Partial<AdamOptions> }): Promise<CompiledStep> {
    const program = compileProgram(model, await traceStep(model), adamOptions(options.adam));
    const step = new GpuStep(this.info, model, options.adam, await Runtime.create(this.gpu, program));
    await step.load(initialState(model, options.seed));
    return step;
  }

  async compileForward(model: Model): Promise<CompiledForward> {
    return this.compile(model, await traceForward(model), model.forwardInputs);
  }

  async compileLoss(model: Model): Promise<CompiledForward> {
    return this.compile(model, await traceLoss(model), model.inputs);
  }

  async compileGradients(model: Model): Promise<CompiledForward> {
    return this.compile(model, await traceGradients(model), model.inputs);
  }

  private async compile(model: Model, traced: TracedGraph, inputs: readonly TensorSpec[]): Promise<CompiledForward> {
    return new GpuForward(this.info, model, inputs, await Runtime.create(this.gpu, compileProgram(model, traced)));
  }

  dispose(): Promise<void> {
    this.gpu.device.destroy();
    return Promise.resolve();
  }
}

/** @throws EngineUnavailableError when no adapter answers. */
export async function createWebgpuEngine(): Promise<Engine> {
  return new WebgpuEngine(await openGpu());
}

/** The GPU engine if a hardware adapter answers; never a driver that computes on the CPU. */
export async function createHardwareEngine(): Promise<Engine | undefined> {
  if (!mayHaveGpu()) return undefined;
  try {
    const gpu = await openGpu();
    if (gpu.hardware) return new WebgpuEngine(gpu);
    gpu.device.destroy();
  } catch {
    // No adapter, or no driver for this platform: `auto` then means the CPU.
  }
  return undefined;
}
