import { ANY_DIGIT, END_OF_LINE, UNKNOWN, type Digits } from '../../text/index.js';
import type { AutoencoderOptions } from './autoencoder.js';
import { VECTOR_STEPS } from './line_encoder.js';
import { ERROR_STEPS } from './window_judge.js';

const DIGITS_RECIPE: Readonly<Record<Digits, string>> = {
  run: ` Each run of the digits 0 to 9, whatever its length, is the one token "${ANY_DIGIT}".`,
  same: ` Each of the digits 0 to 9 is the token "${ANY_DIGIT}".`,
  each: '',
};

/** How a line becomes a vector. The steps' names in config.json: `tokens`, `longest` and `lengths` in export.data. */
export function lineRecipe(digits: Digits): readonly string[] {
  return [
    `Tokens of a line: each run of letters (Unicode category L), and each other character by itself; white space separates only.${DIGITS_RECIPE[digits]} Nothing is folded to lower case.`,
    `Id of a token: its position in \`export.data.tokens\` plus 3; ${UNKNOWN} if it is not there. A line is the ids of its first \`export.data.longest\` − 1 tokens, then ${END_OF_LINE}.`,
    `The line goes to \`line_encoder_length_n\`, n the smallest of \`export.data.lengths\` that holds it, padded with 0; if none does, the largest, with the line's first n − 1 ids and ${END_OF_LINE}. \`latent\` is its vector, each number rounded to ${1 / VECTOR_STEPS}.`,
  ];
}

/** How a vector is scaled. */
export function scaleRecipe(vector: string): string {
  return `The vector is scaled: (${vector} − \`export.data.means\`) · P, where P is \`export.data.projection\`, as many rows as columns, row after row.`;
}

/** How a window's vectors become the errors of its lines. */
export const WINDOW_ERRORS = `\`window_autoencoder\` reads a window's n vectors. The error of its line i is (errors_forward[i] + errors_backward[n − 1 − i]) / 2, rounded to ${1 / ERROR_STEPS}.`;

/** How the text autoencoder's score is made, for someone with another runtime; `raw`: it reads the log's own lines. */
export function autoencoderRecipe({ digits, score, windows: { windowSize } }: AutoencoderOptions, raw: boolean): readonly string[] {
  return [
    raw ? "A session is its raw lines, as they stand in the log." : 'A session is the texts of its events, from `texts` (config.json); `export.data.text_of_unknown_events` where there is none.',
    ...lineRecipe(digits),
    scaleRecipe('latent'),
    `Windows of ${windowSize} lines begin at 0, ${Math.max(1, Math.floor(windowSize / 2))}, ${2 * Math.max(1, Math.floor(windowSize / 2))} … as long as lines remain after them, and one more ends with the last line; a session of up to ${windowSize} lines is one window.`,
    WINDOW_ERRORS,
    `A window's score is ${score === 'line' ? 'the largest' : 'the mean'} of its lines' errors, a session's the largest of its windows', 0 without lines; the session is abnormal when it is above \`threshold\`.`,
  ];
}
