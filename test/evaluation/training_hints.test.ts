import { describe, expect, it } from 'vitest';
import { onlyUnknownAlert, stillFalling, tooFewNormals } from '../../deeplog/evaluation/training_hints.js';
import type { Detector } from '../../deeplog/detectors/index.js';
import { sizeNotes } from '../../deeplog/evaluation/result_row.js';
import { ABNORMAL, PART, UNLABELLED } from '../../deeplog/sequences/index.js';
import type { Task } from '../../deeplog/evaluation/index.js';
import type { EpochReport, TrainResult } from '../../deeplog/training/index.js';

const training = (bestEpoch: number, epochs: number, stopped: TrainResult['stopped'] = 'max_epochs', maxEpochs = epochs): TrainResult => ({
  parameters: {}, bestEpoch, bestLoss: 1, stopped, seconds: 1,
  history: Array.from({ length: epochs }, (_, i): EpochReport => ({ epoch: i + 1, maxEpochs, steps: 3, globalStep: 3 * (i + 1), loss: 1, validationLoss: 1, bestEpoch, bestLoss: 1, learningRate: 0.1, seconds: 1, examplesPerSecond: 1 })),
});

describe('what the end of a training says about its settings', () => {
  it('names the limit that stopped a loss that still fell', () => {
    expect(stillFalling(training(20, 20), 20, '70 windows make')).toEqual(['the validation loss was still falling at the last epoch: raise --max_epochs, or --learning_rate (70 windows make 3 steps an epoch)']);
    expect(stillFalling(training(20, 20), 200)[0]).toContain('raise --max_steps, or --learning_rate (there are 3 steps an epoch)');
  });

  it('says nothing where the best epoch lies back, the training stopped early, or there was one epoch', () => {
    for (const t of [training(17, 20), training(20, 20, 'early'), training(1, 1), null]) expect(stillFalling(t, 20)).toEqual([]);
  });

  it('counts the normal sessions of the validation part', () => {
    // Two of three are normal; the third session of the part is abnormal, the others belong elsewhere.
    const task = { split: { parts: Uint8Array.of(PART.train, PART.validation, PART.validation, PART.validation, PART.test) }, table: { size: 5, labelled: true, labels: Uint8Array.of(0, 0, ABNORMAL, 0, 0) } } as unknown as Task;
    expect(tooFewNormals(task, 0.01)).toEqual(['the validation part is too small for a target of 1 % false alarms: the threshold is the highest score of its 2 normal sessions']);
    expect(tooFewNormals(task, 0.5)).toEqual([]);
    const bare = { split: task.split, table: { size: 5, labelled: false, labels: new Uint8Array(5).fill(UNLABELLED) } } as unknown as Task;
    expect(tooFewNormals(bare, 0.01)).toEqual(['the validation part is too small for a target of 1 % false alarms: the threshold is the highest score of its 3 sessions, which have no labels']);
    expect([sizeNotes(bare, { tp: 0, fn: 0 }, {} as Detector, 0.01), sizeNotes(task, { tp: 99, fn: 1 }, {} as Detector, 0.01)]).toEqual([
      ['3 validation sessions (without labels) are too few for 1 % false alarms: thresholds are their highest score'], ['2 validation normals are too few for 1 % false alarms: thresholds are their highest score'],
    ]);
  });

  it('says when a rank cannot alert for a known key', () => {
    expect(onlyUnknownAlert('g', 10, 13)).toEqual(['g = 10 is every one of the 10 keys there are: only unknown events can alert. Train longer, or look at --score nll']);
    expect(onlyUnknownAlert('g', 9, 13)).toEqual(['g = 9 is all but one of the 10 keys there are: hardly anything but unknown events can alert. Train longer, or look at --score nll']);
    expect(onlyUnknownAlert('g', 8, 13)).toEqual([]);
  });
});
