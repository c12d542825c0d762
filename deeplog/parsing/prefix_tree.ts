import type { TokenTable } from './token_table.js';
import type { NodeState } from './miner_state.js';

/** A node of Drain's tree; leaves hold clusters. */
export interface TreeNode {
  readonly children: Map<number, TreeNode>;
  clusterIds: number[];
}

export interface TreeRules {
  /** Children per node, the wildcard's included. */
  readonly maxChildren: number;
  /** A token with a digit goes under the wildcard. */
  readonly parametrizeNumericTokens: boolean;
}

function newNode(): TreeNode {
  return { children: new Map(), clusterIds: [] };
}

/** Where a token leads when searching: its own child, else the wildcard's. */
function descend(node: TreeNode, token: number, wildcard: number): TreeNode | undefined {
  return (token >= 0 ? node.children.get(token) : undefined) ?? node.children.get(wildcard);
}

/** Drain3's rule for descending on insertion: numbers share the wildcard, and so do tokens beyond `max_children`. */
function childFor(node: TreeNode, token: number, wildcard: number, rules: TreeRules, tokens: TokenTable): TreeNode {
  const { children } = node;
  const known = children.get(token);
  if (known !== undefined) return known;
  const create = (key: number): TreeNode => {
    const child = newNode();
    children.set(key, child);
    return child;
  };
  const wild = children.get(wildcard);
  if (rules.parametrizeNumericTokens && hasDigit(tokens.text(token))) return wild ?? create(wildcard);
  const { maxChildren } = rules;
  if (wild !== undefined) return children.size < maxChildren ? create(token) : wild;
  if (children.size + 1 < maxChildren) return create(token);
  // The last place is kept for the wildcard. Drain3 would crash when max_children is 1 and that place is taken already.
  return create(wildcard);
}

function idsBelow(node: TreeNode): number[] {
  const ids = [...node.clusterIds];
  for (const child of node.children.values()) ids.push(...idsBelow(child));
  return ids;
}

function saveNode(node: TreeNode, tokens: TokenTable): NodeState {
  return { children: Array.from(node.children, ([token, child]) => [tokens.text(token), saveNode(child, tokens)] as const), clusters: node.clusterIds };
}

function restoreNode(state: NodeState, tokens: TokenTable): TreeNode {
  const node = newNode();
  for (const [token, child] of state.children) node.children.set(tokens.internText(token), restoreNode(child, tokens));
  node.clusterIds.push(...state.clusters);
  return node;
}

/** Python's str.isdigit of any character: decimal digits of every script, and superscript digits. */
export function hasDigit(text: string): boolean {
  return /[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468]/u.test(text);
}

/** A tree of fixed depth: a first level of the parser's own choice, then levels by token, then leaves with clusters. */
export class FixedDepthTree {
  private readonly root = new Map<number, TreeNode>();

  constructor(private readonly tokens: TokenTable, private readonly wildcard: number, private readonly isAlive: (id: number) => boolean) {}

  /** The leaf that tokens[first, last) lead to from `key`. */
  leaf(key: number, tokens: Int32Array, first: number, last: number): TreeNode | undefined {
    let node = this.root.get(key);
    for (let i = first; i < last && node !== undefined; i++) node = descend(node, tokens[i], this.wildcard);
    return node;
  }

  /** Puts a cluster into the leaf of its tokens[first, last), making the way there; clusters that were forgotten leave. */
  put(id: number, key: number, tokens: Int32Array, first: number, last: number, rules: TreeRules): void {
    let node = this.root.get(key);
    if (node === undefined) {
      node = newNode();
      this.root.set(key, node);
    }
    for (let i = first; i < last; i++) node = childFor(node, tokens[i], this.wildcard, rules, this.tokens);
    node.clusterIds = node.clusterIds.filter(this.isAlive);
    node.clusterIds.push(id);
  }

  /** All clusters below a first-level key. */
  idsUnder(key: number): number[] {
    const node = this.root.get(key);
    return node === undefined ? [] : idsBelow(node);
  }

  save(name: (key: number) => string | number | null): unknown {
    return Array.from(this.root, ([key, node]) => [name(key), saveNode(node, this.tokens)] as const);
  }

  restore<K>(tree: unknown, keyOf: (name: K) => number): void {
    for (const [name, node] of tree as readonly (readonly [K, NodeState])[]) this.root.set(keyOf(name), restoreNode(node, this.tokens));
  }
}
