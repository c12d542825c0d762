import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent, RunState } from '../../deeplog/training/index.js';

const TIME = 1_760_000_000_000;

/** The events of a training of `epochs` epochs of four steps whose losses fall from `from`. */
export function eventsOf(epochs: number, from: number): RunEvent[] {
  const events: RunEvent[] = [{ event: 'training', time: TIME, training: 0, model: 'log-key', examples: 8, validation_examples: 2, steps: 4, max_epochs: 10, parameters: 100, resumed_at: null }];
  for (let epoch = 1; epoch <= epochs; epoch++) events.push(...eventsOfEpoch(epoch, from));
  return events;
}

export function eventsOfEpoch(epoch: number, from: number): RunEvent[] {
  const time = TIME + epoch * 1000;
  const steps = [1, 2, 3, 4].map((step): RunEvent => ({ event: 'step', time, training: 0, epoch, step, global_step: (epoch - 1) * 4 + step, loss: from / ((epoch - 1) * 4 + step) }));
  return [...steps, { event: 'epoch', time, training: 0, epoch, max_epochs: 10, global_step: epoch * 4, loss: from / epoch, val_loss: from / epoch + 0.1, best_epoch: epoch, best_loss: from / epoch + 0.1, learning_rate: 0.001, seconds: 1, examples_per_second: 8, metrics: { accuracy: 1 - 1 / (epoch + 1) } }];
}

export const EVALUATION: RunEvent = {
  event: 'evaluation', time: TIME + 99_000, name: 'test', unit: 'session', threshold: 3, confusion: { tp: 7, fp: 2, tn: 90, fn: 1 }, metrics: { f1: 0.8235 },
  histogram: { edges: [1, 2, 3, 4], normal: [80, 10, 2], abnormal: [0, 1, 7], scale: 'linear' }, pr: [[0.5, 1], [0.875, 0.778], [1, 0.08]],
};

/** Writes a run folder as a stage would leave it. */
export function writeRun(logdir: string, stage: string, id: string, status: RunState['status'], events: readonly RunEvent[], config = 'window_size: 10\n'): string {
  const folder = path.join(logdir, stage, id);
  mkdirSync(folder, { recursive: true });
  const state: RunState = { schema: 'deeplog.run/1', id, stage, created: '2025-10-09T08:53:20.000Z', command: 'deeplog log-key', host: 'elsewhere', pid: 1, process_started: null, status, message: null, engine: null, tensorboard: null, output_path: null, resumed: [] };
  writeFileSync(path.join(folder, 'run.json'), JSON.stringify(state));
  writeFileSync(path.join(folder, 'metrics.jsonl'), lines(events));
  writeFileSync(path.join(folder, 'config.yaml'), config);
  return folder;
}

export function lines(events: readonly RunEvent[]): string {
  return events.map((e) => `${JSON.stringify(e)}\n`).join('');
}
