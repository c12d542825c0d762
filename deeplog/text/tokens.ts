/**
 * What becomes of digits (mostly ids, addresses, sizes and times): a run of them is one token, whatever its length; each is a token, all the
 * same one; or each is its own token (the paper).
 */
export type Digits = 'run' | 'same' | 'each';
export const DIGITS = ['run', 'same', 'each'] as const satisfies readonly Digits[];

/** The token that stands for every digit, or for every run of them. */
export const ANY_DIGIT = '0';

/**
 * Cuts a line into tokens (Bursic et al. 2019): runs of letters, and every other character by itself; blanks separate only.
 * Calls `take` with each token's text, in order; stops when it returns false.
 */
export function eachToken(line: string, digits: Digits, take: (token: string) => boolean | void): void {
  let word = -1;
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (isLetter(code, line, i)) {
      if (word < 0) word = i;
      // The second half of a pair belongs to the letter.
      if (code >= 0xd800 && code <= 0xdbff) i++;
      continue;
    }
    if (word >= 0) {
      if (take(line.slice(word, i)) === false) return;
      word = -1;
    }
    if (code < 128 ? code === 32 || (code >= 9 && code <= 13) : BLANK.test(line[i])) continue;
    let token = line[i];
    if (code >= 0xd800 && code <= 0xdbff && i + 1 < line.length) token += line[++i];
    else if (digits !== 'each' && isDigit(code)) {
      token = ANY_DIGIT;
      if (digits === 'run') while (isDigit(line.charCodeAt(i + 1))) i++;
    }
    if (take(token) === false) return;
  }
  if (word >= 0) take(line.slice(word));
}

export function tokensOf(line: string, digits: Digits): string[] {
  const out: string[] = [];
  eachToken(line, digits, (token) => { out.push(token); });
  return out;
}

/** Of the ten ASCII digits. */
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const BLANK = /\s/;
const LETTER = /^\p{L}/u;

function isLetter(code: number, line: string, at: number): boolean {
  if (code < 128) return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
  return LETTER.test(String.fromCodePoint(line.codePointAt(at) ?? 0));
}
