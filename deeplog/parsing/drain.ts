import { UsageError } from '../common/index.js';
import type { TokenTable } from './token_table.js';

export interface DrainOptions {
  readonly simTh: number;
  readonly depth: number;
  readonly maxChildren: number;
  /** Least recently used clusters are forgotten beyond this many; null: never. */
  readonly maxClusters: number | null;
  readonly parametrizeNumericTokens: boolean;
}

export const DRAIN_DEFAULTS: DrainOptions = { simTh: 0.4, depth: 4, maxChildren: 100, maxClusters: null, parametrizeNumericTokens: true };

export interface Cluster {
  readonly id: number;
  /** Token ids; the wildcard is {@link Drain.wildcard}. */
  readonly tokens: Int32Array;
  size: number;
}

export interface DrainNode {
  readonly children: Map<number, DrainNode>;
  clusterIds: number[];
}

/** Nothing changed, a template got more wildcards, or a cluster is new. */
export type Change = 'none' | 'created' | 'changed';

/** How hard `match` looks: along the tree only, everywhere when that fails, or everywhere at once. */
export type FullSearch = 'never' | 'fallback' | 'always';

/**
 * Drain: an online log parser with a fixed-depth tree (He et al., ICWS 2017), with Drain3's rules: first level by token
 * count, then by leading tokens; leaves hold clusters; similarity is the share of equal, non-wildcard tokens.
 * Works on token ids, so that a message costs a few integer comparisons.
 */
export class Drain {
  readonly wildcard: number;
  readonly root = new Map<number, DrainNode>();
  change: Change = 'none';
  clustersCreated = 0;
  /** Rises whenever a template is created or changed: a search has the same result as before while it stands still. */
  version = 0;
  private readonly maxNodeDepth: number;
  private byId: (Cluster | undefined)[] = [];
  /** Clusters by recency, oldest first; only kept when there is a limit. */
  private readonly recency: Map<number, Cluster> | null;

  constructor(readonly options: DrainOptions, readonly tokens: TokenTable, wildcardText = '<*>') {
    if (options.depth < 3) throw new UsageError(`[DRAIN] depth is ${options.depth}; it must be at least 3.`);
    this.maxNodeDepth = options.depth - 2;
    this.wildcard = tokens.internText(wildcardText);
    this.recency = options.maxClusters === null ? null : new Map();
  }

  get(id: number): Cluster | undefined {
    return this.byId[id];
  }

  /** Living clusters in order of their ids. */
  *clusters(): IterableIterator<Cluster> {
    for (const cluster of this.byId) if (cluster) yield cluster;
  }

  /** Living clusters, the one used longest ago first when there is a limit; else by id. */
  byRecency(): IterableIterator<Cluster> {
    return this.recency ? this.recency.values() : this.clusters();
  }

  /**
   * Learns one message: ids[0, count), unknown tokens −1; sets `change`. `internAll` turns the message into interned ids
   * when a new cluster needs them.
   */
  add(ids: Int32Array, count: number, internAll: () => Int32Array): Cluster {
    const found = this.search(ids, count, this.options.simTh, false);
    if (found === null) {
      const cluster: Cluster = { id: ++this.clustersCreated, tokens: internAll(), size: 1 };
      this.store(cluster);
      this.insert(cluster);
      this.change = 'created';
      this.version++;
      return cluster;
    }
    this.change = 'none';
    const { tokens } = found;
    const wildcard = this.wildcard;
    for (let i = 0; i < count; i++) {
      if (tokens[i] !== ids[i] && tokens[i] !== wildcard) {
        tokens[i] = wildcard;
        this.change = 'changed';
      }
    }
    if (this.change === 'changed') this.version++;
    this.revisit(found);
    return found;
  }

  /** Counts one more message of a cluster whose template it does not change. */
  revisit(cluster: Cluster): void {
    cluster.size++;
    if (this.recency !== null) this.touch(cluster);
  }

  /** The cluster that the message fits exactly (every token equal or a wildcard), or null. Nothing is learned. */
  match(ids: Int32Array, count: number, fullSearch: FullSearch): Cluster | null {
    if (fullSearch !== 'always') {
      const found = this.search(ids, count, 1, true);
      if (found !== null || fullSearch === 'never') return found;
    }
    const top = this.root.get(count);
    return top ? this.best(idsBelow(top), ids, count, 1, true) : null;
  }

  /** Puts a cluster back as it was saved; the tree is restored beside it. */
  store(cluster: Cluster): void {
    this.byId[cluster.id] = cluster;
    if (this.recency === null || this.options.maxClusters === null) return;
    this.recency.set(cluster.id, cluster);
    if (this.recency.size > this.options.maxClusters) {
      const oldest = this.recency.keys().next();
      if (!oldest.done) {
        this.recency.delete(oldest.value);
        this.byId[oldest.value] = undefined;
      }
    }
  }

