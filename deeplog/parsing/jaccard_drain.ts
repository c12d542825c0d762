import type { DrainOptions } from './drain.js';
import { ClusterStore, type Change, type Cluster, type FullSearch, type TemplateParser } from './parser.js';
import { FixedDepthTree, type TreeRules } from './prefix_tree.js';
import type { TokenTable } from './token_table.js';

/** Drain3 raises the index by this much, so that thresholds mean about what they mean to Drain. */
const GAIN = 1.3;
/** What a match needs: templates and messages may differ in length, so it is not 1. */
const MATCH_THRESHOLD = 0.8;

/**
 * JaccardDrain, as in Drain3 (jaccard_drain.py): the tree begins with the first token instead of the length, and the similarity of a
 * template and a message is the Jaccard index of their sets of tokens. One template can thus hold messages of several lengths.
 * Tokens that stand in no template come as distinct negative ids: the index counts them.
 */
export class JaccardDrain implements TemplateParser {
  readonly wildcard: number;
  readonly store: ClusterStore;
  change: Change = 'none';
  clustersCreated = 0;
  version = 0;
  /** First level: the first token, {@link EMPTY} for messages without any. */
  private readonly tree: FixedDepthTree;
  private readonly maxNodeDepth: number;

  constructor(readonly options: DrainOptions, readonly tokens: TokenTable, wildcardText = '<*>') {
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
    const template = this.joined(found.tokens, ids, count);
    this.change = template.length === found.tokens.length && template.every((t, i) => t === found.tokens[i]) ? 'none' : 'changed';
    if (this.change === 'changed') {
      found.tokens = template;
      this.version++;
    }
    this.store.revisit(found);
    return found;
  }

  match(ids: Int32Array, count: number, fullSearch: FullSearch): Cluster | null {
    if (fullSearch !== 'always') {
      const found = this.search(ids, count, MATCH_THRESHOLD, true);
      if (found !== null || fullSearch === 'never') return found;
    }
    return this.best(this.tree.idsUnder(firstOf(ids, count)), ids, count, MATCH_THRESHOLD, true);
  }

  /** Whatever `max_children` says: in a merged tree each branch has a leaf of its own, else templates of two would meet in one unlearned. */
  adopt(cluster: Cluster): void {
    this.take(cluster, { ...this.options, maxChildren: Infinity });
  }

  branch(): null {
    return null;
  }

  alike(): boolean {
    return false;
  }

  saveTree(): unknown {
    return this.tree.save((token) => (token === EMPTY ? null : this.tokens.text(token)));
  }

  restoreTree(tree: unknown): void {
    this.tree.restore(tree, (token: string | null) => (token === null ? EMPTY : this.tokens.internText(token)));
  }

  private search(ids: Int32Array, count: number, simTh: number, includeParams: boolean): Cluster | null {
    const leaf = this.tree.leaf(firstOf(ids, count), ids, 1, this.last(count));
    return leaf === undefined ? null : this.best(leaf.clusterIds, ids, count, simTh, includeParams);
  }

  /** Tokens from the second to this one, exclusive, lead to a leaf. */
  private last(count: number): number {
    return Math.min(this.maxNodeDepth, count - 1);
  }

  /** The most similar candidate when it reaches simTh; ties go to the one with more parameters, then to the first. */
  private best(candidates: readonly number[], ids: Int32Array, count: number, simTh: number, includeParams: boolean): Cluster | null {
    let bestSimilarity = -1;
    let bestWild = -1;
    let best: Cluster | null = null;
    for (const id of candidates) {
      const cluster = this.store.get(id);
      if (cluster === undefined) continue;
      const wild = cluster.tokens.reduce((n, t) => (t === this.wildcard ? n + 1 : n), 0);
      const similarity = this.similarity(cluster.tokens, wild, ids, count, includeParams);
      if (similarity > bestSimilarity || (similarity === bestSimilarity && wild > bestWild)) {
        bestSimilarity = similarity;
        bestWild = wild;
        best = cluster;
      }
    }
    return bestSimilarity >= simTh ? best : null;
  }

  /** `includeParams`: the template's wildcards do not count; else the wildcard is a token like another. */
  private similarity(template: Int32Array, wild: number, ids: Int32Array, count: number, includeParams: boolean): number {
    if (template.length === 0) return 1;
    const positional = template.length === count && wild > 0;
    const message = new Set<number>();
    for (let i = 0; i < count; i++) if (!positional || template[i] !== this.wildcard) message.add(ids[i]);
    const all = new Set(message);
    let common = 0;
    const counted = new Set<number>();
    for (const t of template) {
      if (counted.has(t) || (includeParams && t === this.wildcard)) continue;
      counted.add(t);
      if (message.has(t)) common++;
      all.add(t);
    }
    // A template of wildcards alone fits: Drain3 would divide by zero.
    return all.size === 0 ? 1 : Math.min(1, (common / all.size) * GAIN);
  }

  /** Of one length: a wildcard where they differ; else the longer one, a wildcard for each token that the other does not have. */
  private joined(template: Int32Array, ids: Int32Array, count: number): Int32Array {
    if (template.length === count) return template.map((t, i) => (t === ids[i] ? t : this.wildcard));
    const message = ids.subarray(0, count);
    const [longer, shorter] = count > template.length ? [message, template] : [template, message];
    const common = new Set(shorter);
    return Int32Array.from(longer, (t) => (common.has(t) ? t : this.wildcard));
  }

  private take(cluster: Cluster, rules: TreeRules): void {
    const { id, tokens } = cluster;
    this.store.put(cluster);
    this.tree.put(id, firstOf(tokens, tokens.length), tokens, 1, this.last(tokens.length), rules);
    this.version++;
  }
}

/** Stands for the first token of a message that has none; no token has this id. */
const EMPTY = -0x7fffffff;

function firstOf(tokens: Int32Array, count: number): number {
  return count === 0 ? EMPTY : tokens[0];
}
