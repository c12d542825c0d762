import { parseArgs } from 'node:util';
import { createEngine, type CompiledStep, type EngineOptions } from '../deeplog/engine/index.js';
import { caseOf, type Case } from './engine_cases.js';
import { TorchPeer } from './torch_peer.js';

/**
 * npm run bench -- engine [--models m1,trainer,m2t20,m2t128,logbert,logbert_small,loganomaly,text,windows] [--threads 1,2] [--engines onnx] [--seconds 2] [--rounds 4] [--peers eager] [--clock wall]
 *
 * Milliseconds per training step (forward, gradients, Adam), median over all rounds, ours and PyTorch's in turn on this
 * machine; the ratio is ours / PyTorch's, below 1 when we are faster. On a GPU (--engines webgpu) PyTorch runs there too, eagerly and as a CUDA graph, each with
 * and without tf32, and both are timed in blocks of as many steps as training asks for ahead, one synchronisation a block.
 * `--clock cpu` takes processor time, all threads together, instead of the time that passes: for a CPU that other work shares.
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
      peers: { type: 'string' },
      clock: { type: 'string', default: 'wall' },
    },
  });
  console.log('model         engine   threads  ms/step      min  nodes  compile  samples/s   PyTorch is         ms      min  ratio  of minima');
  let noPeer = false;
  for (const name of values.models.split(',')) {
    for (const threads of values.threads.split(',').map(Number)) {
      for (const engine of values.engines.split(',')) {
        const peers = values.peers ?? (engine === 'webgpu' ? 'cuda,cuda-graph,cuda-tf32,cuda-graph-tf32' : 'eager');
        const found = await compare(caseOf(name), engine, threads, Number(values.seconds), Number(values.rounds), peers.split(','), clockOf(values.clock));
        noPeer ||= !found;
      }
    }
  }
  if (noPeer) console.log('PyTorch not found: no ratio (set DEEPLOG_PYTHON to a Python that has torch)');
}

interface Clock {
  readonly name: string;
  /** Milliseconds. */
  now(): number;
}

function clockOf(name: string): Clock {
  switch (name) {
    case 'wall': return { name, now: () => performance.now() };
    case 'cpu': return { name, now: () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; } };
    default: throw new RangeError(`No clock ${name}; there are wall and cpu.`);
  }
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

async function compare(subject: Case, name: string, threads: number, seconds: number, rounds: number, modes: readonly string[], clock: Clock): Promise<boolean> {
  const engine = await createEngine(optionsOf(name, threads));
  const before = performance.now();
  const step = await engine.compileStep(subject.model, { seed: 1 });
  const compileMs = performance.now() - before;
  const counter = { step: 0 };
  await measure(step, subject, counter, 0.3, clock);
  const peers: Peer[] = [];
  for (const mode of modes) {
    const process = await TorchPeer.start(subject.name, threads, mode, step.stepsAhead, clock.name);
    if (process) peers.push({ mode, process, times: [] });
  }
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(...(await measure(step, subject, counter, seconds, clock)));
    for (const { process, times } of peers) times.push(...(await process.steps(seconds)));
  }
  for (const { process } of peers) process.close();
  const [mine, least] = [median(ours), Math.min(...ours)];
  const row = [
    subject.name.padEnd(13), name.padEnd(8), String(threads).padStart(7), mine.toFixed(2).padStart(8), least.toFixed(2).padStart(8),
    String(step.nodeCount ?? '').padStart(6), `${compileMs.toFixed(0)} ms`.padStart(8), ((subject.samples / mine) * 1000).toFixed(0).padStart(10),
  ].join(' ');
  if (peers.length === 0) console.log(row);
  peers.forEach(({ mode, times }, i) => {
    const [other, otherLeast] = [median(times), Math.min(...times)];
    const beside = [`  ${mode.padEnd(15)}`, other.toFixed(2).padStart(8), otherLeast.toFixed(2).padStart(8), (mine / other).toFixed(2).padStart(6), (least / otherLeast).toFixed(2).padStart(10)];
    console.log([i === 0 ? row : ' '.repeat(row.length), ...beside].join(' '));
  });
  await engine.dispose();
  return peers.length > 0;
}

interface Peer {
  readonly mode: string;
  readonly process: TorchPeer;
  readonly times: number[];
}

/** Milliseconds a step, over blocks of as many steps as the engine takes ahead. */
async function measure(step: CompiledStep, subject: Case, counter: { step: number }, seconds: number, clock: Clock): Promise<number[]> {
  const ahead = step.stepsAhead ?? 1;
  const times: number[] = [];
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    const before = clock.now();
    await Promise.all(Array.from({ length: ahead }, () => step.run(subject.batch, { learningRate: 1e-3, seed: 1, step: ++counter.step })));
    times.push((clock.now() - before) / ahead);
  }
  return times;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}
