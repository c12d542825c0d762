import type { ProtocolId } from './protocols.js';
import type { Fold } from './rolling_origins.js';
import { variantName, variantsOf, type SweepId, type Variant } from './sweeps.js';

/** Which task: all that tells it from others of a run. */
export interface TaskSpec {
  readonly protocol: ProtocolId;
  readonly seed: number;
  readonly fold?: Fold;
  readonly variant?: Variant;
}

export interface TaskPlan {
  readonly protocols: readonly ProtocolId[];
  readonly seeds: readonly number[];
  /** Origins of each chronological protocol; 1: the protocol's own split. */
  readonly folds?: number;
  readonly sweep?: SweepId;
}

/** The tasks of a run: protocols × variants × seeds × origins. @throws UsageError */
export function planTasks({ protocols, seeds, folds = 1, sweep }: TaskPlan): TaskSpec[] {
  const variants: (Variant | undefined)[] = sweep === undefined ? [undefined] : variantsOf(sweep, protocols);
  const origins = folds === 1 ? [undefined] : Array.from({ length: folds }, (_, index) => ({ index, of: folds }));
  return protocols.flatMap((protocol) => variants.flatMap((variant) => seeds.flatMap((seed) => origins.map((fold) => ({
    protocol, seed, ...(fold === undefined ? {} : { fold }), ...(variant === undefined ? {} : { variant }),
  })))));
}

/** The file name of a task's split. */
export function splitName({ protocol, seed, fold, variant }: TaskSpec): string {
  return [protocol, seed, ...(fold === undefined ? [] : [`origin${fold.index + 1}of${fold.of}`]), ...(variant === undefined ? [] : [variantName(variant).replace(/[^\w.]+/g, '_')])].join('-');
}

/** A task in words. */
export function describeTask({ protocol, seed, fold, variant }: TaskSpec): string {
  return [protocol, `seed ${seed}`, ...(fold === undefined ? [] : [`origin ${fold.index + 1} of ${fold.of}`]), ...(variant === undefined ? [] : [variantName(variant)])].join(', ');
}
