// DeepLog's log-key model on hdfs-4855, whole runs: ours beside PyTorch with the same trick, in one run, alternating; eager
// TensorFlow.js beside the engine to early stopping; scoring all 575,061 sessions.
//   npm run bench -- log_key [--rounds 3] [--threads 2] [--eager]      (DEEPLOG_PYTHON: a Python with torch)
import { fork, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { DEEPLOG_KEYS_DEFAULTS, DeepLogKeys, tableSource } from '../deeplog/detectors/index.js';
import { createEngine, type EngineOptions } from '../deeplog/engine/index.js';
import { evaluate, Protocols, scoreDistinct } from '../deeplog/evaluation/index.js';
import { PART } from '../deeplog/sequences/index.js';
import { SILENT } from '../deeplog/training/index.js';

interface Whole { windows: number; fitSeconds: number; scoreSeconds: number; totalSeconds: number; f1At1: number | null; epochs: number; finalLoss: number; peakMb: number; scoreAllSeconds?: number }

const PAPER = { ...DEEPLOG_KEYS_DEFAULTS, preset: 'paper', learningRate: 3e-3, predictEnd: false } as const;

export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { rounds: { type: 'string', default: '3' }, threads: { type: 'string', default: '2' }, eager: { type: 'boolean', default: false }, worker: { type: 'string' } } });
  if (values.worker !== undefined) {
    process.send?.(await whole(JSON.parse(values.worker) as WholeOptions));
    return;
  }
  const dataDir = process.env.DEEPLOG_DATA || 'data';
  if (!existsSync(path.join(dataDir, 'hdfs', 'sessions.txt.gz'))) {
    console.log('hdfs/sessions.txt.gz is not here: nothing was measured. Set DEEPLOG_DATA.');
    return;
  }
  const threads = Number(values.threads);
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-log-key-'));
  try {
    const ours: Whole[] = [];
    const theirs: { total_seconds: number; fit_seconds: number; score_seconds: number; 'f1_at_0.01': number; torch: string }[] = [];
    for (const name of ['sessions', 'labels']) await pipeline(createReadStream(path.join(dataDir, 'hdfs', `${name}.txt.gz`)), createGunzip(), createWriteStream(path.join(folder, `${name}.txt`)));
    for (let round = 1; round <= Number(values.rounds); round++) {
      const own = await inProcess({ engine: { engine: 'onnx', threads }, seed: round, maxEpochs: 100, earlyStop: 100, scoreAll: round === 1 });
      ours.push(own);
      console.log(`ours    seed ${round}: ${own.windows} windows, fit ${own.fitSeconds.toFixed(1)} s, score ${own.scoreSeconds.toFixed(1)} s, all ${own.totalSeconds.toFixed(1)} s, F1 at 1 % ${own.f1At1?.toFixed(4) ?? '–'}, peak ${own.peakMb.toFixed(0)} MB`);
      const peer = torch(folder, round, threads);
      if (peer === null) {
        console.log('PyTorch not found: no ratio (set DEEPLOG_PYTHON)');
        continue;
      }
      theirs.push(peer);
      console.log(`PyTorch seed ${round}: fit ${peer.fit_seconds} s, score ${peer.score_seconds} s, all ${peer.total_seconds} s, F1 at 1 % ${peer['f1_at_0.01']} (torch ${peer.torch})`);
    }
    if (theirs.length > 0) console.log(`\n100 epochs and all test sessions scored, ${threads} threads, medians: ours ${median(ours.map((o) => o.totalSeconds)).toFixed(1)} s, PyTorch ${median(theirs.map((t) => t.total_seconds)).toFixed(1)} s: ratio ${(median(ours.map((o) => o.totalSeconds)) / median(theirs.map((t) => t.total_seconds))).toFixed(2)}`);
    console.log(`all 575,061 sessions scored alone: ${ours[0].scoreAllSeconds?.toFixed(1)} s, peak of the whole process ${ours[0].peakMb.toFixed(0)} MB`);
    if (values.eager) {
      console.log('\nto early stopping (patience 7, at most 50 epochs), same seed:');
      for (const engine of [{ engine: 'onnx', threads }, { engine: 'eager', backend: 'wasm', threads }] as const) {
        const run = await inProcess({ engine, seed: 1, maxEpochs: 50, earlyStop: 7, scoreAll: false });
        console.log(`  ${engine.engine.padEnd(6)} ${run.fitSeconds.toFixed(1)} s, ${run.epochs} epochs, final loss ${run.finalLoss.toFixed(6)}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface WholeOptions { readonly engine: EngineOptions; readonly seed: number; readonly maxEpochs: number; readonly earlyStop: number; readonly scoreAll: boolean }

/** From data in memory to verdicts, as the peer's clock runs. */
async function whole(o: WholeOptions): Promise<Whole> {
  const protocols = new Protocols({ dataDir: process.env.DEEPLOG_DATA || 'data', artifacts: 'artifacts', trainRatio: 0.7, valRatio: 0.85, order: 'chronological', trainOn: 'normal' });
  const task = await protocols.task({ protocol: 'hdfs-4855', seed: o.seed });
  const started = performance.now();
  const engine = await createEngine(o.engine);
  const detector = new DeepLogKeys({ ...PAPER, maxEpochs: o.maxEpochs, earlyStop: o.earlyStop });
  await detector.fit(tableSource(task.table, task.split, PART.train), tableSource(task.table, task.split, PART.validation), { seed: o.seed, engine: () => Promise.resolve(engine), report: SILENT, signal: new AbortController().signal });
  const fitted = performance.now();
  const scores = await scoreDistinct(detector, task, [PART.validation, PART.test]);
  const result = evaluate(task, scores, detector, 0.01);
  const ended = performance.now();
  const out: Whole = {
    windows: detector.trainingWindows, fitSeconds: (fitted - started) / 1000, scoreSeconds: (ended - fitted) / 1000, totalSeconds: (ended - started) / 1000, f1At1: result.f1,
    epochs: detector.training?.history.length ?? 0, finalLoss: detector.training?.history.at(-1)?.loss ?? NaN, peakMb: process.resourceUsage().maxRSS / 1024,
  };
  if (o.scoreAll) {
    const again = performance.now();
    await scoreDistinct(detector, task, [PART.train, PART.validation, PART.test]);
    out.scoreAllSeconds = (performance.now() - again) / 1000;
  }
  await detector.dispose();
  await engine.dispose();
  return out;
}

function inProcess(options: WholeOptions): Promise<Whole> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1], ['log_key', '--worker', JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (m) => { resolve(m as Whole); child.disconnect(); });
    child.on('exit', (code) => { if (code !== 0) reject(new Error(`the run exited with ${code}`)); });
  });
}

function torch(folder: string, seed: number, threads: number): { total_seconds: number; fit_seconds: number; score_seconds: number; 'f1_at_0.01': number; torch: string } | null {
  const script = path.join(import.meta.dirname, 'peers', 'deeplog_torch.py');
  const run = spawnSync(process.env.DEEPLOG_PYTHON ?? 'python3', [script, path.join(folder, 'sessions.txt'), path.join(folder, 'labels.txt'), '100', '3e-3', String(seed), String(threads)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return run.status === 0 ? JSON.parse(run.stdout) as ReturnType<typeof torch> : null;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
