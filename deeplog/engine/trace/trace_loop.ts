import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { Graph, liveNodes, loop, reshape, type GraphNode } from '../graph/index.js';
import type { Scan, ScanStep } from '../scan.js';
import { TRACE_BACKEND, tensorOf, traceBackend, type TraceBackend } from './backend.js';

/** The backend that is tracing a graph which may hold loops, if that is what is going on. */
export function loopTracer(): TraceBackend | undefined {
  if (tf.getBackend() !== TRACE_BACKEND) return undefined;
  const backend = traceBackend();
  return backend.loops ? backend : undefined;
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
