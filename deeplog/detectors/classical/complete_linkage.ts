/**
 * Complete-linkage clusters of 0 … n−1, cut where clusters are more than `limit` apart; gives each item's cluster, numbered by first
 * appearance. The nearest-neighbour chain (Murtagh 1983): O(n²) time and memory, the same tree as merging the nearest pair each time.
 */
export function completeLinkage(n: number, distance: (a: number, b: number) => number, limit: number): Uint32Array {
  const between = new Float64Array(n * n);
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) between[a * n + b] = between[b * n + a] = distance(a, b);
  const parent = Uint32Array.from({ length: n }, (_, i) => i);
  const alive = new Uint8Array(n).fill(1);
  const chain: number[] = [];
  for (let merges = 0, from = 0; merges < n - 1;) {
    if (chain.length === 0) {
      while (!alive[from]) from++;
      chain.push(from);
    }
    const last = chain[chain.length - 1];
    const before = chain.length > 1 ? chain[chain.length - 2] : -1;
    // The item before wins a tie, or the chain would go round for ever.
    let nearest = before;
    let least = before >= 0 ? between[last * n + before] : Infinity;
    for (let other = 0; other < n; other++) {
      if (alive[other] && other !== last && between[last * n + other] < least) [nearest, least] = [other, between[last * n + other]];
    }
    if (nearest !== before || nearest < 0) {
      chain.push(nearest);
      continue;
    }
    chain.length -= 2;
    merges++;
    const [kept, gone] = [Math.min(last, nearest), Math.max(last, nearest)];
    alive[gone] = 0;
    if (least <= limit) parent[gone] = kept;
    for (let other = 0; other < n; other++) {
      if (alive[other] && other !== kept) between[kept * n + other] = between[other * n + kept] = Math.max(between[kept * n + other], between[gone * n + other]);
    }
  }
  return numbered(parent);
}

function numbered(parent: Uint32Array): Uint32Array {
  const number = new Map<number, number>();
  return parent.map((_, i) => {
    let root = i;
    while (parent[root] !== root) root = parent[root];
    let own = number.get(root);
    if (own === undefined) number.set(root, (own = number.size));
    return own;
  });
}
