import * as tf from '@tensorflow/tfjs';
import { EngineUnavailableError } from '../errors.js';

let tail: Promise<unknown> = Promise.resolve();

/**
 * Runs `work` with this tfjs backend active. tfjs has one active backend per process, so uses are queued:
 * two engines (a training one and an oracle, say) may live side by side.
 * @throws EngineUnavailableError when the backend cannot start; `tf.setBackend` itself only returns false.
 */
export function withBackend<T>(backend: string, work: () => T | Promise<T>): Promise<T> {
  const turn = tail.then(async () => {
    if (tf.getBackend() !== backend && !(await tf.setBackend(backend))) {
      throw new EngineUnavailableError(`The tfjs backend ${backend}`, 'it did not initialise', 'Choose another with --backend cpu|wasm|tensorflow.');
    }
    return work();
  });
  tail = turn.catch(() => undefined);
  return turn;
}
