import { parseArgs } from 'node:util';
import { createEngine, type Batch, type EngineOptions } from '../deeplog/engine/index.js';
import { logKeyModel } from '../deeplog/models/index.js';

/**
 * npm run bench -- engine_memory [--engines onnx,onnx2,wasm] [--steps 10000]
 *
 * Resident memory while a tiny model trains for thousands of steps: it must stay flat. Claims growth only where the last
 * fifth of the run is above the second fifth by more than measuring noise.
 */
export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { engines: { type: 'string', default: 'onnx,onnx2' }, steps: { type: 'string', default: '10000' } } });
  console.log('engine   steps   MB after each fifth of them                growth from second to last');
  for (const name of values.engines.split(',')) await measure(name, Number(values.steps));
}

function optionsOf(name: string): EngineOptions {
  switch (name) {
    case 'onnx': return { engine: 'onnx' };
    case 'onnx2': return { engine: 'onnx', threads: 2 };
    case 'webgpu': return { engine: 'webgpu' };
    case 'wasm':
    case 'cpu': return { engine: 'eager', backend: name };
    default: throw new RangeError(`No engine ${name}; there are onnx, onnx2, webgpu, wasm, cpu.`);
  }
}

async function measure(name: string, steps: number): Promise<void> {
  const [rows, window, keys] = [8, 4, 12];
  const model = logKeyModel({ preset: 'paper', vocabularySize: keys, windowSize: window, units: 8, batchSize: rows });
  const batch: Batch = {
    windows: Int32Array.from({ length: rows * window }, (_, i) => (i * 7) % keys),
    targets: Int32Array.from({ length: rows }, (_, i) => (i * 5) % keys),
    weights: new Float32Array(rows).fill(1),
  };
  const engine = await createEngine(optionsOf(name));
  const step = await engine.compileStep(model, { seed: 1 });
  const megabytes: number[] = [];
  for (let i = 1; i <= steps; i++) {
    await step.run(batch, { learningRate: 1e-3, seed: 1, step: i });
    if (i % Math.floor(steps / 5) === 0) megabytes.push(process.memoryUsage().rss / 2 ** 20);
  }
  const growth = (megabytes.at(-1) ?? 0) - megabytes[1];
  console.log(`${name.padEnd(8)} ${String(steps).padStart(5)}   ${megabytes.map((mb) => mb.toFixed(1)).join('  ').padEnd(42)} ${growth.toFixed(1)} MB`);
  await engine.dispose();
}
