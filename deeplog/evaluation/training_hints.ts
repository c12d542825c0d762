import { ABNORMAL, PART } from '../sequences/index.js';
import type { TrainResult } from '../training/index.js';
import type { Task } from './protocols.js';

/** A best epoch within this last share of the epochs means that the loss was still falling. */
const LAST_SHARE = 0.1;
/** Indices of a vocabulary that stand for no key: padding, unknown, end. */
const MARKERS = 3;

/**
 * What the end of a training says about the settings it had, for whoever chose them.
 * @param maxEpochs as asked for; a training that was given fewer ended by --max_steps
 * @param examples what was learned from, in words: "707 distinct windows make"
 */
export function stillFalling(training: TrainResult | null, maxEpochs: number, examples = 'there are'): string[] {
  const last = training?.history.at(-1);
  if (training === null || last === undefined || training.stopped !== 'max_epochs' || training.history.length === 1 || training.bestEpoch < (1 - LAST_SHARE) * training.history.length) return [];
  return [`the validation loss was still falling at the last epoch: raise ${last.maxEpochs < maxEpochs ? '--max_steps' : '--max_epochs'}, or --learning_rate (${examples} ${last.steps} step${last.steps === 1 ? '' : 's'} an epoch)`];
}

/** Normal sessions of the validation part (without labels all of it) that are too few for the rate: not one of them may be above the threshold. */
export function tooFewNormals({ split, table }: Task, targetFpr: number): string[] {
  const normals = split.parts.reduce((n, part, s) => n + (part === PART.validation && table.labels[s] !== ABNORMAL ? 1 : 0), 0);
  return Math.floor(normals * targetFpr) > 0 ? [] : [`the validation part is too small for a target of ${100 * targetFpr} % false alarms: the threshold is the highest score of its ${normals}${table.labelled ? ' normal' : ''} session${normals === 1 ? '' : 's'}${table.labelled ? '' : ', which have no labels'}`];
}

/** A rank as a threshold that no known key can be above, or only the one that comes last. `vocabularySize` counts the markers, too. */
export function onlyUnknownAlert(name: string, threshold: number, vocabularySize: number): string[] {
  const keys = vocabularySize - MARKERS;
  return threshold < keys - 1 ? [] : [`${name} = ${threshold} is ${threshold < keys ? 'all but one' : 'every one'} of the ${keys} keys there are: ${threshold < keys ? 'hardly anything but' : 'only'} unknown events can alert. Train longer, or look at --score nll`];
}
