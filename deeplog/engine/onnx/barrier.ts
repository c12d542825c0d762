import { EngineRuntimeError } from '../errors.js';

const [ARRIVED, GENERATION, FAILED] = [0, 1, 2];
export const BARRIER_BYTES = 12;
/** What the workers that did not fail say; whoever collects the answers looks for the other one. */
export const OTHER_WORKER_FAILED = 'Another worker of this training step failed: compile the step anew and load the last state.';
const MAX_WAIT_MS = 600_000;

/** Waits, on this thread, until all `count` workers have arrived. @throws EngineRuntimeError when one of them failed. */
export function arriveAndWait(control: Int32Array, count: number): void {
  const generation = Atomics.load(control, GENERATION);
  if (Atomics.load(control, FAILED) !== 0) throw new EngineRuntimeError(OTHER_WORKER_FAILED);
  if (Atomics.add(control, ARRIVED, 1) + 1 === count) {
    Atomics.store(control, ARRIVED, 0);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
    return;
  }
  while (Atomics.load(control, GENERATION) === generation) {
    if (Atomics.wait(control, GENERATION, generation, MAX_WAIT_MS) === 'timed-out') throw new EngineRuntimeError('A worker of this training step did not answer for ten minutes.');
  }
  if (Atomics.load(control, FAILED) !== 0) throw new EngineRuntimeError(OTHER_WORKER_FAILED);
}

/** Releases the workers that wait for this one, which cannot arrive any more. */
export function reportFailure(control: Int32Array): void {
  Atomics.store(control, FAILED, 1);
  Atomics.add(control, GENERATION, 1);
  Atomics.notify(control, GENERATION);
}
