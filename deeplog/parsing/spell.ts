import { UsageError } from '../common/index.js';
import { lcs, lcsLength } from './lcs.js';
import { ClusterStore, type Change, type Cluster, type FullSearch, type TemplateParser } from './parser.js';
import { SpellTree } from './spell_tree.js';
import { TokenIndex } from './token_index.js';
import type { TokenTable } from './token_table.js';

export interface SpellOptions {
  /** A message joins the template with which it has the longest common subsequence, when that is at least this share of the message. */
  readonly tau: number;
  readonly maxClusters: number | null;
}

/** Half of a message's tokens must stand in a template for the two to be compared (the published implementation's shortcut). */
const LEAST_SHARED = 0.5;

/**
 * Spell: streaming parsing by longest common subsequence (Du and Li, ICDM 2016), in the form whose accuracies are published
 * (logpai/logparser): prefix tree, then the first template whose tokens all stand in the message, then the longest common subsequence.
 * The last two look through an index of tokens instead of all templates; the result is the same.
 * Apart from that one thing differs: an empty message is a template of its own, where the original gives it to the shortest template and empties that.
 */
export class Spell implements TemplateParser {
  readonly wildcard: number;
  readonly store: ClusterStore;
  change: Change = 'none';
  clustersCreated = 0;
  version = 0;
  private readonly tree: SpellTree;
  private readonly index: TokenIndex;
  private empty: Cluster | null = null;
  private constants = new Int32Array(256);

  constructor(readonly options: SpellOptions, readonly tokens: TokenTable, wildcardText = '<*>') {
    if (!(options.tau > 0 && options.tau <= 1)) throw new UsageError(`--tau is ${options.tau}; it must be above 0 and at most 1.`);
    this.wildcard = tokens.internText(wildcardText);
    this.index = new TokenIndex(this.wildcard);
    this.store = new ClusterStore(options.maxClusters, (cluster) => {
      this.tree.remove(cluster.tokens);
      this.index.remove(cluster.id, cluster.tokens);
      if (cluster === this.empty) this.empty = null;
    });
    this.tree = new SpellTree(this.wildcard, options.tau, this.store);
  }

  add(ids: Int32Array, count: number, internAll: () => Int32Array): Cluster {
    this.change = 'none';
    const fitting = this.fitting(ids, count, true);
    if (fitting !== null) {
      this.store.revisit(fitting);
      return fitting;
    }
    const similar = count === 0 ? null : this.mostSimilar(ids, count);
    if (similar === null) {
      const cluster: Cluster = { id: ++this.clustersCreated, tokens: internAll(), size: 1 };
      this.adopt(cluster);
      this.change = 'created';
      return cluster;
    }
    const template = templateOf(lcs(ids, count, similar.tokens), similar.tokens, this.wildcard);
    if (template.length !== similar.tokens.length || template.some((t, i) => t !== similar.tokens[i])) {
      this.tree.remove(similar.tokens);
      this.index.remove(similar.id, similar.tokens);
      similar.tokens = template;
      this.tree.put(similar);
      this.index.put(similar);
      this.change = 'changed';
      this.version++;
    }
    this.store.revisit(similar);
    return similar;
  }

  /** The message must hold all constants of the template. */
  match(ids: Int32Array, count: number, fullSearch: FullSearch): Cluster | null {
    return this.fitting(ids, count, fullSearch !== 'never');
  }

  adopt(cluster: Cluster): void {
    this.store.put(cluster);
    this.version++;
    if (cluster.tokens.length === 0) this.empty = cluster;
    else {
      this.tree.put(cluster);
      this.index.put(cluster);
    }
  }

  branch(): null {
    return null;
  }

  alike(): boolean {
    return false;
  }

  saveTree(): unknown {
    return this.tree.save(this.tokens);
  }

  restoreTree(saved: unknown): void {
    for (const cluster of this.store.clusters()) {
      if (cluster.tokens.length === 0) this.empty = cluster;
      else this.index.put(cluster);
    }
    this.tree.restore(saved, this.tokens);
  }

  private fitting(ids: Int32Array, count: number, everywhere: boolean): Cluster | null {
    if (count === 0) return this.empty;
    if (this.constants.length < count) this.constants = new Int32Array(count * 2);
    let constants = 0;
    for (let i = 0; i < count; i++) if (ids[i] !== this.wildcard) this.constants[constants++] = ids[i];
    const found = this.tree.find(this.constants, constants);
    if (found !== null || !everywhere) return found;
    this.index.count(ids, count);
    return this.index.firstContained(LEAST_SHARED * constants, constants < count);
  }

  /** Longest common subsequence; ties go to the shorter template, then to the earlier. Needs the index's count of this message. */
  private mostSimilar(ids: Int32Array, count: number): Cluster | null {
    let longest = -1;
    let best: Cluster | null = null;
    for (const cluster of this.index.sharing(LEAST_SHARED * count)) {
      const bound = Math.min(count, cluster.tokens.length);
      if (bound < longest || (bound === longest && best !== null && cluster.tokens.length >= best.tokens.length)) continue;
      const length = lcsLength(ids, count, cluster.tokens);
      if (length > longest || (length === longest && best !== null && cluster.tokens.length < best.tokens.length)) {
        longest = length;
        best = cluster;
      }
    }
    return longest >= this.options.tau * count ? best : null;
  }
}

/** The template with only the common subsequence left of its tokens, wildcards for the others; what follows the last is one wildcard. */
function templateOf(common: readonly number[], template: Int32Array, wildcard: number): Int32Array {
  const out: number[] = [];
  let next = 0;
  let i = 0;
  for (; i < template.length && next < common.length; i++) {
    if (template[i] === common[next]) {
      out.push(template[i]);
      next++;
    } else out.push(wildcard);
  }
  if (i < template.length) out.push(wildcard);
  return Int32Array.from(out);
}
