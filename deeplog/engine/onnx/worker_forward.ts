import type { InferenceSession } from 'onnxruntime-node';
import { sizeOf } from '../parameters.js';
import type { Batch, NumericArray, State } from '../types.js';
import type { ForwardDescription } from './protocol.js';
import { batchFeeds, startSession, tensorOn } from './session.js';

/** A forward pass inside a worker. */
export class WorkerForward {
  private readonly parameters: Record<string, ReturnType<typeof tensorOn>>;

  private constructor(private readonly description: ForwardDescription, private readonly session: InferenceSession) {
    this.parameters = Object.fromEntries(description.parameters.map(({ name, shape }) => [name, tensorOn(new Float32Array(sizeOf(shape)), shape)]));
  }

  static async create(description: ForwardDescription): Promise<WorkerForward> {
    return new WorkerForward(description, await startSession(description.bytes, description.session));
  }

  async run(batch: Batch): Promise<Record<string, NumericArray>> {
    const results = await this.session.run({ ...this.parameters, ...batchFeeds(this.description.inputs, batch) });
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.data as NumericArray]));
  }

  load(parameters: State['parameters']): void {
    for (const [name, tensor] of Object.entries(this.parameters)) (tensor.data as Float32Array).set(parameters[name]);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}
