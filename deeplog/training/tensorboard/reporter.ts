import path from 'node:path';
import { stringify } from 'yaml';
import type { Reporter } from '../reporter.js';
import type { Closable } from '../runs/index.js';
import { EventFile } from './event_file.js';
import { histogramOf } from './histogram.js';
import { hparamsEndValue, hparamsExperimentValue, hparamsValue, histogramValue, prCurveValue, scalarValue, textValue, type SummaryValue } from './messages.js';
import { prCurveRows } from './pr_curve.js';

export interface TensorboardOptions {
  /** Event files go to this folder and its train/ and val/. */
  readonly folder: string;
  readonly run: string;
  /** The stage's flags: shown as text and in the table of hyperparameters. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly histograms: boolean;
}

/** Of a long training's steps so many are drawn. */
const MOST_STEPS = 20_000;
/** The table of hyperparameters has no use for where files are. */
const NO_HYPERPARAMETERS = /(^|_)(file|path|dir|logdir|overwrite|seconds|histograms|uri|experiment)$/;

/**
 * TensorBoard's event files: the loss of steps and epochs under train/, that of validation and the evaluation's metrics and
 * precision-recall curve under val/, histograms of weights and gradients under train/, settings beside them. Several trainings of one run
 * follow each other on the axis of steps; tags of the second and later ones begin with the model's name.
 */
export function tensorboardReporter(options: TensorboardOptions): Reporter & Closable {
  const root = new EventFile(options.folder);
  const train = new EventFile(path.join(options.folder, 'train'));
  const val = new EventFile(path.join(options.folder, 'val'));
  const files = [root, train, val];
  const settings = Object.fromEntries(Object.entries(options.config).filter(([name]) => !NO_HYPERPARAMETERS.test(name)));
  root.add(0, hparamsExperimentValue([{ group: 'val', tag: 'epoch_loss', name: 'validation loss' }, { group: 'train', tag: 'epoch_loss', name: 'training loss' }], settings));
  root.add(0, hparamsValue(settings, options.run, Date.now() / 1000));
  root.add(0, textValue('config', `\`\`\`yaml\n${stringify(options.config, { lineWidth: 0 })}\`\`\``));
  let trainings = 0;
  /** Steps of the trainings before. */
  let offset = 0;
  let reached = 0;
  let every = 1;
  let prefix = '';
  let begun = false;
  return {
    training(r) {
      offset += reached;
      reached = r.resumedAt?.globalStep ?? 0;
      prefix = trainings++ === 0 ? '' : `${r.model}/`;
      every = Math.max(1, Math.ceil((r.steps * r.maxEpochs) / MOST_STEPS));
    },
    step({ globalStep, loss }) {
      if (!begun) for (const file of [train, val]) file.start(offset + globalStep);
      begun = true;
      reached = globalStep;
      if (globalStep % every === 0) train.add(offset + globalStep, scalarValue(`${prefix}loss`, loss));
    },
    epoch(r) {
      reached = r.globalStep;
      const at = offset + r.globalStep;
      train.add(at, scalarValue(`${prefix}epoch_loss`, r.loss), scalarValue(`${prefix}learning_rate`, r.learningRate), scalarValue(`${prefix}examples_per_second`, r.examplesPerSecond));
      val.add(at, scalarValue(`${prefix}epoch_loss`, r.validationLoss), ...Object.entries(r.metrics ?? {}).map(([name, value]) => scalarValue(`${prefix}epoch_${name}`, value)));
      for (const file of files) file.flush();
    },
    tensors({ globalStep, weights, gradients }) {
      if (!options.histograms) return;
      const groups = [['weights', weights], ['gradients', gradients ?? {}]] as const;
      const values = groups.flatMap(([what, tensors]) => Object.entries(tensors).map(([name, data]): SummaryValue => histogramValue(`${prefix}${what}/${name}`, histogramOf(data))));
      train.add(offset + globalStep, ...values);
    },
    evaluation(r) {
      const at = offset + reached;
      const metrics = Object.entries(r.metrics).flatMap(([name, value]) => (value === null ? [] : [scalarValue(`${r.name}/${name}`, value)]));
      if (metrics.length > 0) val.add(at, ...metrics);
      const rows = prCurveRows(r.scores);
      if (rows !== null) val.add(at, prCurveValue(`${r.name}/pr_curve`, rows, `Verdicts on ${r.name}. The threshold axis is not the score: 0 is below the lowest score, 1 the highest, and between them distinct scores are evenly spaced.`));
      for (const file of files) file.flush();
    },
    close(status) {
      root.add(0, hparamsEndValue(status, Date.now() / 1000));
      for (const file of files) file.close();
    },
  };
}
