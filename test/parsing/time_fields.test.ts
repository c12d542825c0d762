import { describe, expect, it } from 'vitest';
import { timeFields } from '../../deeplog/parsing/index.js';

describe('The fields that say when', () => {
  it('are <Date> and <Time>, in their order', () => {
    expect(timeFields(['Date', 'Time', 'Level', 'Content'], '%Y-%m-%d %H:%M:%S')).toEqual([0, 1]);
    expect(timeFields(['Level', 'Time', 'Content'], '%s')).toEqual([1]);
    expect(timeFields(['Level', 'Content'], '%s')).toEqual([]);
  });

  it('take in a month apart, where the time format reads one', () => {
    expect(timeFields(['Month', 'Day', 'Time', 'Host', 'Content'], '%b %d %H:%M:%S')).toEqual([0, 1, 2]);
    expect(timeFields(['Pid', 'Day', 'Month', 'Year', 'Time', 'Content'], '%d %b %Y %H:%M:%S')).toEqual([1, 2, 3, 4]);
    expect(timeFields(['Month', 'Date', 'Time', 'Content'], '%d %H:%M:%S')).toEqual([1, 2]);
    expect(timeFields(['Month', 'Date', 'Time', 'Content'], '%b %d %H:%M:%S')).toEqual([0, 1, 2]);
  });

  it('leave a month out that repeats what the date says (Thunderbird)', () => {
    expect(timeFields(['Label', 'Timestamp', 'Date', 'User', 'Month', 'Day', 'Time', 'Content'], '%Y.%m.%d %H:%M:%S')).toEqual([2, 6]);
  });
});
