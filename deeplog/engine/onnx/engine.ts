import { cpus } from 'node:os';
import { adamOptions } from '../adam.js';
import { EngineRuntimeError, EngineUnavailableError } from '../errors.js';
import { computeByRows, NotShardableError, shardOutputs, shardOverBatch, type GraphNode, type Join } from '../graph/index.js';
import { initialState } from '../parameters.js';
import { traceForward, traceGradients, traceLoss, traceStep, type TracedGraph } from '../trace/trace.js';
import type { AdamOptions, CompiledForward, CompiledStep, Engine, EngineInfo, EngineOptions, Model, TensorSpec } from '../types.js';
import { BARRIER_BYTES } from './barrier.js';
import { OnnxForward, OnnxStep } from './compiled.js';
import { layoutOf } from '../layout.js';
import { lowerToOnnx, type LoweredModel } from './lower.js';
import type { SessionOptions } from './protocol.js';
import { WorkerClient } from './worker_client.js';

const LOOPS = { loops: true } as const;

/** Traced graphs run by onnxruntime-node on the CPU, in worker threads: the default for training and scoring. */
class OnnxEngine implements Engine {
  readonly info: EngineInfo;
  private readonly workers: WorkerClient[] = [];
  private readonly session: SessionOptions;
  private targets = 0;

  constructor(options: EngineOptions) {
    const threads = options.threads ?? 1;
    this.info = { engine: 'onnx', backend: 'onnxruntime', device: cpus()[0]?.model.trim() ?? 'unknown processor', threads };
    this.session = { threads, spinning: options.spinning ?? false, ...(options.profile === undefined ? {} : { profile: options.profile }) };
  }

  async ready(): Promise<void> {
    await this.worker(0).request('ready', 0, null);
  }

  async compileStep(model: Model, options: { seed: number; adam?: Partial<AdamOptions> }): Promise<CompiledStep> {
    const traced = byRows(await traceStep(model, LOOPS));
    const { threads } = this.session;
    const roots = traced.outputs.map(({ node }) => node);
    const shares = shared(threads, (index) => shardOverBatch(traced.graph, roots, model.inputs[0]?.shape[0] ?? 0, index, threads));
    const parts = shares?.map((share) => withNodes(traced, share)) ?? [traced];
    const target = this.targets++;
    const layout = layoutOf(model);
    const common = { control: new SharedArrayBuffer(BARRIER_BYTES), exchange: new SharedArrayBuffer(parts.length > 1 ? 2 * parts.length * layout.bytes : 0) };
    const workers = parts.map((_, index) => this.worker(index));
    const lowered = parts.map((part) => lowerToOnnx(part, { contrib: true }));
    await Promise.all(lowered.map((part, index) => named(model, workers[index].request('createStep', target, {
      bytes: part.bytes,
      layout,
      adam: adamOptions(options.adam),
      inputs: readBy(part, model.inputs),
      noise: model.noise.map((spec, stream) => ({ ...spec, stream })).filter((spec) => reads(part, spec.name)),
      parameters: model.parameters.map(({ name }) => name).filter((name) => reads(part, name)),
      session: parts.length > 1 ? { ...this.session, threads: 1 } : this.session,
      ...(parts.length > 1 ? { share: { index, count: parts.length, ...common } } : {}),
    }))));
    const step = new OnnxStep(this.info, model, options.adam, workers, target, lowered.reduce((sum, { nodeCount }) => sum + nodeCount, 0));
    await step.load(initialState(model, options.seed));
    return step;
  }

  async compileForward(model: Model): Promise<CompiledForward> {
    return this.compile(model, await traceForward(model, LOOPS), model.forwardInputs);
  }

  async compileLoss(model: Model): Promise<CompiledForward> {
    return this.compile(model, await traceLoss(model, LOOPS), model.inputs);
  }

  async compileGradients(model: Model): Promise<CompiledForward> {
    return this.compile(model, await traceGradients(model, LOOPS), model.inputs);
  }

  private async compile(model: Model, whole: TracedGraph, inputs: readonly TensorSpec[]): Promise<CompiledForward> {
    const traced = byRows(whole);
    const { threads } = this.session;
    const rows = inputs[0]?.shape[0] ?? 0;
    const roots = traced.outputs.map(({ node }) => node);
    const shares = shared(threads, (index) => shardOutputs(traced.graph, roots, rows, index, threads));
    const parts = shares?.map((share) => withNodes(traced, share.map(({ node }) => node))) ?? [traced];
    const joins = new Map<string, Join>(traced.outputs.map(({ name }, i) => [name, shares?.[0][i].join ?? 'first']));
    const target = this.targets++;
    const workers = parts.map((_, index) => this.worker(index));
    await Promise.all(parts.map(async (part, index) => {
      const lowered = lowerToOnnx(part, { contrib: true });
      await named(model, workers[index].request('createForward', target, {
        bytes: lowered.bytes,
        inputs: readBy(lowered, inputs),
        parameters: model.parameters.filter(({ name }) => reads(lowered, name)).map(({ name, shape }) => ({ name, shape })),
        session: parts.length > 1 ? { ...this.session, threads: 1 } : this.session,
      }));
    }));
    return new OnnxForward(this.info, model, inputs, workers, target, joins);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    this.workers.length = 0;
  }

  private worker(index: number): WorkerClient {
    return (this.workers[index] ??= new WorkerClient());
  }
}

/**
 * One graph per thread where rows of the batch are independent: threads that each run a block of the batch meet once per
 * step, threads inside onnxruntime once per operator. Undefined where a model does not allow it: one graph on all threads.
 */
function shared<T>(threads: number, share: (index: number) => T): T[] | undefined {
  if (threads === 1) return undefined;
  try {
    return Array.from({ length: threads }, (_, index) => share(index));
  } catch (error) {
    if (error instanceof NotShardableError) return undefined;
    throw error;
  }
}

function byRows(traced: TracedGraph): TracedGraph {
  return withNodes(traced, computeByRows(traced.graph, traced.outputs.map(({ node }) => node)));
}

function withNodes(traced: TracedGraph, nodes: readonly GraphNode[]): TracedGraph {
  return { ...traced, outputs: traced.outputs.map(({ name }, i) => ({ name, node: nodes[i] })) };
}

function reads(lowered: LoweredModel, name: string): boolean {
  return lowered.inputs.some(({ op }) => op.kind === 'input' && op.name === name);
}

function readBy(lowered: LoweredModel, specs: readonly TensorSpec[]): TensorSpec[] {
  return specs.filter(({ name }) => reads(lowered, name));
}

async function named<T>(model: Model, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new EngineRuntimeError(`Compiling ${model.name} for onnxruntime failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws EngineUnavailableError when onnxruntime-node is not installed, or has no library for this system. */
export async function createOnnxEngine(options: EngineOptions): Promise<Engine> {
  const engine = new OnnxEngine(options);
  try {
    await engine.ready();
    return engine;
  } catch (error) {
    await engine.dispose();
    const [why] = (error instanceof Error ? error.message : String(error)).replace(/^The onnx worker stopped: /, '').split('\n');
    // npm leaves an optional package out without a word when its install step fails, as this one's does where it cannot download CUDA libraries.
    throw new EngineUnavailableError('The onnx engine', `onnxruntime-node cannot be loaded (${why.replace(/ imported from .*/, '')})`, 'Install it: npm install onnxruntime-node --onnxruntime-node-install=skip. Or use --engine eager, which needs nothing more and is slower.');
  }
}
