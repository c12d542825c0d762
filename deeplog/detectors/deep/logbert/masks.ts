import { permutation, seededRandom, type Random } from '../../../common/index.js';

/**
 * The positions (0 … length − 1) masked in each pass of a prediction: the same for every session of a length, drawn from the seed.
 * A pass takes ⌈ratio · length⌉ places of a shuffled ring, each starting `length / passes` after the one before, so that the
 * passes cover every position as evenly as they can.
 * @throws RangeError when the passes are too few to cover everything: passes · ratio < 1.
 */
export function maskSchedule(length: number, ratio: number, passes: number, seed: number): Uint32Array[] {
  if (passes * ratio < 1) throw new RangeError(`${passes} passes that mask ${ratio} each cannot cover every position: ${Math.ceil(1 / ratio)} or more are needed.`);
  const ring = permutation(length, seededRandom(seed * 1_000_003 + length));
  const masked = Math.min(length, Math.max(1, Math.ceil(ratio * length)));
  return Array.from({ length: passes }, (_, pass) => {
    const start = Math.floor((pass * length) / passes);
    return Uint32Array.from({ length: length === 0 ? 0 : masked }, (_, k) => ring[(start + k) % length]).sort();
  });
}

/** Positions masked in one training step: each with probability `ratio`, and at least one. */
export function drawMask(length: number, ratio: number, random: Random): number[] {
  const chosen: number[] = [];
  for (let i = 0; i < length; i++) if (random() < ratio) chosen.push(i);
  return chosen.length > 0 ? chosen : [Math.floor(random() * length)];
}
