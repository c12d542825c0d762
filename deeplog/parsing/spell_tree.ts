import { DataError } from '../common/index.js';
import type { ClusterStore, Cluster } from './parser.js';
import type { TokenTable } from './token_table.js';

interface SpellNode {
  readonly children: Map<number, SpellNode>;
  /** Templates that pass through. */
  passing: number;
  /** Id of the template that ends here; 0: none. */
  cluster: number;
}

/**
 * Spell's prefix tree over the constants of templates: a message goes down it, skipping tokens, to the template whose constants are a
 * subsequence of it. Kept as the published implementation has it (logpai/logparser), since results depend on it: the
 * first child that fits is final, and a template that is a prefix of another stays where it ended after it has changed.
 */
export class SpellTree {
  private root = newSpellNode();

  constructor(private readonly wildcard: number, private readonly tau: number, private readonly store: ClusterStore) {}

  find(ids: Int32Array, count: number): Cluster | null {
    let node = this.root;
    for (let i = 0; i < count; i++) {
      const child = ids[i] >= 0 ? node.children.get(ids[i]) : undefined;
      if (child === undefined) continue;
      const cluster = child.cluster === 0 ? undefined : this.store.get(child.cluster);
      if (cluster === undefined) node = child;
      else if (this.constants(cluster.tokens).length >= this.tau * count) return cluster;
    }
    return null;
  }

  put(cluster: Cluster): void {
    let node = this.root;
    for (const token of this.constants(cluster.tokens)) {
      let child = node.children.get(token);
      if (child === undefined) {
        child = newSpellNode();
        node.children.set(token, child);
      }
      child.passing++;
      node = child;
    }
    if (node !== this.root && (node.cluster === 0 || this.store.get(node.cluster) === undefined)) node.cluster = cluster.id;
  }

  remove(tokens: Int32Array): void {
    let node = this.root;
    for (const token of this.constants(tokens)) {
      const child = node.children.get(token);
      if (child === undefined) continue;
      if (child.passing === 1) {
        node.children.delete(token);
        return;
      }
      child.passing--;
      node = child;
    }
  }

  save(tokens: TokenTable): unknown {
    const plain = (node: SpellNode): unknown[] => [node.passing, node.cluster, ...Array.from(node.children, ([t, child]) => [tokens.text(t), plain(child)])];
    return plain(this.root);
  }

  /** @throws DataError when it is no such tree. */
  restore(saved: unknown, tokens: TokenTable): void {
    const node = (from: unknown): SpellNode => {
      if (!Array.isArray(from)) throw new DataError('its tree is no Spell tree');
      const [passing, cluster, ...children] = from as [number, number, ...[string, unknown][]];
      return { passing, cluster, children: new Map(children.map(([t, child]) => [tokens.internText(t), node(child)])) };
    };
    this.root = node(saved);
  }

  private constants(tokens: Int32Array): Int32Array {
    return tokens.filter((t) => t !== this.wildcard);
  }
}

function newSpellNode(): SpellNode {
  return { children: new Map(), passing: 0, cluster: 0 };
}
