import { existsSync, readdirSync } from 'node:fs';
import { EngineUnavailableError } from '../errors.js';

/** What the step needs of an adapter beyond WebGPU's guarantees is asked for when it is there. */
const WANTED_LIMITS = [
  'maxStorageBufferBindingSize', 'maxBufferSize', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX', 'maxStorageBuffersPerShaderStage',
] as const;

export interface Gpu {
  /** Dawn's instance: when it is collected, its devices crash. */
  readonly instance: GPU;
  readonly device: GPUDevice;
  readonly name: string;
  /** False for drivers that run shaders on the CPU. */
  readonly hardware: boolean;
  readonly buffers: BufferFlags;
}

/** Values of GPUBufferUsage and GPUMapMode: npm `webgpu` gives them as globals that we do not install. */
export interface BufferFlags {
  readonly storage: number;
  readonly readback: number;
  readonly mapRead: number;
}

/** From the WebGPU specification, where they are fixed. */
const FLAGS: BufferFlags = { storage: 0x80 | 0x04 | 0x08, readback: 0x01 | 0x08, mapRead: 0x01 };

/** Whether looking for a GPU is worth loading a driver: on Linux without a device file Dawn would only print warnings. */
export function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (existsSync('/dev/nvidiactl') || existsSync('/dev/dxg')) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}

/** Software drivers say so in their name, not always by `isFallbackAdapter`. */
function isSoftware(info: GPUAdapterInfo): boolean {
  const named = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/.test(named);
}

/**
 * The GPU through npm `webgpu` (Dawn); works without any CUDA installation.
 * @throws EngineUnavailableError when there is none.
 */
export async function openGpu(): Promise<Gpu> {
  const { create } = await import('webgpu').catch((error: unknown) => {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new EngineUnavailableError('The webgpu engine', `npm webgpu cannot be loaded (${why.replace(/ imported from .*/, '')})`, 'Install it: npm install webgpu. Or use --engine onnx.');
  });
  // Bounds checks on every access cost speed; the only indices that come from data are limited where they are used.
  const instance = create(['enable-dawn-features=allow_unsafe_apis,disable_robustness']);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new EngineUnavailableError('The webgpu engine', 'no Vulkan, Metal or Direct3D 12 adapter answered', 'Install the GPU driver (with its Vulkan part on Linux), or use --engine onnx.');
  }
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const { info } = adapter;
  return { instance, device, name: info.description || `${info.vendor} ${info.architecture}`, hardware: !isSoftware(info), buffers: FLAGS };
}