  /** Takes in a cluster that was learned elsewhere; its tokens must be of this table. */
  adopt(cluster: Cluster): void {
    this.store(cluster);
    this.insert(cluster);
    this.version++;
  }

  private touch(cluster: Cluster): void {
    this.recency?.delete(cluster.id);
    this.recency?.set(cluster.id, cluster);
  }

  private search(ids: Int32Array, count: number, simTh: number, includeParams: boolean): Cluster | null {
    let node = this.root.get(count);
    if (node === undefined) return null;
    if (count === 0) return this.byId[node.clusterIds[0]] ?? null;
    for (let depth = 1, i = 0; i < count && depth < this.maxNodeDepth && depth !== count; depth++, i++) {
      const children: Map<number, DrainNode> = node.children;
      node = (ids[i] >= 0 ? children.get(ids[i]) : undefined) ?? children.get(this.wildcard);
      if (node === undefined) return null;
    }
    return this.best(node.clusterIds, ids, count, simTh, includeParams);
  }

  /** Highest similarity among the candidates; ties go to the template with more wildcards. */
  private best(candidates: readonly number[], ids: Int32Array, count: number, simTh: number, includeParams: boolean): Cluster | null {
    const wildcard = this.wildcard;
    let bestSame = -1;
    let bestWild = -1;
    let best: Cluster | null = null;
    for (let c = 0; c < candidates.length; c++) {
      const cluster = this.byId[candidates[c]];
      if (cluster === undefined) continue;
      const tokens = cluster.tokens;
      let same = 0;
      let wild = 0;
      for (let i = 0; i < count; i++) {
        const token = tokens[i];
        if (token === wildcard) wild++;
        else if (token === ids[i]) same++;
      }
      if (includeParams) same += wild;
      if (same > bestSame || (same === bestSame && wild > bestWild)) {
        bestSame = same;
        bestWild = wild;
        best = cluster;
      }
    }
    if (count === 0) return best;
    return bestSame / count >= simTh ? best : null;
  }

  private insert(cluster: Cluster): void {
    const count = cluster.tokens.length;
    let node = this.root.get(count);
    if (node === undefined) {
      node = newNode();
      this.root.set(count, node);
    }
    if (count === 0) {
      node.clusterIds = [cluster.id];
      return;
    }
    for (let depth = 1, i = 0; depth < this.maxNodeDepth && depth < count; depth++, i++) node = this.childFor(node, cluster.tokens[i]);
    node.clusterIds = node.clusterIds.filter((id) => this.byId[id] !== undefined);
    node.clusterIds.push(cluster.id);
  }

  /** Drain3's rule for descending on insertion: numbers share the wildcard, and so do tokens beyond `max_children`. */
  private childFor(node: DrainNode, token: number): DrainNode {
    const { children } = node;
    const known = children.get(token);
    if (known !== undefined) return known;
    const create = (key: number): DrainNode => {
      const child = newNode();
      children.set(key, child);
      return child;
    };
    const wild = children.get(this.wildcard);
    if (this.options.parametrizeNumericTokens && hasDigit(this.tokens.text(token))) return wild ?? create(this.wildcard);
    const { maxChildren } = this.options;
    if (wild !== undefined) return children.size < maxChildren ? create(token) : wild;
    if (children.size + 1 < maxChildren) return create(token);
    // The last place is kept for the wildcard. Drain3 would crash when max_children is 1 and that place is taken already.
    return create(this.wildcard);
  }
}

/** Share of positions at which two templates of one length have the same token, wildcards apart: what Drain compares to `sim_th`. */
export function similarity(a: Int32Array, b: Int32Array, wildcard: number): number {
  if (a.length === 0) return 1;
  let same = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i] && a[i] !== wildcard) same++;
  return same / a.length;
}

/**
 * The branch of the tree that a template belongs to whatever came before it: its length and leading tokens, numbers as wildcards.
 * Templates of one branch stand in one leaf; a leaf holds several branches only where `max_children` was reached.
 */
export function drainBranch(drain: Drain, tokens: Int32Array): string {
  const depth = Math.min(drain.options.depth - 3, tokens.length - 1);
  let key = String(tokens.length);
  for (let i = 0; i < depth; i++) key += ` ${drain.options.parametrizeNumericTokens && hasDigit(drain.tokens.text(tokens[i])) ? drain.wildcard : tokens[i]}`;
  return key;
}

export function newNode(): DrainNode {
  return { children: new Map(), clusterIds: [] };
}

function idsBelow(node: DrainNode): number[] {
  const ids = [...node.clusterIds];
  for (const child of node.children.values()) ids.push(...idsBelow(child));
  return ids;
}

/** Python's str.isdigit of any character: decimal digits of every script, and superscript digits. */
function hasDigit(text: string): boolean {
  return /[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468]/u.test(text);
}
