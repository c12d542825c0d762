import { EngineRuntimeError } from '../errors.js';
import type { NumericArray } from '../types.js';
import type { Gpu } from './device.js';
import type { Dispatch, Program, Upload } from './program.js';

interface Prepared {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly dispatch: Dispatch;
}

/** Results that may wait on the device at once before they are read back together. */
const RING_SLOTS = 64;

interface Waiting {
  readonly slot: number;
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A program on a device: buffers, pipelines and bind groups are made once; a step records them and submits. Outputs are
 * copied to a ring and read back in batches: whoever asks while a read is under way joins the next.
 */
export class Runtime {
  private readonly buffers = new Map<string, GPUBuffer>();
  private prepared: readonly Prepared[] = [];
  private lost: string | undefined;
  private readonly ring: GPUBuffer;
  private readonly readback: GPUBuffer;
  private readonly outputBytes: number;
  private waiting: Waiting[] = [];
  private reading = false;
  private slot = 0;
  private readonly problems: string[] = [];

  private constructor(private readonly gpu: Gpu, readonly program: Program) {
    const { device, buffers } = gpu;
    this.outputBytes = Math.max(16, program.buffers['O'] * 4);
    for (const [name, length] of Object.entries(program.buffers)) {
      this.buffers.set(name, device.createBuffer({ label: name, size: Math.max(16, Math.ceil(length / 4) * 16), usage: buffers.storage }));
    }
    this.ring = device.createBuffer({ label: 'ring', size: RING_SLOTS * this.outputBytes, usage: buffers.storage });
    this.readback = device.createBuffer({ label: 'readback', size: RING_SLOTS * this.outputBytes, usage: buffers.readback });
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.lost = `The GPU device was lost (${message || reason}). Resume from the last checkpoint, on --engine onnx if it happens again.`;
    });
    device.onuncapturederror = (event) => {
      this.problems.push(event.error.message);
    };
  }

  /** @throws EngineRuntimeError when memory does not suffice or a shader fails, naming the kernel. */
  static async create(gpu: Gpu, program: Program): Promise<Runtime> {
    const { device } = gpu;
    device.pushErrorScope('out-of-memory');
    device.pushErrorScope('validation');
    const runtime = new Runtime(gpu, program);
    const invalid = await device.popErrorScope();
    const full = await device.popErrorScope();
    const failed = full ?? invalid;
    if (failed !== null) {
      const bytes = Object.values(program.buffers).reduce((sum, length) => sum + length * 4, 0);
      runtime.destroy();
      throw new EngineRuntimeError(`The GPU has no room for ${(bytes / 2 ** 20).toFixed(0)} MB (${failed.message}): use a smaller batch, or --engine onnx.`);
    }
    for (const constant of program.constants) runtime.upload(constant, constant.data instanceof Uint8Array ? Float32Array.from(constant.data) : constant.data);
    runtime.prepared = await runtime.prepare();
    return runtime;
  }

  private async prepare(): Promise<Prepared[]> {
    const { device } = this.gpu;
    const pipelines = new Map<string, Promise<GPUComputePipeline>>();
    return Promise.all(this.program.dispatches.map(async (dispatch) => {
      let pending = pipelines.get(dispatch.code);
      if (pending === undefined) {
        pending = this.compile(dispatch);
        pipelines.set(dispatch.code, pending);
      }
      const pipeline = await pending;
      const entries = dispatch.buffers.map((name, binding) => ({ binding, resource: { buffer: this.buffer(name) } }));
      return { pipeline, dispatch, bindings: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
    }));
  }

  private async compile({ code, label }: Dispatch): Promise<GPUComputePipeline> {
    const { device } = this.gpu;
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code, label });
    const scope = device.popErrorScope();
    try {
      const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
      const error = await scope;
      if (error !== null) throw new EngineRuntimeError(error.message);
      return pipeline;
    } catch (error) {
      const { messages } = await module.getCompilationInfo();
      const [first] = messages;
      const where = first === undefined ? '' : ` Line ${first.lineNum}: ${first.message} in: ${code.split('\n')[first.lineNum - 1]?.trim() ?? ''}`;
      throw new EngineRuntimeError(`The GPU kernel ${label} did not compile (${error instanceof Error ? error.message.split('\n')[0] : String(error)}).${where} Run with --engine onnx and report it.`);
    }
  }

  buffer(name: string): GPUBuffer {
    const found = this.buffers.get(name);
    if (found === undefined) throw new EngineRuntimeError(`The compiled program has no buffer ${name}.`);
    return found;
  }

  upload({ buffer, offset }: { readonly buffer: string; readonly offset: number }, values: NumericArray): void {
    if (values.length === 0) return;
    this.gpu.device.queue.writeBuffer(this.buffer(buffer), offset * 4, values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  }

  uploadInputs(inputs: ReadonlyMap<string, Upload>, batch: Readonly<Record<string, NumericArray>>): void {
    for (const [name, place] of inputs) this.upload(place, batch[name]);
  }

  /** Runs all dispatches once and gives the whole output buffer when it has been read back. */
  run(): Promise<Float32Array> {
    this.throwIfLost();
    const { device } = this.gpu;
    const slot = this.slot;
    if (this.waiting.length >= RING_SLOTS) throw new EngineRuntimeError(`More than ${RING_SLOTS} steps were submitted without waiting for any: await them.`);
    this.slot = (slot + 1) % RING_SLOTS;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindings, dispatch } of this.prepared) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindings);
      pass.dispatchWorkgroups(dispatch.x, dispatch.y);
    }
    pass.end();
    encoder.copyBufferToBuffer(this.buffer('O'), 0, this.ring, slot * this.outputBytes, this.outputBytes);
    device.queue.submit([encoder.finish()]);
    return new Promise((resolve, reject) => {
      this.waiting.push({ slot, resolve, reject });
      if (!this.reading) void this.readWaiting();
    });
  }

  private async readWaiting(): Promise<void> {
    this.reading = true;
    while (this.waiting.length > 0) {
      await Promise.resolve(); // lets steps that are submitted in the same turn share the read
      const batch = this.waiting;
      this.waiting = [];
      try {
        const slots = batch.map(({ slot }) => slot);
        const [first, last] = [Math.min(...slots), Math.max(...slots)];
        const values = await this.readBack(this.ring, first * this.outputBytes, (last - first + 1) * this.outputBytes);
        const length = this.outputBytes / 4;
        for (const { slot, resolve } of batch) resolve(values.slice((slot - first) * length, (slot - first + 1) * length));
      } catch (error) {
        for (const { reject } of batch) reject(error instanceof Error ? error : new EngineRuntimeError(String(error)));
      }
    }
    this.reading = false;
  }

  private async readBack(source: GPUBuffer, offset: number, bytes: number, target = this.readback): Promise<Float32Array> {
    const { device, buffers } = this.gpu;
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, offset, target, 0, bytes);
    device.queue.submit([encoder.finish()]);
    try {
      await target.mapAsync(buffers.mapRead, 0, bytes);
    } catch (error) {
      this.throwIfLost();
      throw new EngineRuntimeError(`Reading from the GPU failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    const values = new Float32Array(target.getMappedRange(0, bytes).slice(0));
    target.unmap();
    this.throwIfLost();
    return values;
  }

  /** A whole buffer, for checkpoints. */
  async read(name: string): Promise<Float32Array> {
    const bytes = Math.max(16, this.program.buffers[name] * 4);
    const target = this.gpu.device.createBuffer({ size: bytes, usage: this.gpu.buffers.readback });
    try {
      return await this.readBack(this.buffer(name), 0, bytes, target);
    } finally {
      target.destroy();
    }
  }

  private throwIfLost(): void {
    if (this.lost !== undefined) throw new EngineRuntimeError(this.lost);
    const [problem] = this.problems;
    if (problem !== undefined) throw new EngineRuntimeError(`The GPU reported an error: ${problem.split('\n')[0]}`);
  }

  destroy(): void {
    for (const buffer of [...this.buffers.values(), this.ring, this.readback]) buffer.destroy();
    this.prepared = [];
  }
}
