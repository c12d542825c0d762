import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { loopTracer, traceLoop } from './trace/trace_loop.js';

export interface Scan {
  /** T, the number of steps. */
  readonly steps: number;
  /** What the first step finds carried over. */
  readonly carried: readonly Tensor[];
  /** [T·B, …] each: the rows of one step after those of another. */
  readonly sequences: readonly Tensor[];
  /** What every step reads. */
  readonly fixed: readonly Tensor[];
  /** From the last step to the first. */
  readonly reverse?: boolean;
}

/** One step, in plain tf ops of its arguments alone: what it hands on, shaped as it came, and what is kept of it, [B, …] each. */
export type ScanStep = (carried: readonly Tensor[], rows: readonly Tensor[], fixed: readonly Tensor[]) => { readonly carried: readonly Tensor[]; readonly outputs: readonly Tensor[] };

/**
 * Runs `step` over time; returns what was kept of the steps, [T·B, …] each, in the order of the sequences' rows. Has no gradient of its own:
 * to be used inside `tf.customGrad`. A compiling engine that knows loops gets a loop; elsewhere the steps follow one after the other.
 */
export function scan(over: Scan, step: ScanStep): Tensor[] {
  const tracer = loopTracer(over);
  if (tracer !== undefined) return traceLoop(tracer, over, step);
  const { steps, sequences, fixed, reverse = false } = over;
  const kept: Array<readonly Tensor[]> = new Array<readonly Tensor[]>(steps);
  let { carried } = over;
  for (let k = 0; k < steps; k++) {
    const t = reverse ? steps - 1 - k : k;
    const rows = sequences.map((sequence) => {
      const [all, ...rest] = sequence.shape;
      return tf.slice(sequence, [(t * all) / steps, ...rest.map(() => 0)], [all / steps, ...rest]);
    });
    const result = step(carried, rows, fixed);
    carried = result.carried;
    kept[t] = result.outputs;
  }
  return kept[0].map((_, i) => tf.concat(kept.map((outputs) => outputs[i]), 0));
}
