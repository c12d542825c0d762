/** One template and how often it was seen. */
export interface Cluster {
  readonly id: number;
  /** Token ids; the wildcard is {@link TemplateParser.wildcard}. Spell and JaccardDrain replace it by a longer or shorter one. */
  tokens: Int32Array;
  size: number;
}

/** Nothing changed, a template got more wildcards, or a cluster is new. */
export type Change = 'none' | 'created' | 'changed';

/** How hard `match` looks: along the tree only, everywhere when that fails, or everywhere at once. */
export type FullSearch = 'never' | 'fallback' | 'always';

/** An online algorithm that sorts messages, as token ids, into clusters. */
export interface TemplateParser {
  readonly wildcard: number;
  readonly store: ClusterStore;
  /** What the last {@link add} did. */
  change: Change;
  clustersCreated: number;
  /** Rises whenever a template is created or changed: a search has the same result as before while it stands still. */
  version: number;
  /**
   * Learns one message: ids[0, count), tokens that stand in no template below 0; sets `change`. `internAll` turns the message into
   * interned ids when a new cluster needs them.
   */
  add(ids: Int32Array, count: number, internAll: () => Int32Array): Cluster;
  /** The cluster whose template the message fits, or null. Nothing is learned. */
  match(ids: Int32Array, count: number, fullSearch: FullSearch): Cluster | null;
  /** Takes in a cluster that was learned elsewhere; its tokens must be of this parser's table. */
  adopt(cluster: Cluster): void;
  /** Templates of different branches are never joined when states are merged; null: this parser joins none but equal ones. */
  branch(tokens: Int32Array): string | null;
  /** Two templates of one branch that merging joins. */
  alike(a: Int32Array, b: Int32Array): boolean;
  /** The tree as plain data, and back; the clusters are stored beside it. */
  saveTree(): unknown;
  restoreTree(tree: unknown): void;
}

/** The living clusters of a parser; with a limit, the least recently used ones give way. */
export class ClusterStore {
  private readonly byId: (Cluster | undefined)[] = [];
  /** Clusters by recency, oldest first; only kept when there is a limit. */
  private readonly recency: Map<number, Cluster> | null;

  /** `onForget`: told of every cluster that gave way. */
  constructor(private readonly limit: number | null, private readonly onForget: (cluster: Cluster) => void = () => undefined) {
    this.recency = limit === null ? null : new Map();
  }

  get(id: number): Cluster | undefined {
    return this.recency === null ? this.byId[id] : this.recency.get(id);
  }

  /** In order of their ids. */
  *clusters(): IterableIterator<Cluster> {
    if (this.recency !== null) yield* [...this.recency.values()].sort((a, b) => a.id - b.id);
    else for (const cluster of this.byId) if (cluster) yield cluster;
  }

  /** The one used longest ago first when there is a limit; else by id. */
  byRecency(): IterableIterator<Cluster> {
    return this.recency ? this.recency.values() : this.clusters();
  }

  put(cluster: Cluster): void {
    if (this.recency === null || this.limit === null) {
      this.byId[cluster.id] = cluster;
      return;
    }
    this.recency.set(cluster.id, cluster);
    if (this.recency.size <= this.limit) return;
    for (const oldest of this.recency.values()) {
      this.recency.delete(oldest.id);
      this.onForget(oldest);
      return;
    }
  }

  /** Counts one more message of a cluster, or more. */
  revisit(cluster: Cluster, messages = 1): void {
    cluster.size += messages;
    if (this.recency === null) return;
    this.recency.delete(cluster.id);
    this.recency.set(cluster.id, cluster);
  }
}
