import { DataError } from '../common/index.js';
import { eachToken, type Digits } from './tokens.js';

export const PADDING = 0;
export const UNKNOWN = 1;
export const END_OF_LINE = 2;
const SPECIALS = 3;

/** Counts the tokens of lines, each with a weight. */
export class TokenCounts {
  readonly counts = new Map<string, number>();

  constructor(readonly digits: Digits) {}

  add(line: string, weight = 1): void {
    eachToken(line, this.digits, (token) => { this.counts.set(token, (this.counts.get(token) ?? 0) + weight); });
  }
}

/** Tokens by id: 0 padding, 1 unknown, 2 END, then the tokens that are frequent enough, the most frequent first. */
export class TokenVocabulary {
  private readonly ids: ReadonlyMap<string, number>;

  constructor(readonly tokens: readonly string[], readonly digits: Digits) {
    this.ids = new Map(tokens.map((token, i) => [token, i + SPECIALS]));
  }

  /** @throws DataError when no token occurs `minFrequency` times. */
  static fit({ counts, digits }: TokenCounts, minFrequency: number): TokenVocabulary {
    const kept = [...counts].filter(([, n]) => n >= minFrequency).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    if (kept.length === 0) throw new DataError(`No word or character occurs ${minFrequency} times: there is nothing to learn from. Lower --min_word_freq or use more lines.`);
    return new TokenVocabulary(kept.map(([token]) => token), digits);
  }

  /** Number of ids. */
  get size(): number {
    return this.tokens.length + SPECIALS;
  }

  /** Ids of a line's tokens and END; at most `longest` in all, the rest cut off. */
  encode(line: string, longest: number): Int32Array {
    const out: number[] = [];
    eachToken(line, this.digits, (token) => {
      out.push(this.ids.get(token) ?? UNKNOWN);
      return out.length < longest - 1;
    });
    out.push(END_OF_LINE);
    return Int32Array.from(out);
  }

  /** The text of an id. */
  text(id: number): string {
    return id < SPECIALS ? ['', '<unknown>', '<end>'][id] : this.tokens[id - SPECIALS] ?? '';
  }
}
