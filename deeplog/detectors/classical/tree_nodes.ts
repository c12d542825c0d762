/** A binary tree as plain arrays, one entry a node, the root first. */
export interface TreeNodes {
  /** Column that the node cuts, −1 for a leaf. */
  readonly column: number[];
  /** Where it cuts; of a leaf, its value. */
  readonly value: number[];
  /** Node for vectors at or below the cut. */
  readonly left: number[];
  readonly right: number[];
}

export function emptyTree(): TreeNodes {
  return { column: [], value: [], left: [], right: [] };
}

/** Appends a node without children and gives its index. */
export function addNode(tree: TreeNodes, column: number, value: number): number {
  tree.column.push(column);
  tree.value.push(value);
  tree.left.push(-1);
  return tree.right.push(-1) - 1;
}

export function leafValue({ column, value, left, right }: TreeNodes, vector: Float64Array): number {
  let node = 0;
  while (column[node] >= 0) node = vector[column[node]] <= value[node] ? left[node] : right[node];
  return value[node];
}

/** The cuts on the way to a vector's leaf. */
export function cutsTo({ column, value, left, right }: TreeNodes, vector: Float64Array): { column: number; cut: number; above: boolean }[] {
  const out: { column: number; cut: number; above: boolean }[] = [];
  for (let node = 0; column[node] >= 0;) {
    const above = vector[column[node]] > value[node];
    out.push({ column: column[node], cut: value[node], above });
    node = above ? right[node] : left[node];
  }
  return out;
}
