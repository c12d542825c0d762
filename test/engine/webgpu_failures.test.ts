import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { EngineRuntimeError, type Model } from '../../deeplog/engine/index.js';
import { traceForward } from '../../deeplog/engine/trace/trace.js';
import { openGpu } from '../../deeplog/engine/webgpu/device.js';
import { compileProgram, type Program } from '../../deeplog/engine/webgpu/program.js';
import { Runtime } from '../../deeplog/engine/webgpu/runtime.js';
import { gpuForTests } from './gpu.js';

const found = await gpuForTests();
await found?.dispose();

const square: Model = {
  name: 'square', noise: [], inputs: [], forwardInputs: [],
  parameters: [{ name: 'x', shape: [4], initialise: () => Float32Array.of(1, 2, 3, 4) }],
  loss: (p) => tf.sum(p['x']),
  forward: (p) => ({ y: tf.square(p['x']) }),
};

async function programOf(change: (program: Program) => Program): Promise<Program> {
  return change(compileProgram(square, await traceForward(square)));
}

describe.skipIf(found === undefined)('a GPU program that cannot run', () => {
  it('is an error naming the kernel and the line when a shader does not compile', async () => {
    const gpu = await openGpu();
    const broken = await programOf((program) => ({ ...program, dispatches: program.dispatches.map((d) => ({ ...d, label: 'squares', code: d.code.replace('let i', 'let i i') })) }));
    await expect(Runtime.create(gpu, broken)).rejects.toThrow(EngineRuntimeError);
    await expect(Runtime.create(gpu, broken)).rejects.toThrow(/squares did not compile.*let i i/s);
    gpu.device.destroy();
  });

  it('is an error with the size and the fix when memory does not suffice', async () => {
    const gpu = await openGpu();
    const huge = await programOf((program) => ({ ...program, buffers: { ...program.buffers, A: 2 ** 40 } }));
    await expect(Runtime.create(gpu, huge)).rejects.toThrow(/no room for \d+ MB.*smaller batch/s);
    gpu.device.destroy();
  });

  it('is an error, not a hang, after the device is gone', async () => {
    const gpu = await openGpu();
    const runtime = await Runtime.create(gpu, await programOf((program) => program));
    gpu.device.destroy();
    await expect(runtime.run()).rejects.toThrow(EngineRuntimeError);
  });
});
