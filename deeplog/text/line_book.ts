import type { TokenVocabulary } from './token_vocabulary.js';

/** Distinct lines as token ids: lines that differ only in what the vocabulary does not tell apart are one. */
export class LineBook {
  /** Token ids of each distinct line. */
  readonly lines: Int32Array[] = [];
  /** The first line of each kind, as it stands. */
  readonly examples: string[] = [];
  /** How often each was counted. */
  readonly weights: number[] = [];
  private readonly known = new Map<string, number>();

  constructor(readonly vocabulary: TokenVocabulary, readonly longest: number) {}

  get size(): number {
    return this.lines.length;
  }

  /** The number of the line's kind, from 0. */
  intern(line: string, weight = 0): number {
    const ids = this.vocabulary.encode(line, this.longest);
    const key = String.fromCharCode(...ids);
    const at = this.known.get(key) ?? this.append(key, ids, line);
    this.weights[at] += weight;
    return at;
  }

  /** Counts the line, unless its kind is new and there are `most` kinds already; says whether it did. */
  tally(line: string, most: number): boolean {
    const ids = this.vocabulary.encode(line, this.longest);
    const key = String.fromCharCode(...ids);
    const known = this.known.get(key);
    if (known === undefined && this.size >= most) return false;
    this.weights[known ?? this.append(key, ids, line)]++;
    return true;
  }

  private append(key: string, ids: Int32Array, line: string): number {
    const at = this.lines.length;
    this.known.set(key, at);
    this.lines.push(ids);
    this.examples.push(line);
    this.weights.push(0);
    return at;
  }
}
