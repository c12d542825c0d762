import { existsSync } from 'node:fs';
import { createEngine, type Engine } from '../../deeplog/engine/index.js';

/** Where Debian's chromium-common puts a Vulkan driver that runs on the CPU. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LOADERS = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib/aarch64-linux-gnu/libvulkan.so.1', '/usr/lib64/libvulkan.so.1'];

/** A webgpu engine on SwiftShader, or on the GPU where VK_DRIVER_FILES or a device says so; undefined, and said, without any. */
export async function gpuForTests(): Promise<Engine | undefined> {
  const loader = process.platform !== 'linux' || LOADERS.some((path) => existsSync(path));
  if (loader && process.env['VK_DRIVER_FILES'] === undefined && existsSync(SWIFTSHADER)) process.env['VK_DRIVER_FILES'] = SWIFTSHADER;
  if (loader) {
    try {
      return await createEngine({ engine: 'webgpu' });
    } catch {
      // said below
    }
  }
  console.warn('SKIPPED: the webgpu engine was not tested: no Vulkan driver here (apt-get install chromium-common libvulkan1).');
  return undefined;
}
