// What the record of a run costs: the same training without one, with it, and with histograms of gradients.
//   npm run bench -- run_folder
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../deeplog/common/index.js';
import { createEngine } from '../deeplog/engine/index.js';
import { logKeyModel } from '../deeplog/models/index.js';
import { Run, SILENT, tensorboardReporter, trainLoop, windowBatches, type Reporter } from '../deeplog/training/index.js';

const BATCH = 512;
const WINDOW = 10;
const KEYS = 30;

/** Seconds of processor time of all threads, and of the clock: the first is less disturbed by what else runs. */
interface Cost { cpu: number; wall: number }

export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { rounds: { type: 'string', default: '3' }, epochs: { type: 'string', default: '3' }, windows: { type: 'string', default: '8192' } } });
  const folder = mkdtempSync(path.join(tmpdir(), 'deeplog-run-'));
  const random = seededRandom(1);
  const count = Number(values.windows);
  const source = (n: number) => windowBatches({ count: n, windowSize: WINDOW, windows: Int32Array.from({ length: n * WINDOW }, () => Math.floor(random() * KEYS)), targets: Int32Array.from({ length: n }, () => Math.floor(random() * KEYS)), weights: new Float32Array(n).fill(1) }, BATCH);
  const [train, validation] = [source(count), source(count / 8)];
  const engine = await createEngine({ engine: 'onnx', threads: 1 });
  const model = logKeyModel({ preset: 'trainer', windowSize: WINDOW, units: 64, batchSize: BATCH, vocabularySize: KEYS });
  const options = { batchSize: BATCH, maxEpochs: Number(values.epochs), learningRate: 1e-3, earlyStop: 100, seed: 1 };
  const trainWith = async (reporter: Reporter): Promise<Cost> => {
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    await trainLoop(engine, model, train, validation, options, reporter, new AbortController().signal);
    const { user, system } = process.cpuUsage(cpu);
    return { cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1000 };
  };
  const recorded = async (gradients: boolean): Promise<Cost> => {
    const run = await Run.start(folder, folder, {
      stage: 'bench', command: 'bench', config: {}, seed: 1, engine: engine.info, outputPath: null, checkpointSeconds: 120, gradients,
      reporters: (place) => [tensorboardReporter({ folder: place.tensorboard, run: place.id, config: {}, histograms: true })],
    });
    const cost = await trainWith(run.reporter);
    await run.finish();
    return cost;
  };
  const modes = { nothing: () => trainWith(SILENT), record: () => recorded(false), 'record with gradients': () => recorded(true) };
  const costs = new Map<string, Cost[]>();
  await trainWith(SILENT);
  for (let round = 0; round < Number(values.rounds); round++) for (const [name, work] of Object.entries(modes)) costs.set(name, [...(costs.get(name) ?? []), await work()]);
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
  const least = (name: string, of: keyof Cost): number => Math.min(...(costs.get(name) ?? []).map((c) => c[of]));
  for (const name of Object.keys(modes)) {
    const percent = (of: keyof Cost): string => `${(100 * (least(name, of) / least('nothing', of) - 1)).toFixed(1)} %`;
    console.log(`${name.padEnd(22)} ${least(name, 'cpu').toFixed(2)} s of processor, ${least(name, 'wall').toFixed(2)} s; ${percent('cpu')} and ${percent('wall')} more than nothing`);
  }
}
