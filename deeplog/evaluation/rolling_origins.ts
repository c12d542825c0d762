import { UsageError } from '../common/index.js';
import type { SplitOptions } from '../sequences/index.js';

/** One of several origins of a chronological split. */
export interface Fold {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

type Boundaries = Pick<SplitOptions, 'trainUntil' | 'validationUntil' | 'testUntil'>;

/**
 * Rolling origins: the test part of a chronological split is cut into equal blocks; for each, training ends where validation begins before it,
 * and takes in all that came earlier. The first origin trains on what the split itself trains on; together the blocks are its test part.
 * Boundaries are shares of the sessions. (Tashman 2000, "rolling origin, recalibrated".)
 */
export function rollingOrigin(trainUntil: number, validationUntil: number, fold: Fold): Boundaries {
  const block = (1 - validationUntil) / fold.of;
  // Sums of shares, without the last digits of their arithmetic: .35 + .2 is .55, and floor(n × it) must not fall one short.
  const at = (share: number, blocks: number): number => +(share + blocks * block).toFixed(12);
  return { trainUntil: at(trainUntil, fold.index), validationUntil: at(validationUntil, fold.index), testUntil: at(validationUntil, fold.index + 1) };
}

/** Boundaries with or without an origin. @throws UsageError when sessions drawn at random are to have several origins */
export function boundaries(protocol: string, order: 'chronological' | 'random', trainUntil: number, validationUntil: number, fold: Fold | undefined): Boundaries {
  if (fold === undefined) return { trainUntil, validationUntil };
  if (order === 'random') throw new UsageError(`--folds: ${protocol} draws its sessions at random, so there is no order for origins to roll along. Use --seeds for it, or leave it out of --protocol.`);
  return rollingOrigin(trainUntil, validationUntil, fold);
}
