import { describe, expect, it } from 'vitest';
import { epochSeries, precisionAtRecall, smooth, stepSeries } from '../../deeplog/dashboard/client/series.js';
import { eventsOf } from './runs.js';

describe('the lines of the charts', () => {
  it('have an epoch at its own place', () => {
    expect(epochSeries(eventsOf(3, 6), 0, (e) => e.loss)).toEqual([null, 6, 3, 2]);
    expect(epochSeries(eventsOf(3, 6), 1, (e) => e.loss)).toEqual([]);
  });

  it('gather steps into buckets of their mean', () => {
    expect(stepSeries(eventsOf(1, 12), 0, 4)).toEqual({ values: [null, 12, 6, 4, 3], width: 1 });
    expect(stepSeries(eventsOf(1, 12), 0, 2)).toEqual({ values: [null, 9, 3.5], width: 2 });
    // Of a long run only every second step was kept: no gaps.
    expect(stepSeries(eventsOf(1, 12).filter((e) => e.event !== 'step' || e.step % 2 === 0), 0, 4)).toEqual({ values: [null, 6, 3], width: 2 });
  });

  it('are smoothed as TensorBoard smooths them', () => {
    // By hand, weight 1/2: 4; (4/4 + 2/2) / (3/4); (4/8 + 2/4 + 6/2) / (7/8).
    expect(smooth([4, null, 2, 6], 0.5)).toEqual([4, null, 2 / 0.75, 4 / 0.875]);
    expect(smooth([4, 2], 0)).toEqual([4, 2]);
  });

  it('give the best precision that a recall allows', () => {
    const at = precisionAtRecall([[0.5, 0.6], [0.75, 0.9], [1, 0.3]]);
    expect([at.length, at[0], at[50], at[75], at[76], at[100]]).toEqual([101, 0.9, 0.9, 0.9, 0.3, 0.3]);
  });
});
