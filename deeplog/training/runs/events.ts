import type { EvaluationReport, Reporter } from '../reporter.js';

/** One line of metrics.jsonl, of `--json` and of the dashboard's stream. `time`: milliseconds since 1970; `training`: which of the run's trainings, from 0. */
export type RunEvent =
  | { readonly event: 'start'; readonly time: number; readonly run: string; readonly stage: string; readonly folder: string; readonly engine: unknown; readonly resumed: boolean }
  | { readonly event: 'training'; readonly time: number; readonly training: number; readonly model: string; readonly examples: number; readonly validation_examples: number; readonly steps: number; readonly max_epochs: number; readonly parameters: number; readonly resumed_at: { readonly epoch: number; readonly step: number; readonly global_step: number } | null }
  | { readonly event: 'step'; readonly time: number; readonly training: number; readonly epoch: number; readonly step: number; readonly global_step: number; readonly loss: number }
  | { readonly event: 'epoch'; readonly time: number; readonly training: number; readonly epoch: number; readonly max_epochs: number; readonly global_step: number; readonly loss: number; readonly val_loss: number; readonly best_epoch: number; readonly best_loss: number; readonly learning_rate: number; readonly seconds: number; readonly examples_per_second: number; readonly metrics?: Readonly<Record<string, number>> }
  | { readonly event: 'evaluation'; readonly time: number; readonly name: string; readonly unit: string; readonly threshold: number | null; readonly confusion: EvaluationReport['confusion']; readonly metrics: EvaluationReport['metrics']; readonly histogram: EvaluationReport['histogram']; readonly pr: EvaluationReport['pr'] }
  | { readonly event: 'end'; readonly time: number; readonly status: 'finished' | 'interrupted' | 'failed'; readonly message: string | null };

/** Of a long training's steps so many are kept, evenly spaced. */
const MOST_STEPS = 20_000;

/** Everything that is reported as events, each handed to `emit` at once. */
export function eventReporter(emit: (event: RunEvent) => void): Reporter {
  let training = -1;
  let every = 1;
  return {
    training(r) {
      training++;
      every = Math.max(1, Math.ceil((r.steps * r.maxEpochs) / MOST_STEPS));
      emit({ event: 'training', time: Date.now(), training, model: r.model, examples: r.examples, validation_examples: r.validationExamples, steps: r.steps, max_epochs: r.maxEpochs, parameters: r.parameters, resumed_at: r.resumedAt && { epoch: r.resumedAt.epoch, step: r.resumedAt.step, global_step: r.resumedAt.globalStep } });
    },
    step(r) {
      if (r.globalStep % every !== 0) return;
      emit({ event: 'step', time: Date.now(), training, epoch: r.epoch, step: r.step, global_step: r.globalStep, loss: r.loss });
    },
    epoch(r) {
      emit({ event: 'epoch', time: Date.now(), training, epoch: r.epoch, max_epochs: r.maxEpochs, global_step: r.globalStep, loss: r.loss, val_loss: r.validationLoss, best_epoch: r.bestEpoch, best_loss: r.bestLoss, learning_rate: r.learningRate, seconds: r.seconds, examples_per_second: r.examplesPerSecond, ...(r.metrics && { metrics: r.metrics }) });
    },
    evaluation(r) {
      emit({ event: 'evaluation', time: Date.now(), name: r.name, unit: r.unit, threshold: r.threshold, confusion: r.confusion, metrics: r.metrics, histogram: r.histogram, pr: r.pr });
    },
  };
}
