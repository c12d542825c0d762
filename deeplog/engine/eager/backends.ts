import { cpus } from 'node:os';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { EngineUnavailableError } from '../errors.js';
import type { BackendName, EngineInfo } from '../types.js';
import { registerUnsortedSegmentSum } from './unsorted_segment_sum.js';

/** Makes a tfjs backend ready to be selected and says what it runs on. */
export async function prepareBackend(backend: BackendName, threads: number | undefined): Promise<EngineInfo> {
  // Silences tfjs' advice to install a Node backend, and its debug checks.
  tf.enableProdMode();
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  switch (backend) {
    case 'cpu':
      return { engine: 'eager', backend, device: processor, threads: 1 };
    case 'wasm':
      return { engine: 'eager', backend, device: processor, threads: await prepareWasm(threads ?? 1) };
    case 'tensorflow':
      await requireTensorflow();
      return { engine: 'eager', backend, device: 'TensorFlow', threads: threads ?? cpus().length };
    default:
      return backend satisfies never;
  }
}

let wasmThreads: number | undefined;

/** tfjs reads the thread count once, when its wasm module starts: the first engine of the process decides. */
async function prepareWasm(threads: number): Promise<number> {
  if (wasmThreads !== undefined) return wasmThreads;
  wasmThreads = threads;
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(entry), '/'));
  // The threaded module keeps helper workers alive, and with them the process: only when threads were asked for.
  if (threads > 1) wasm.setThreadsCount(threads);
  else tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  registerUnsortedSegmentSum('wasm');
  return threads;
}

/**
 * TensorFlow is there when its backend is registered, not when an import succeeds: this package's npm override makes
 * `import('@tensorflow/tfjs-node')` succeed and be plain tfjs.
 * @throws EngineUnavailableError naming what to install.
 */
async function requireTensorflow(): Promise<void> {
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    if (tf.findBackendFactory('tensorflow')) break;
    await import(name).catch(() => undefined);
  }
  if (!tf.findBackendFactory('tensorflow')) {
    throw new EngineUnavailableError('The tensorflow backend', 'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node registered it', 'Install one of them (docs/tensorflow.md), or use --backend wasm.');
  }
}
