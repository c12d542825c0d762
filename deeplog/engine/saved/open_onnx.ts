import { readFile } from 'node:fs/promises';
import type { SavedNetwork } from './types.js';

/** Opens an ONNX file in onnxruntime. */
export async function openOnnx(file: string): Promise<SavedNetwork> {
  // Only here: onnxruntime-node is optional, and whoever imports the engines must do without it.
  const { runtimeVersion, startSession, tensorOn } = await import('../onnx/session.js');
  const session = await startSession(await readFile(file), { threads: 1, spinning: false });
  return {
    runtime: `onnxruntime-node ${runtimeVersion()}`,
    async run(inputs) {
      const feeds = Object.fromEntries(session.inputNames.map((name) => [name, tensorOn(inputs[name].data, inputs[name].shape)]));
      const results = await session.run(feeds);
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data instanceof Int32Array ? data : Float32Array.from(data as Float32Array)]));
    },
    dispose: () => session.release(),
  };
}
