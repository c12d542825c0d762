import { LevenshteinFrom } from './levenshtein.js';

/** Training sequences with the same events in any order: one lower bound serves them all. */
interface Bag {
  readonly length: number;
  readonly symbols: readonly number[];
  readonly counts: readonly number[];
  /** Sequences, by index. */
  readonly members: number[];
}

export interface Nearest {
  readonly sequence: number;
  /** Edits as a share of the longer sequence. */
  readonly distance: number;
}

/**
 * Finds the nearest of many sequences by normalised Levenshtein distance (edits / length of the longer). Two sequences need at least as many
 * edits as the longer has events that the other lacks, so that most sequences are never compared: bags come in order of that bound, and the
 * search ends where it reaches the best distance found.
 */
export class NearestSequence {
  private readonly symbolOf = new Map<number, number>();
  private readonly bags: Bag[] = [];
  private readonly encoded: Int32Array[];
  private readonly known = new Map<string, number>();
  private readonly bounds = new Map<string, { readonly order: Uint32Array; readonly bound: Float64Array }>();

  constructor(readonly sequences: readonly Uint32Array[]) {
    // Event 0 means that no template fits: two of them are not the same.
    for (const s of sequences) for (const e of s) if (e !== 0 && !this.symbolOf.has(e)) this.symbolOf.set(e, this.symbolOf.size);
    this.encoded = sequences.map((s) => this.encode(s));
    const byName = new Map<string, Bag>();
    sequences.forEach((s, i) => {
      if (!s.includes(0)) this.known.set(s.join(' '), i);
      const name = s.slice().sort().join(' ');
      let bag = byName.get(name);
      if (bag === undefined) {
        const counts = countsOf(this.encoded[i]);
        byName.set(name, (bag = { length: s.length, symbols: [...counts.keys()], counts: [...counts.values()], members: [] }));
        this.bags.push(bag);
      }
      bag.members.push(i);
    });
  }

  find(events: Uint32Array): Nearest {
    const same = this.known.get(events.join(' '));
    if (same !== undefined) return { sequence: same, distance: 0 };
    const { order, bound } = this.boundsOf(events);
    const symbols = this.encode(events);
    const from = new LevenshteinFrom(symbols, this.symbolOf.size);
    let best: Nearest = { sequence: 0, distance: Infinity };
    for (const b of order) {
      if (floorOf(bound[b]) >= best.distance) break;
      if (bound[b] >= best.distance) continue;
      const longer = Math.max(1, events.length, this.bags[b].length);
      for (const member of this.bags[b].members) {
        const distance = from.distance(this.encoded[member]) / longer;
        if (distance < best.distance) best = { sequence: member, distance };
      }
    }
    return best;
  }

  /** Bags by rising lower bound; the same for all sequences of one bag. */
  private boundsOf(events: Uint32Array): { readonly order: Uint32Array; readonly bound: Float64Array } {
    const name = events.slice().sort().join(' ');
    let known = this.bounds.get(name);
    if (known === undefined) {
      const own = new Int32Array(this.symbolOf.size);
      for (const s of this.encode(events)) if (s >= 0) own[s]++;
      const bound = Float64Array.from(this.bags, ({ length, symbols, counts }) => {
        let common = 0;
        for (let k = 0; k < symbols.length; k++) common += Math.min(counts[k], own[symbols[k]]);
        const longer = Math.max(events.length, length);
        return longer === 0 ? 0 : (longer - common) / longer;
      });
      known = { order: inOrder(bound), bound };
      if (this.bounds.size >= BOUNDS_KEPT) this.bounds.clear();
      this.bounds.set(name, known);
    }
    return known;
  }

  private encode(events: Uint32Array): Int32Array {
    return Int32Array.from(events, (e) => this.symbolOf.get(e) ?? -1);
  }
}

/** Sequences of one bag mostly come soon after each other. */
const BOUNDS_KEPT = 1000;

/** Bounds are put in order by steps of this, which takes one pass; within a step they stand as they come. */
const STEPS = 256;

function floorOf(bound: number): number {
  return Math.floor(bound * STEPS) / STEPS;
}

function inOrder(bound: Float64Array): Uint32Array {
  const starts = new Uint32Array(STEPS + 2);
  for (const b of bound) starts[Math.floor(b * STEPS) + 1]++;
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const order = new Uint32Array(bound.length);
  bound.forEach((b, i) => { order[starts[Math.floor(b * STEPS)]++] = i; });
  return order;
}

function countsOf(symbols: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const s of symbols) if (s >= 0) counts.set(s, (counts.get(s) ?? 0) + 1);
  return counts;
}
