import { UsageError, type Literal } from '../common/index.js';

const MS: Readonly<Record<string, number>> = { weeks: 604_800_000, days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1, microseconds: 0.001 };

/**
 * Milliseconds of a Python timedelta's keywords, `{'minutes': 1}`, or of a plain number of seconds.
 * @throws UsageError when it is neither, or not positive.
 */
export function parseDuration(value: Literal, where: string): number {
  let ms = NaN;
  if (typeof value === 'number') ms = value * 1000;
  else if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    ms = 0;
    for (const [unit, amount] of Object.entries(value)) {
      if (!(unit in MS) || typeof amount !== 'number') throw new UsageError(`${where}: ${JSON.stringify({ [unit]: amount })} is no duration. Use ${Object.keys(MS).join(', ')} with numbers, e.g. {'minutes': 1}.`);
      ms += amount * MS[unit];
    }
  }
  if (!(ms > 0)) throw new UsageError(`${where}: ${JSON.stringify(value)} is no positive duration. Write e.g. {'minutes': 1}, or seconds as a number.`);
  return ms;
}
