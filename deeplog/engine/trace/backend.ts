import * as tf from '@tensorflow/tfjs';
import type { DataType, Tensor } from '@tensorflow/tfjs';
import { TracedValueError } from '../errors.js';
import { Graph, sizeOf, splatOf, type DType, type GraphNode, type Shape } from '../graph/index.js';
import { KERNEL_RULES } from './kernels.js';

export const TRACE_BACKEND = 'trace';

type Values = Parameters<tf.KernelBackend['write']>[0];

function graphType(dtype: DataType): DType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new RangeError(`Tensors of type ${dtype} cannot be traced: use float32, int32 or bool.`);
}

/** A tfjs backend that computes nothing: each kernel adds nodes to a graph, each tensor stands for a node. */
class TraceBackend extends tf.KernelBackend {
  private readonly storage = new tf.DataStorage<GraphNode>(this, tf.engine());
  graph = new Graph();
  /** Whether loops stay loops: where not, their steps follow one after the other. */
  loops = false;
  /** Whose loss or forward pass is being traced: for error messages. */
  model = '';

  node(dataId: object): GraphNode {
    return this.storage.get(dataId);
  }

  hold(node: GraphNode): tf.TensorInfo {
    const dataId = {};
    this.storage.set(dataId, node);
    return { dataId, shape: [...node.shape], dtype: node.dtype };
  }

  override write(values: Values, shape: number[], dtype: DataType): object {
    const dataId = {};
    this.storage.set(dataId, this.graph.constant(values as ArrayLike<number>, shape, graphType(dtype)));
    return dataId;
  }

  override move(dataId: object, values: Values, shape: number[], dtype: DataType): void {
    this.storage.set(dataId, this.graph.constant(values as ArrayLike<number>, shape, graphType(dtype)));
  }

  /** @throws TracedValueError unless the value is a constant. */
  override readSync(dataId: object): Float32Array | Int32Array | Uint8Array {
    const node = this.node(dataId);
    if (node.op.kind === 'data') return node.op.data;
    const value = splatOf(node);
    if (value === undefined) throw new TracedValueError(this.model);
    const size = sizeOf(node.shape);
    return node.dtype === 'float32' ? new Float32Array(size).fill(value) : node.dtype === 'int32' ? new Int32Array(size).fill(value) : new Uint8Array(size).fill(value);
  }

  override read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array> {
    return Promise.resolve(this.readSync(dataId));
  }

  override disposeData(): boolean { return true; }
  override incRef(): void {}
  override refCount(): number { return 1; }
  override numDataIds(): number { return this.storage.numDataIds(); }
  override memory() { return { unreliable: true }; }
  override floatPrecision(): 32 { return 32; }
  override timerAvailable(): boolean { return false; }
  override dispose(): void {}
}

let registered: TraceBackend | undefined;

/** The one recording backend of this process, registered with its kernels on first use. */
export function traceBackend(): TraceBackend {
  if (registered !== undefined) return registered;
  const backend = new TraceBackend();
  tf.registerBackend(TRACE_BACKEND, () => backend, 0);
  for (const [kernelName, rule] of Object.entries(KERNEL_RULES)) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const nodes = Object.entries(inputs).flatMap(([name, info]) => (info === undefined || info === null ? [] : [[name, backend.node((info as tf.TensorInfo).dataId)] as const]));
        const result = rule(backend.graph, Object.fromEntries(nodes), attrs ?? {});
        return Array.isArray(result) ? result.map((node) => backend.hold(node)) : backend.hold(result);
      },
    });
  }
  registered = backend;
  return backend;
}

/** A tensor that stands for `node`. */
export function tensorOf(backend: TraceBackend, node: GraphNode): Tensor {
  return tf.engine().makeTensorFromTensorInfo(backend.hold(node));
}

export type { Shape, TraceBackend };
