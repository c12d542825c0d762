import type { InferenceSession } from 'onnxruntime-node';
import { clipFactor } from '../adam.js';
import { fillUniform } from '../noise.js';
import { sizeOf } from '../parameters.js';
import { LOSS, gradientName } from '../trace/names.js';
import type { State } from '../types.js';
import { adamKernels, type AdamKernels } from './adam_wasm.js';
import { arriveAndWait, reportFailure } from './barrier.js';
import type { Slot } from '../layout.js';
import type { Share, StepDescription, StepRun } from './protocol.js';
import { batchFeeds, startSession, tensorOn } from './session.js';

const PAGE_BYTES = 65536;
const REGIONS = ['parameters', 'firstMoments', 'secondMoments', 'gradients', 'scratch'] as const;
type Region = (typeof REGIONS)[number];
type Tensors = InferenceSession.OnnxValueMapType;

/**
 * A training step inside a worker: onnxruntime computes loss and gradients, a SIMD kernel updates the state in place.
 * Parameters and gradients are tensors on the kernel's memory, so no step copies them.
 */
export class WorkerStep {
  private readonly memory: WebAssembly.Memory;
  private readonly kernels: AdamKernels;
  private readonly feeds: Record<string, Tensors[string]> = {};
  private readonly fetches: Record<string, Tensors[string]> = {};
  private readonly loss = new Float32Array(1);
  private turn = 0;

  private constructor(private readonly description: StepDescription, private readonly session: InferenceSession) {
    const { layout } = description;
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((layout.bytes * REGIONS.length) / PAGE_BYTES) });
    this.kernels = adamKernels(this.memory);
    for (const slot of layout.slots) {
      if (description.parameters.includes(slot.name)) this.feeds[slot.name] = tensorOn(this.view('parameters', slot), slot.shape);
      this.fetches[gradientName(slot.name)] = tensorOn(this.view('gradients', slot), slot.shape);
    }
    for (const { name, shape } of description.noise) this.feeds[name] = tensorOn(new Float32Array(sizeOf(shape)), shape);
    this.fetches[LOSS] = tensorOn(this.loss, []);
  }

  static async create(description: StepDescription): Promise<WorkerStep> {
    return new WorkerStep(description, await startSession(description.bytes, description.session));
  }

  /** One step; returns the loss (this worker's share of it). */
  async run(run: StepRun): Promise<number> {
    const { share, noise, inputs } = this.description;
    try {
      for (const { name, stream } of noise) fillUniform(this.feeds[name].data as Float32Array, run.seed, run.step, stream);
      await this.session.run({ ...this.feeds, ...batchFeeds(inputs, run.batch) }, this.fetches);
    } catch (error) {
      if (share !== undefined) reportFailure(new Int32Array(share.control));
      throw error;
    }
    if (share !== undefined) this.sumGradients(share);
    this.update(run);
    return this.loss[0];
  }

  private update({ adam: { stepSize, rootCorrection } }: StepRun): void {
    const { beta1, beta2, epsilon, clipNorm } = this.description.adam;
    const { bytes } = this.description.layout;
    const gradients = this.start('gradients');
    const scale = clipNorm === undefined ? 1 : clipFactor(Math.sqrt(this.kernels.squaredNorm(gradients, bytes)), clipNorm);
    this.kernels.update(
      this.start('parameters'), this.start('firstMoments'), this.start('secondMoments'), gradients, bytes,
      beta1, 1 - beta1, beta2, 1 - beta2, stepSize, rootCorrection, epsilon, scale,
    );
  }

  /**
   * Every worker gives its gradients to all and adds everybody's in the same order, so that all hold the same state.
   * Two sets of regions in turn make one meeting per step enough: nobody can be two steps ahead.
   */
  private sumGradients({ index, count, control, exchange }: Share): void {
    const { bytes } = this.description.layout;
    const region = (worker: number): Uint8Array => new Uint8Array(exchange, (this.turn * count + worker) * bytes, bytes);
    const own = new Uint8Array(this.memory.buffer, this.start('gradients'), bytes);
    const scratch = new Uint8Array(this.memory.buffer, this.start('scratch'), bytes);
    region(index).set(own);
    arriveAndWait(new Int32Array(control), count);
    if (count > 2) own.set(region(0));
    for (let worker = count > 2 ? 1 : 0; worker < count; worker++) {
      if (count === 2 && worker === index) continue; // a + b = b + a: what is there already may stay
      scratch.set(region(worker));
      this.kernels.add(this.start('gradients'), this.start('scratch'), bytes);
    }
    this.turn = 1 - this.turn;
  }

  state(): State {
    const copy = (region: Region) => Object.fromEntries(this.description.layout.slots.map((slot) => [slot.name, this.view(region, slot).slice()]));
    return { parameters: copy('parameters'), firstMoments: copy('firstMoments'), secondMoments: copy('secondMoments') };
  }

  load(state: State): void {
    for (const slot of this.description.layout.slots) {
      this.view('parameters', slot).set(state.parameters[slot.name]);
      this.view('firstMoments', slot).set(state.firstMoments[slot.name]);
      this.view('secondMoments', slot).set(state.secondMoments[slot.name]);
    }
  }

  async dispose(): Promise<void> {
    if (this.description.session.profile !== undefined) this.session.endProfiling();
    await this.session.release();
  }

  private start(region: Region): number {
    return REGIONS.indexOf(region) * this.description.layout.bytes;
  }

  private view(region: Region, slot: Slot): Float32Array {
    return new Float32Array(this.memory.buffer, this.start(region) + slot.offset * 4, slot.length);
  }
}
