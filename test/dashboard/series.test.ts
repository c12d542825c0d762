import { describe, expect, it } from 'vitest';
import { binNames, epochSeries, precisionAtRecall, smooth, stepSeries } from '../../deeplog/dashboard/client/series.js';
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

  it('name bins by their middles, so that a rank reads as itself', () => {
    expect(binNames({ edges: [0.5, 1.5, 2.5, 3.5, 4.5, 5.5], scale: 'linear' })).toEqual([1, 2, 3, 4, 5]);
    expect(binNames({ edges: [1, 100, 10_000], scale: 'log' })).toEqual([10, 1000]);
    // What stands apart is at the end of the last bin; names have as many digits as keep them in their bins.
    expect(binNames({ edges: [0.5, 1.5, 2.5, 30_000], scale: 'linear' })).toEqual([1, 2, 30_000]);
    expect(binNames({ edges: [1233.5, 1234.5, 1235.5], scale: 'linear' })).toEqual([1234, 1235]);
    expect(binNames({ edges: [7, 7], scale: 'linear' })).toEqual([7]);
    expect(binNames({ edges: [], scale: 'linear' })).toEqual([]);
  });
});
