/** A seeded generator of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * mulberry32: 32-bit state, period 2^32, passes gjrand's tests. Small and the same everywhere,
 * which is what reproducible shuffles and initial weights need.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Fisher–Yates in place. */
export function shuffle<T extends { length: number; [i: number]: number }>(items: T, random: Random): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = items[i];
    items[i] = items[j];
    items[j] = held;
  }
  return items;
}

/** 0 … n−1 in a seeded random order. */
export function permutation(n: number, random: Random): Uint32Array {
  return shuffle(Uint32Array.from({ length: n }, (_, i) => i), random);
}
