import type { Masker } from './masking.js';
import type { CachedMessage } from './message_cache.js';
import type { TokenScanner } from './token_scanner.js';

/** Finds where a message's parameters stand: what is under a template's wildcards, and what masks replaced. */
export class ParameterFinder {
  count = 0;
  /** Byte spans in the message's buffer. */
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  /** The mask's index, or −1 for a plain wildcard. */
  masks = new Int32Array(256);

  constructor(private readonly scanner: TokenScanner, private readonly masker: Masker) {}

  /** A template with a token for each of the message's: those under a wildcard are parameters. */
  locateAligned(tokens: Int32Array, wildcard: number): void {
    const { scanner } = this;
    const { rawStarts, rawEnds, maskFrom, maskTo } = scanner;
    let count = 0;
    for (let i = 0; i < tokens.length; i++) {
      if (tokens[i] === wildcard) {
        if (count === this.starts.length) this.grow();
        this.starts[count] = rawStarts[i];
        this.ends[count] = rawEnds[i];
        this.masks[count] = -1;
        count++;
      } else if (maskTo[i] > maskFrom[i]) count = this.locateMasks(i, count);
    }
    this.count = count;
  }

  /** The same for a template of the user's. */
  locateWhere(isWildcard: (i: number) => boolean): void {
    this.count = 0;
    for (let i = 0; i < this.scanner.count; i++) {
      if (isWildcard(i)) this.push(this.scanner.rawStarts[i], this.scanner.rawEnds[i]);
      else this.count = this.locateMasks(i, this.count);
    }
  }

  /**
   * A template of another length than the message (Spell, JaccardDrain): its constants are found in order, each as early as can be. Tokens
   * between two of them are one parameter each when there are as many as wildcards, else one together.
   */
  locateLoosely(template: Int32Array, wildcard: number, ids: Int32Array): void {
    const { scanner } = this;
    this.count = 0;
    let wildcards = 0;
    let from = 0; // first message token not accounted for
    for (let t = 0; t <= template.length; t++) {
      if (t < template.length && template[t] === wildcard) {
        wildcards++;
        continue;
      }
      let at = from;
      while (at < scanner.count && (t === template.length || ids[at] !== template[t])) at++;
      if (at === scanner.count && t < template.length) continue; // not in this message
      if (at - from === wildcards) for (let i = from; i < at; i++) this.push(scanner.rawStarts[i], scanner.rawEnds[i]);
      else if (at > from) this.push(scanner.rawStarts[from], scanner.rawEnds[at - 1]);
      if (t < template.length) this.count = this.locateMasks(at, this.count);
      from = at + 1;
      wildcards = 0;
    }
  }

  /** What was found when the same masked message came before, in a message that begins at `start`. */
  recall(entry: CachedMessage, start: number): void {
    const { parameterGaps: gaps, parameterOffsets: offsets, parameterMasks } = entry;
    const { ends } = this.masker;
    const count = parameterMasks.length;
    for (let p = 0; p < count; p++) {
      const from = gaps[2 * p];
      const to = gaps[2 * p + 1];
      this.starts[p] = (from === 0 ? start : ends[from - 1]) + offsets[2 * p];
      this.ends[p] = (to === 0 ? start : ends[to - 1]) + offsets[2 * p + 1];
      this.masks[p] = parameterMasks[p];
    }
    this.count = count;
  }

  private push(start: number, end: number): void {
    if (this.count === this.starts.length) this.grow();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.masks[this.count++] = -1;
  }

  /** A literal token of the template may hold masks: each of them is a parameter. */
  private locateMasks(token: number, from: number): number {
    let count = from;
    for (let s = this.scanner.maskFrom[token]; s < this.scanner.maskTo[token]; s++) {
      if (count === this.starts.length) this.grow();
      this.starts[count] = this.masker.starts[s];
      this.ends[count] = this.masker.ends[s];
      this.masks[count] = this.masker.masks[s];
      count++;
    }
    return count;
  }

  private grow(): void {
    const larger = (a: Int32Array): Int32Array<ArrayBuffer> => {
      const out = new Int32Array(a.length * 2);
      out.set(a);
      return out;
    };
    this.starts = larger(this.starts);
    this.ends = larger(this.ends);
    this.masks = larger(this.masks);
  }
}
