/**
 * Levenshtein distances of one sequence to many, bit-parallel (Myers 1999; in blocks of 32 after Hyyrö 2003): a column of the table
 * costs some fifteen operations per 32 symbols. Symbols are 0 … symbols − 1; a negative one equals nothing.
 */
export class LevenshteinFrom {
  private readonly blocks: number;
  /** Which positions of the sequence hold each symbol, by [block × symbols + symbol]. */
  private readonly positions: Int32Array;
  private readonly up: Int32Array;
  private readonly down: Int32Array;

  constructor(private readonly from: ArrayLike<number>, private readonly symbols: number) {
    this.blocks = Math.max(1, Math.ceil(from.length / 32));
    this.positions = new Int32Array(this.blocks * symbols);
    for (let i = 0; i < from.length; i++) if (from[i] >= 0) this.positions[(i >> 5) * symbols + from[i]] |= 1 << (i & 31);
    this.up = new Int32Array(this.blocks);
    this.down = new Int32Array(this.blocks);
  }

  distance(to: ArrayLike<number>): number {
    const m = this.from.length;
    if (m === 0) return to.length;
    const { blocks, positions, symbols, up, down } = this;
    up.fill(-1); // vertical differences +1 everywhere: the first column is 0 … m
    down.fill(0);
    const lastBit = 1 << ((m - 1) & 31);
    let score = m;
    for (let j = 0; j < to.length; j++) {
      const symbol = to[j];
      // Horizontal difference that comes into the block from above: +1 at the top row, 0 … n.
      let carry = 1;
      for (let b = 0; b < blocks; b++) {
        const pv = up[b];
        const mv = down[b];
        let eq = symbol < 0 ? 0 : positions[b * symbols + symbol];
        const xv = eq | mv;
        if (carry < 0) eq |= 1;
        const xh = (((eq & pv) + pv) ^ pv) | eq;
        let ph = mv | ~(xh | pv);
        let mh = pv & xh;
        const bit = b === blocks - 1 ? lastBit : 1 << 31;
        const out = ph & bit ? 1 : mh & bit ? -1 : 0;
        ph <<= 1;
        mh <<= 1;
        if (carry < 0) mh |= 1;
        else if (carry > 0) ph |= 1;
        up[b] = mh | ~(xv | ph);
        down[b] = ph & xv;
        carry = out;
      }
      score += carry;
    }
    return score;
  }
}

/** One step that turns one sequence into another. */
export interface Edit {
  readonly kind: 'insert' | 'delete' | 'replace';
  /** Where it happens in the sequence that is changed. */
  readonly index: number;
  /** What is put there: null for a deletion. */
  readonly symbol: number | null;
}

/** A shortest way from one sequence to another; quadratic, for showing. */
export function editsBetween(from: ArrayLike<number>, to: ArrayLike<number>): Edit[] {
  const [m, n] = [from.length, to.length];
  const cost = new Uint32Array((m + 1) * (n + 1));
  const at = (i: number, j: number): number => i * (n + 1) + j;
  for (let i = 0; i <= m; i++) {
    for (let j = 0; j <= n; j++) {
      if (i === 0 || j === 0) cost[at(i, j)] = i + j;
      else cost[at(i, j)] = Math.min(cost[at(i - 1, j)] + 1, cost[at(i, j - 1)] + 1, cost[at(i - 1, j - 1)] + (from[i - 1] === to[j - 1] ? 0 : 1));
    }
  }
  const edits: Edit[] = [];
  for (let i = m, j = n; i > 0 || j > 0;) {
    if (i > 0 && j > 0 && cost[at(i, j)] === cost[at(i - 1, j - 1)] + (from[i - 1] === to[j - 1] ? 0 : 1)) {
      if (from[i - 1] !== to[j - 1]) edits.push({ kind: 'replace', index: i - 1, symbol: to[j - 1] });
      i--;
      j--;
    } else if (i > 0 && cost[at(i, j)] === cost[at(i - 1, j)] + 1) edits.push({ kind: 'delete', index: --i, symbol: null });
    else edits.push({ kind: 'insert', index: i, symbol: to[--j] });
  }
  return edits.reverse();
}
