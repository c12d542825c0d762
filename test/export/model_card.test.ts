import { describe, expect, it } from 'vitest';
import { modelCard, renderCard, type CardFacts } from '../../deeplog/export/model_card.js';

const card = (metrics: CardFacts['metrics'], threshold: number | null): string => renderCard(modelCard({
  manifest: { stage: 'log-key', created: '2026-01-02T03:04:05.000Z', commit: null, machine: 'here', seed: 1, inputs: {}, options: {} },
  metrics, detector: 'd', kind: 'detector', unit: 'session', needs: [], threshold, networks: [], parity: {},
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
