import { parseArgs } from 'node:util';
import { createEngine, type CompiledStep, type EngineOptions } from '../deeplog/engine/index.js';
import { caseOf, type Case } from './engine_cases.js';
import { TorchPeer } from './torch_peer.js';

/**
 * npm run bench -- engine [--models m1,trainer,m2t20,m2t128,logbert,logbert_small,loganomaly,text,windows] [--threads 1,2] [--engines onnx] [--seconds 2] [--rounds 4]
 *
 * Milliseconds per training step (forward, gradients, Adam), median over all rounds, ours and PyTorch's in turn on this
 * machine; the ratio is ours / PyTorch's, below 1 when we are faster.
 */
export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      models: { type: 'string', default: 'm1,trainer,m2t20,m2t128,logbert,logbert_small,loganomaly,text,windows' },
      threads: { type: 'string', default: '1,2' },
      engines: { type: 'string', default: 'onnx' },
      seconds: { type: 'string', default: '1.5' },
      rounds: { type: 'string', default: '4' },
    },
  });
  console.log('model         engine   threads  ms/step      min  nodes  compile  samples/s   PyTorch      min  ratio  of minima');
  let noPeer = false;
  for (const name of values.models.split(',')) {
    for (const threads of values.threads.split(',').map(Number)) {
      for (const engine of values.engines.split(',')) {
        const found = await compare(caseOf(name), engine, threads, Number(values.seconds), Number(values.rounds));
        noPeer ||= !found;
      }
    }
  }
  if (noPeer) console.log('PyTorch not found: no ratio (set DEEPLOG_PYTHON to a Python that has torch)');
}

function optionsOf(engine: string, threads: number): EngineOptions {
  switch (engine) {
    case 'onnx':
    case 'webgpu': return { engine, threads };
    case 'wasm':
    case 'cpu':
    case 'tensorflow': return { engine: 'eager', backend: engine, threads };
    default: throw new RangeError(`No engine ${engine}; there are onnx, webgpu, wasm, cpu, tensorflow.`);
  }
}

async function compare(subject: Case, name: string, threads: number, seconds: number, rounds: number): Promise<boolean> {
  const engine = await createEngine(optionsOf(name, threads));
  const before = performance.now();
  const step = await engine.compileStep(subject.model, { seed: 1 });
  const compileMs = performance.now() - before;
  const counter = { step: 0 };
  await measure(step, subject, counter, 0.3);
  const peer = await TorchPeer.start(subject.name, threads);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(...(await measure(step, subject, counter, seconds)));
    if (peer) theirs.push(...(await peer.steps(seconds)));
  }
  peer?.close();
  const [mine, other] = [median(ours), median(theirs)];
  const [least, otherLeast] = [Math.min(...ours), Math.min(...theirs)];
  const row = [
    subject.name.padEnd(13), name.padEnd(8), String(threads).padStart(7), mine.toFixed(2).padStart(8), least.toFixed(2).padStart(8),
    String(step.nodeCount ?? '').padStart(6), `${compileMs.toFixed(0)} ms`.padStart(8), ((subject.samples / mine) * 1000).toFixed(0).padStart(10),
    ...(peer ? [other.toFixed(2).padStart(9), otherLeast.toFixed(2).padStart(8), (mine / other).toFixed(2).padStart(6), (least / otherLeast).toFixed(2).padStart(10)] : []),
  ];
  console.log(row.join(' '));
  await engine.dispose();
  return peer !== undefined;
}

async function measure(step: CompiledStep, subject: Case, counter: { step: number }, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    const before = performance.now();
    await step.run(subject.batch, { learningRate: 1e-3, seed: 1, step: ++counter.step });
    times.push(performance.now() - before);
  }
  return times;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
