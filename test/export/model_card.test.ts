import { describe, expect, it } from 'vitest';
import { modelCard, renderCard, type CardFacts } from '../../deeplog/export/model_card.js';

const card = (metrics: CardFacts['metrics'], threshold: number | null, more: Partial<CardFacts> = {}): string => renderCard(modelCard({
  manifest: { stage: 'log-key', created: '2026-01-02T03:04:05.000Z', commit: null, machine: 'here', seed: 1, inputs: {}, options: {} },
  metrics, detector: 'd', kind: 'detector', unit: 'session', needs: [], threshold, networks: [], parity: {}, ...more,
}), []);
const ON_TEST = 'On the test part of the split above, read once, with the threshold below.';

describe("a model card's metrics", () => {
  it('are called those of the test part when they are, at the threshold of the card', () => {
    expect(card({ test: { threshold: 0.5, f1: 0.9, tp: 1, fn: 2 } }, 0.5)).toContain(ON_TEST);
  });

  it('are not when the threshold was taken anew since', () => {
    const page = card({ test: { threshold: 0.5, f1: 0.9, tp: 1, fn: 2 } }, 0.25);
    expect(page).not.toContain(ON_TEST);
    expect(page).toContain('with the threshold 0.5, not with the one below');
  });

  it('are not when they are from training alone', () => {
    const page = card({ best_epoch: 4, best_loss: 0.3 }, 0.5);
    expect(page).not.toContain(ON_TEST);
    expect(page).toContain('Of the training, not of a test part');
    expect(page).toContain('| best_epoch | 4 |');
    expect(card(null, 0.5)).toContain('None in the model folder.');
  });
});

describe("a model card's limits", () => {
  it('name what the threshold rests on, and that it rests on too little', () => {
    expect(card({ test: { labelled: true } }, 1)).toContain('The threshold is from normal validation sessions');
    const page = card({ test: { labelled: false }, limits: ['the validation part is too small for 1 %'] }, 1);
    expect(page).toContain('The threshold is from validation sessions of the training period, all taken for normal');
    expect(page).toContain('- The validation part is too small for 1 %.\n');
  });

  it('do not speak of a threshold that was taken anew since', () => {
    expect(card({ limits: ['the validation part is too small for 1 %'] }, 1, { recalibrated: true })).not.toContain('too small');
  });
});

it('says at which score the largest difference is, where there is one', () => {
  const parity = { runtime: 'r 1', samples: 3, unit: 'session', largest_output_difference: 0, deviation: 0, tolerance: 1, score_tolerance: 1 } as const;
  const page = card(null, 1, { parity: { onnx: { ...parity, largest_score_difference: 0, at_score: 0 }, 'tfjs-graph': { ...parity, largest_score_difference: 2e-7, at_score: 5.25 } } });
  expect(page).toContain('| onnx | r 1 | 3 | 0.0e+0 | 0.0e+0 |');
  expect(page).toContain('| tfjs-graph | r 1 | 3 | 2.0e-7 (at a score of 5.25) | 0.0e+0 |');
});
