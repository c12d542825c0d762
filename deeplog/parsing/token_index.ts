import type { Cluster } from './parser.js';

interface Entry {
  readonly cluster: Cluster;
  /** Distinct tokens of the template, the wildcard apart. */
  readonly constants: number;
  /** Distinct message tokens found in it, valid when `stamp` is the search's. */
  shared: number;
  stamp: number;
}

/**
 * Which templates hold which tokens, so that a message is only compared with those that share enough of them:
 * most of a log's templates share next to nothing with a message.
 */
export class TokenIndex {
  private readonly entries = new Map<number, Entry>();
  private readonly postings = new Map<number, Entry[]>();
  /** Templates without any constant fit every message. */
  private readonly allWild = new Set<Entry>();
  private stamp = 0;
  private touched: Entry[] = [];

  constructor(private readonly wildcard: number) {}

  put(cluster: Cluster): void {
    const distinct = new Set(cluster.tokens);
    const entry: Entry = { cluster, constants: distinct.size - (distinct.has(this.wildcard) ? 1 : 0), shared: 0, stamp: 0 };
    this.entries.set(cluster.id, entry);
    if (entry.constants === 0) this.allWild.add(entry);
    for (const token of distinct) {
      const list = this.postings.get(token);
      if (list === undefined) this.postings.set(token, [entry]);
      else list.push(entry);
    }
  }

  /** `tokens`: the template as it was put in. */
  remove(id: number, tokens: Int32Array): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    this.entries.delete(id);
    this.allWild.delete(entry);
    for (const token of new Set(tokens)) {
      const rest = (this.postings.get(token) ?? []).filter((e) => e !== entry);
      if (rest.length === 0) this.postings.delete(token);
      else this.postings.set(token, rest);
    }
  }

  /** Counts, for every template, the distinct tokens of ids[0, count) that it holds; to be called before the two searches. */
  count(ids: Int32Array, count: number): void {
    this.stamp++;
    this.touched = [];
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const token = ids[i];
      if (token < 0 || seen.has(token)) continue;
      seen.add(token);
      const list = this.postings.get(token);
      if (list === undefined) continue;
      for (const entry of list) {
        if (entry.stamp !== this.stamp) {
          entry.stamp = this.stamp;
          entry.shared = 0;
          this.touched.push(entry);
        }
        entry.shared++;
      }
    }
  }

  /** The earliest template of at least `minLength` tokens all of whose constants are among the counted tokens. */
  firstContained(minLength: number, wildcardCounted: boolean): Cluster | null {
    let best: Cluster | null = null;
    const consider = ({ cluster }: Entry): void => {
      if (cluster.tokens.length >= minLength && (best === null || cluster.id < best.id)) best = cluster;
    };
    for (const entry of this.touched) {
      const shared = wildcardCounted && entry.cluster.tokens.includes(this.wildcard) ? entry.shared - 1 : entry.shared;
      if (shared === entry.constants && entry.constants > 0) consider(entry);
    }
    for (const entry of this.allWild) consider(entry);
    return best;
  }

  /** Templates that hold at least `least` of the counted tokens, in order of their ids. */
  sharing(least: number): Cluster[] {
    if (least <= 0) return Array.from(this.entries.values(), (e) => e.cluster).sort((a, b) => a.id - b.id);
    return this.touched.filter((e) => e.shared >= least).map((e) => e.cluster).sort((a, b) => a.id - b.id);
  }
}
