import type { CompiledForward } from '../../engine/index.js';
import { END, PAD } from '../../sequences/index.js';

/**
 * A network that reads windows as the original DeepLog trainer lays them out (`data_preprocess.transform` there): the last W − 1
 * keys, END, and padding on the right; given the workbench's, which are the last W keys padded on the left.
 */
export function onTrainerWindows(forward: CompiledForward, windowSize: number): CompiledForward {
  return {
    engine: forward.engine,
    run: (batch) => forward.run({ ...batch, windows: trainerWindows(batch.windows as Int32Array, windowSize) }),
    load: (parameters) => forward.load(parameters),
    dispose: () => forward.dispose(),
  };
}

/** [rows × W] to [rows × W]. */
export function trainerWindows(windows: Int32Array, windowSize: number): Int32Array {
  const out = new Int32Array(windows.length).fill(PAD);
  for (let at = 0; at < windows.length; at += windowSize) {
    let to = at;
    for (let i = at + 1; i < at + windowSize; i++) if (windows[i] !== PAD) out[to++] = windows[i];
    out[to] = END;
  }
  return out;
}
