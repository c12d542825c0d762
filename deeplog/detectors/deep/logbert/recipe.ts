import type { LogBertOptions } from './options.js';

/** How the exported networks' outputs become a session's score, in words, for whoever scores without this project. */
export function logBertRecipe({ maskRatio, passes, topG, score }: LogBertOptions): readonly string[] {
  return [
    'Token of an event: its position in `vocabulary` (config.json) plus 3; 1 (unknown) if it is not there.',
    `A session of more than longest − 1 events is cut into the fewest chunks that fit, of nearly equal length (chunk c of n begins at floor(c · length / n)); a chunk goes to the shortest network that holds it with DIST before it.`,
    `Each chunk is read ${passes} times. Masked positions: r = 0 … length − 1 shuffled by Fisher–Yates (from the last to the second place, swapping with floor(u · (i + 1))), u from mulberry32 seeded with mask_seed · 1,000,003 + length; pass p masks the ceil(${maskRatio} · length) places of r from floor(p · length / ${passes}) on, going round.`,
    `A masked key is missed when ${topG} or more indices have a log-probability above its own by more than 0.00001, or when it is unknown. missed = missed keys / masked keys of the session, over all passes.`,
    'distance = the Euclidean distance of `dist` to `export.data.centre`, averaged over the passes, the largest of the chunks, rounded to export.data.distance_step.',
    'How unusual a value is, from `calibrations` (config.json: total, and the highest validation values in descending order): −log10((n + 1) / (total + 1)), n the number of `highest` that are at least the value; above all of them log10(total + 1) + 1 − top / value (value / (1 + value) if top is 0).',
    score === 'both' ? 'The score is the larger of both; the session is abnormal when it is above `threshold`.' : `The score is that of ${score}; the session is abnormal when it is above \`threshold\`.`,
  ];
}
