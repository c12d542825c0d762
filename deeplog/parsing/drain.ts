import { UsageError } from '../common/index.js';
import { ClusterStore, type Change, type Cluster, type FullSearch, type TemplateParser } from './parser.js';
import { FixedDepthTree, hasDigit, type TreeRules } from './prefix_tree.js';
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

/**
 * Drain: an online log parser with a fixed-depth tree (He et al., ICWS 2017), with Drain3's rules: first level by token
 * count, then by leading tokens; leaves hold clusters; similarity is the share of equal, non-wildcard tokens.
 * Works on token ids, so that a message costs a few integer comparisons.
 */
export class Drain implements TemplateParser {
  readonly wildcard: number;
  readonly store: ClusterStore;
  change: Change = 'none';
  clustersCreated = 0;
  version = 0;
  /** First level: token count. */
  private readonly tree: FixedDepthTree;
  private readonly maxNodeDepth: number;

  constructor(readonly options: DrainOptions, readonly tokens: TokenTable, wildcardText = '<*>') {
    if (options.depth < 3) throw new UsageError(`[DRAIN] depth is ${options.depth}; it must be at least 3.`);
    this.maxNodeDepth = options.depth - 2;
    this.wildcard = tokens.internText(wildcardText);
    this.store = new ClusterStore(options.maxClusters);
    this.tree = new FixedDepthTree(tokens, this.wildcard, (id) => this.store.get(id) !== undefined);
  }

  add(ids: Int32Array, count: number, internAll: () => Int32Array): Cluster {
    const found = this.search(ids, count, this.options.simTh, false);
    if (found === null) {
      const cluster: Cluster = { id: ++this.clustersCreated, tokens: internAll(), size: 1 };
      this.take(cluster, this.options);
      this.change = 'created';
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
    this.store.revisit(found);
    return found;
  }

  /** Where {@link add} would put the message if that changes no template; null: it would. */
  peek(ids: Int32Array, count: number): Cluster | null {
    const found = this.search(ids, count, this.options.simTh, false);
    if (found === null) return null;
    const { tokens } = found;
    for (let i = 0; i < count; i++) if (tokens[i] !== ids[i] && tokens[i] !== this.wildcard) return null;
    return found;
  }

  /** Repeats what another Drain learned: its cluster `id` is new or has new tokens. What it did before must have been repeated, in order. */
  follow(id: number, tokens: Int32Array): void {
    const known = this.store.get(id);
    if (known === undefined) this.take({ id, size: 0, tokens }, this.options);
    else {
      known.tokens = tokens;
      this.version++;
    }
  }

  /** Every token must be equal or a wildcard. */
  match(ids: Int32Array, count: number, fullSearch: FullSearch): Cluster | null {
    if (fullSearch !== 'always') {
      const found = this.search(ids, count, 1, true);
      if (found !== null || fullSearch === 'never') return found;
    }
    return this.best(this.tree.idsUnder(count), ids, count, 1, true);
  }

  /** Whatever `max_children` says: in a merged tree each branch has a leaf of its own, else templates of two would meet in one unlearned. */
  adopt(cluster: Cluster): void {
    this.take(cluster, { ...this.options, maxChildren: Infinity });
  }

  /**
   * The branch of the tree that a template belongs to whatever came before it: its length and leading tokens, numbers as wildcards.
   * Templates of one branch stand in one leaf; a leaf holds several branches only where `max_children` was reached.
   */
  branch(tokens: Int32Array): string {
    const leading = this.leading(tokens.length);
    let key = String(tokens.length);
    for (let i = 0; i < leading; i++) key += ` ${this.options.parametrizeNumericTokens && hasDigit(this.tokens.text(tokens[i])) ? this.wildcard : tokens[i]}`;
    return key;
  }

  alike(a: Int32Array, b: Int32Array): boolean {
    if (a.length === 0) return true;
    let same = 0;
    for (let i = 0; i < a.length; i++) if (a[i] === b[i] && a[i] !== this.wildcard) same++;
    return same / a.length >= this.options.simTh;
  }

  saveTree(): unknown {
    return this.tree.save((count) => count);
  }

  restoreTree(tree: unknown): void {
    this.tree.restore(tree, (count: number) => count);
  }

  private search(ids: Int32Array, count: number, simTh: number, includeParams: boolean): Cluster | null {
    const leaf = this.tree.leaf(count, ids, 0, this.leading(count));
    return leaf === undefined ? null : this.best(leaf.clusterIds, ids, count, simTh, includeParams);
  }

  /** How many tokens lead to a leaf. */
  private leading(count: number): number {
    return Math.min(this.maxNodeDepth, count) - 1;
  }

  /** The most similar candidate when it reaches simTh; ties go to the one with more parameters, then to the first. */
  private best(candidates: readonly number[], ids: Int32Array, count: number, simTh: number, includeParams: boolean): Cluster | null {
    const wildcard = this.wildcard;
    let bestSame = -1;
    let bestWild = -1;
    let best: Cluster | null = null;
    for (let c = 0; c < candidates.length; c++) {
      const cluster = this.store.get(candidates[c]);
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
    // Messages without tokens are all the same.
    return count === 0 || bestSame / count >= simTh ? best : null;
  }

  private take(cluster: Cluster, rules: TreeRules): void {
    const { id, tokens } = cluster;
    this.store.put(cluster);
    this.tree.put(id, tokens.length, tokens, 0, this.leading(tokens.length), rules);
    this.version++;
  }
}
