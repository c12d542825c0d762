/**
 * How much an example that occurs n times counts in a loss: `count`, n times, as if each were read (the paper); `log`, 1 + ln n times, so that
 * what is rare and normal is learned too. Its error decides where a threshold at one in a thousand lies.
 */
export type Weighting = 'count' | 'log';

export function weigh(counts: readonly number[], weighting: Weighting): readonly number[] {
  return weighting === 'log' ? counts.map((n) => 1 + Math.log(n)) : counts;
}
