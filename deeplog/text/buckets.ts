/** Lengths are rounded up to this, so that a few tokens more do not need another graph. */
const STEP = 8;

/**
 * At most `count` lengths to pad lines to, such that the tokens spent on padding are fewest (by dynamic programming over the lengths
 * that occur, rounded up to multiples of 8). Each is a compiled graph, hence few.
 */
export function bucketLengths(lengths: ArrayLike<number>, count: number, longest: number): number[] {
  const occurring = new Map<number, number>();
  for (let i = 0; i < lengths.length; i++) {
    const rounded = Math.min(longest, Math.ceil(lengths[i] / STEP) * STEP);
    occurring.set(rounded, (occurring.get(rounded) ?? 0) + 1);
  }
  const sizes = [...occurring.keys()].sort((a, b) => a - b);
  const lines = sizes.map((s) => occurring.get(s) ?? 0);
  const upTo = lines.reduce<number[]>((sums, n) => [...sums, sums[sums.length - 1] + n], [0]);
  // best[k][i]: fewest tokens for the first i sizes in k buckets, and where the last of them begins.
  let best = upTo.map((_, i) => ({ tokens: i === 0 ? 0 : Infinity, buckets: [] as number[] }));
  for (let k = 1; k <= Math.min(count, sizes.length); k++) {
    best = best.map((before, i) => {
      let chosen = before;
      for (let from = 0; from < i; from++) {
        const tokens = best[from].tokens + (upTo[i] - upTo[from]) * sizes[i - 1];
        if (tokens < chosen.tokens) chosen = { tokens, buckets: [...best[from].buckets, sizes[i - 1]] };
      }
      return chosen;
    });
  }
  return best[sizes.length].buckets;
}

/** The smallest bucket that holds `length`; the largest when none does. */
export function bucketFor(buckets: readonly number[], length: number): number {
  return buckets.find((b) => b >= length) ?? buckets[buckets.length - 1];
}
