import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { withBackend } from '../eager/backend_lock.js';
import { UnknownKernelError } from '../errors.js';
import { lossAndGradients, namedGradients } from '../gradients.js';
import { Graph, type GraphNode } from '../graph/index.js';
import type { Model, Tensors, TensorSpec } from '../types.js';
import { LOSS, gradientName } from './names.js';
import { TRACE_BACKEND, tensorOf, traceBackend, type TraceBackend } from './backend.js';

/** A traced function: the graph's roots by name. */
export interface TracedGraph {
  readonly model: string;
  readonly graph: Graph;
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly node: GraphNode }>;
}

export interface TraceOptions {
  /** Leaves loops over time in the graph instead of writing out their steps. */
  readonly loops?: boolean;
}

/** Loss and gradients of one step, dropout noise as inputs. */
export function traceStep(model: Model, options: TraceOptions = {}): Promise<TracedGraph> {
  return trace(model, options, (inputs) => {
    const { loss, gradients } = lossAndGradients(model, inputs.parameters(), inputs.batch(model.inputs, 'batch'), inputs.batch(model.noise, 'noise'));
    return [[LOSS, loss], ...model.parameters.map(({ name }, i) => [gradientName(name), gradients[i]] as const)];
  });
}

export function traceForward(model: Model, options: TraceOptions = {}): Promise<TracedGraph> {
  return trace(model, options, (inputs) => Object.entries(model.forward(inputs.parameters(), inputs.batch(model.forwardInputs, 'batch'))));
}

/** The loss alone, without noise: what validation needs. */
export function traceLoss(model: Model, options: TraceOptions = {}): Promise<TracedGraph> {
  return trace(model, options, (inputs) => [[LOSS, model.loss(inputs.parameters(), inputs.batch(model.inputs, 'batch'), null)]]);
}

/** Loss and gradients by parameter name, without noise: to look at, not to step with. */
export function traceGradients(model: Model, options: TraceOptions = {}): Promise<TracedGraph> {
  return trace(model, options, (inputs) => Object.entries(namedGradients(model, inputs.parameters(), inputs.batch(model.inputs, 'batch'))));
}

class Placeholders {
  constructor(private readonly backend: TraceBackend, private readonly model: Model) {}

  parameters(): Tensors {
    return Object.fromEntries(this.model.parameters.map(({ name, shape }) =>
      [name, tensorOf(this.backend, this.backend.graph.input(name, 'parameter', shape, 'float32'))]));
  }

  batch(specs: readonly TensorSpec[], role: 'batch' | 'noise'): Tensors {
    return Object.fromEntries(specs.map(({ name, shape, dtype }) =>
      [name, tensorOf(this.backend, this.backend.graph.input(name, role, shape, dtype))]));
  }
}

/** @throws UnknownKernelError when the model uses a kernel without a rule. */
function trace(model: Model, { loops = false }: TraceOptions, compute: (inputs: Placeholders) => ReadonlyArray<readonly [string, Tensor]>): Promise<TracedGraph> {
  const backend = traceBackend();
  return withBackend(TRACE_BACKEND, () => {
    backend.graph = new Graph();
    backend.model = model.name;
    backend.loops = loops;
    tf.engine().startScope('trace');
    try {
      const outputs = compute(new Placeholders(backend, model)).map(([name, tensor]) => ({ name, node: backend.node(tensor.dataId) }));
      return { model: model.name, graph: backend.graph, outputs };
    } catch (error) {
      throw asUnknownKernel(error, model.name);
    } finally {
      tf.engine().endScope();
    }
  });
}

/** tfjs reports a missing kernel only in words. */
function asUnknownKernel(error: unknown, model: string): unknown {
  const kernel = error instanceof Error ? /kernel '([^']+)' (?:not registered )?for backend 'trace'/i.exec(error.message)?.[1] : undefined;
  return kernel === undefined ? error : new UnknownKernelError(kernel, model, 'deeplog/engine/trace/kernels.ts');
}
