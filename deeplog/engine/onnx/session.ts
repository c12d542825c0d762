import ort from 'onnxruntime-node';
import type { InferenceSession } from 'onnxruntime-node';
import type { NumericArray, TensorSpec } from '../types.js';
import type { SessionOptions } from './protocol.js';

/** Starts onnxruntime on the CPU. Spinning is off unless asked for: idle threads that spin starve their neighbours. */
export function startSession(bytes: Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  return ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4, // errors come back as exceptions; printed too, they would be said twice
    enableCpuMemArena: true,
    enableMemPattern: true,
    extra: { session: { intra_op: { allow_spinning: options.spinning ? '1' : '0' } } },
    ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
  });
}

export function runtimeVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}

/** A tensor on `values` itself: onnxruntime reads and writes them in place. */
export function tensorOn(values: NumericArray, shape: readonly number[]): InstanceType<typeof ort.Tensor> {
  return values instanceof Float32Array ? new ort.Tensor('float32', values, [...shape]) : new ort.Tensor('int32', values, [...shape]);
}

export function batchFeeds(specs: readonly TensorSpec[], batch: Readonly<Record<string, NumericArray>>): Record<string, InstanceType<typeof ort.Tensor>> {
  return Object.fromEntries(specs.map(({ name, shape }) => [name, tensorOn(batch[name], shape)]));
}
