import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { Graph, liveNodes, loop, reshape, type GraphNode } from '../graph/index.js';
import type { Scan, ScanStep } from '../scan.js';
import { TRACE_BACKEND, tensorOf, traceBackend, type TraceBackend } from './backend.js';

/**
 * Up to this size of a step's widest value its values stay in a processor's second-level cache, and a loop is faster (measured: level at 256 KiB);
 * beyond, the products of several steps and layers that only unrolled steps can share gain more.
 */
const MAX_STEP_BYTES = 192 * 1024;

/** The backend that is tracing a graph in which this loop may stay one, if that is what is going on. */
export function loopTracer({ steps, carried, sequences }: Scan): TraceBackend | undefined {
  if (tf.getBackend() !== TRACE_BACKEND) return undefined;
  const backend = traceBackend();
  const widest = Math.max(...carried.map(({ size }) => size), ...sequences.map(({ size }) => size / steps));
  return backend.loops && widest * Float32Array.BYTES_PER_ELEMENT <= MAX_STEP_BYTES ? backend : undefined;
}

/** Traces `step` once, into a graph of its own, and adds a loop over it. @throws RangeError when it reads what it was not handed */
export function traceLoop(backend: TraceBackend, { steps, carried, sequences, fixed, reverse = false }: Scan, step: ScanStep): Tensor[] {
  const outer = backend.graph;
  const graph = new Graph();
  const given = [...carried, ...sequences, ...fixed].map((tensor) => backend.node(tensor.dataId));
  const placeholders = given.map(({ shape, dtype }, i) => {
    const sequence = i >= carried.length && i < carried.length + sequences.length;
    return graph.input(`body_${i}`, 'body', sequence ? [shape[0] / steps, ...shape.slice(1)] : shape, dtype);
  });
  const parts = <T>(all: readonly T[]) => ({ carried: all.slice(0, carried.length), sequences: all.slice(carried.length, carried.length + sequences.length), fixed: all.slice(carried.length + sequences.length) });
  backend.graph = graph;
  let next: GraphNode[];
  let outputs: GraphNode[];
  try {
    const tensors = parts(placeholders.map((node) => tensorOf(backend, node)));
    const result = step(tensors.carried, tensors.sequences, tensors.fixed);
    [next, outputs] = [result.carried, result.outputs].map((list) => list.map((tensor) => backend.node(tensor.dataId)));
  } finally {
    backend.graph = outer;
  }
  const stranger = liveNodes([...next, ...outputs]).find((node) => node.op.kind === 'input' && !placeholders.includes(node));
  if (stranger !== undefined) throw new RangeError('A step of a loop reads a tensor from outside: hand it over in `fixed`.');
  const inputs = given.map((node, i) => (i >= carried.length && i < carried.length + sequences.length ? reshape(outer, node, [steps, ...placeholders[i].shape]) : node));
  const kept = loop(outer, { graph, ...parts(placeholders), next, outputs }, inputs, steps, reverse);
  return kept.map((node) => tensorOf(backend, reshape(outer, node, [node.shape[0] * node.shape[1], ...node.shape.slice(2)])));
}
