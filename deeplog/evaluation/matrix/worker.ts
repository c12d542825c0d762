import { createEngine, type Engine } from '../../engine/index.js';
import { SILENT } from '../../training/index.js';
import { messageOf } from '../../common/index.js';
import { hashOfValue } from '../../artifacts/index.js';
import { createDetector } from '../../detectors/index.js';
import { benchmark } from '../benchmark.js';
import { inputHash } from '../input_hash.js';
import { Protocols, type Task } from '../protocols.js';
import { splitName, type TaskSpec } from '../tasks.js';
import type { FromWorker, ToWorker } from './messages.js';

// A process that runs jobs of a matrix, one at a time. It ends when the process that started it does.

let engine: { readonly key: string; readonly starting: Promise<Engine> } | null = null;
/** Sets that were read, by what they were read with; and the last task, which the next job is likely to be of, too. */
const protocols = new Map<string, Protocols>();
let last: { readonly key: string; readonly task: Promise<Task> } | null = null;

function say(message: FromWorker): void {
  process.send?.(message);
}

function taskOf(set: Protocols, key: string, spec: TaskSpec): Promise<Task> {
  const full = `${key} ${splitName(spec)}`;
  if (last?.key !== full) last = { key: full, task: set.task(spec) };
  return last.task;
}

async function run({ job, known }: ToWorker): Promise<void> {
  const { settings, spec } = job;
  const { dataDir, artifacts, inputFile = '', labelFile = '', trainRatio, valRatio, order, trainOn } = settings;
  const key = hashOfValue([dataDir, artifacts, inputFile, labelFile, trainRatio, valRatio, order, trainOn]);
  let set = protocols.get(key);
  if (set === undefined) protocols.set(key, (set = new Protocols(settings)));
  const reading = set;
  const task = await taskOf(reading, key, spec);
  say({ kind: 'task', split_sha256: task.split.sha256, files: task.files });
  const inputs = new Map<string, string>();
  for (const d of job.detectors) inputs.set(d, await inputHash(task, createDetector(d, { ...settings.detectorOptions, rawText: task.folder !== undefined }).needs));
  const inputOf = (detector: string): string => inputs.get(detector) ?? '';
  const reused = job.detectors.filter((d) => known.some((k) => k.detector === d && k.split_sha256 === task.split.sha256 && k.input_sha256 === inputOf(d)));
  for (const detector of reused) say({ kind: 'reuse', detector, split_sha256: task.split.sha256, input_sha256: inputOf(detector) });
  const detectors = job.detectors.filter((d) => !reused.includes(d));
  if (detectors.length === 0) return;
  let began = performance.now();
  await benchmark({
    ...settings, protocols: [], seeds: [], specs: [spec], detectors, task: () => taskOf(reading, key, spec), skipUnmet: true, report: SILENT, signal: new AbortController().signal,
    engine: () => engineFor(settings.engine),
    onSkip: (why, detector) => say({ kind: 'left-out', detector, why }),
    onFailure: (why, detector) => say({ kind: 'failed', detector, why }),
    onStart: (detector) => {
      began = performance.now();
      say({ kind: 'start', detector });
    },
    onRow: (row, curves) => say({ kind: 'row', detector: row.detector, input_sha256: inputOf(row.detector), row, curves, wallSeconds: (performance.now() - began) / 1000 }),
  });
}

async function engineFor(options: ToWorker['job']['settings']['engine']): Promise<Engine> {
  const key = JSON.stringify(options);
  if (engine !== null && engine.key !== key) {
    await (await engine.starting).dispose();
    engine = null;
  }
  engine ??= { key, starting: createEngine({ ...options, onFallback: (why) => process.stderr.write(`warning: ${why}\n`) }) };
  return engine.starting;
}

process.on('message', (message: ToWorker) => {
  run(message).catch((error: unknown) => {
    for (const detector of message.job.detectors) say({ kind: 'failed', detector, why: messageOf(error) });
  }).finally(() => say({ kind: 'done' }));
});
process.on('disconnect', () => process.exit(0));
