import type { Random } from '../../common/index.js';

/** `n` sessions drawn without replacement, as indices of their patterns; all of them when there are no more. `sessions`: how many have each pattern. */
export function drawSessions(sessions: Float64Array, n: number, random: Random): Uint32Array {
  const left = sessions.slice();
  let remaining = left.reduce((a, b) => a + b, 0);
  const out = new Uint32Array(Math.min(n, remaining));
  for (let i = 0; i < out.length; i++) {
    let at = Math.floor(random() * remaining);
    let pattern = 0;
    while (at >= left[pattern]) at -= left[pattern++];
    out[i] = pattern;
    left[pattern]--;
    remaining--;
  }
  return out;
}

/** How often each pattern is drawn in as many draws with replacement as there are sessions: a bootstrap sample. */
export function bootstrap(sessions: Float64Array, random: Random): Float64Array {
  const ends = new Float64Array(sessions.length);
  let total = 0;
  sessions.forEach((n, i) => { ends[i] = total += n; });
  const out = new Float64Array(sessions.length);
  for (let k = 0; k < total; k++) {
    const at = random() * total;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] > at) high = middle;
      else low = middle + 1;
    }
    out[low]++;
  }
  return out;
}
