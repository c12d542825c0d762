import { createEagerEngine } from './eager/engine.js';
import { createOnnxEngine } from './onnx/engine.js';
import { createHardwareEngine, createWebgpuEngine } from './webgpu/engine.js';
import { EngineUnavailableError } from './errors.js';
import type { Engine, EngineOptions } from './types.js';

export type * from './types.js';
export { EngineRuntimeError, EngineUnavailableError, ShapeError, TracedValueError, UnknownKernelError } from './errors.js';
export { fillUniform } from './noise.js';
export { BATCH_DIMENSION, exportOnnx } from './onnx/export.js';
export { exportGraphModel, type GraphModel } from './tfjs/export.js';
export type { Weight } from './tfjs/graph_def.js';
export { openOnnx } from './saved/open_onnx.js';
export { openTfjs } from './saved/open_tfjs.js';
export type { SavedNetwork, SavedTensor } from './saved/types.js';
export { scan, type Scan, type ScanStep } from './scan.js';
export { initialState } from './parameters.js';
export { gradientName } from './trace/names.js';

/**
 * Chooses and starts an engine; `engine.info` says what was chosen.
 * @throws EngineUnavailableError when what was asked for cannot run here: there is no silent fallback.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const engine = options.engine ?? 'auto';
  switch (engine) {
    case 'eager': return createEagerEngine(options.backend ?? 'wasm', options.threads);
    case 'auto': return (await createHardwareEngine()) ?? createProcessorEngine(options);
    case 'onnx': return createOnnxEngine(options);
    case 'webgpu': return createWebgpuEngine();
    default: return engine satisfies never;
  }
}

/** onnxruntime where it is installed, else the WebAssembly backend of TensorFlow.js, which is part of this package; never without a word. */
async function createProcessorEngine(options: EngineOptions): Promise<Engine> {
  try {
    return await createOnnxEngine(options);
  } catch (error) {
    if (!(error instanceof EngineUnavailableError) || options.onFallback === undefined) throw error;
    options.onFallback(`${error.message.replace(/\. Install it: /, '; the slower WebAssembly engine computes instead. For the fast one: ').replace(/ Or use --engine eager.*$/, '')}`);
    return createEagerEngine(options.backend ?? 'wasm', options.threads);
  }
}
