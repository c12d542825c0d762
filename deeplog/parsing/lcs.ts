let row = new Int32Array(64);

/** Length of the longest common subsequence of a[0, n) and b. */
export function lcsLength(a: Int32Array, n: number, b: Int32Array): number {
  const m = b.length;
  if (m + 1 > row.length) row = new Int32Array(2 * (m + 1));
  row.fill(0, 0, m + 1);
  for (let i = 0; i < n; i++) {
    const token = a[i];
    let diagonal = 0; // row i − 1, column j − 1
    for (let j = 1; j <= m; j++) {
      const above = row[j];
      if (token === b[j - 1]) row[j] = diagonal + 1;
      else if (row[j - 1] > above) row[j] = row[j - 1];
      diagonal = above;
    }
  }
  return row[m];
}

/** A longest common subsequence of a[0, n) and b; of several, the one that a backward walk finds that gives up tokens of `a` first. */
export function lcs(a: Int32Array, n: number, b: Int32Array): number[] {
  const m = b.length;
  const width = m + 1;
  const lengths = new Int32Array((n + 1) * width);
  for (let i = 1; i <= n; i++) {
    for (let j = 1; j <= m; j++) {
      lengths[i * width + j] = a[i - 1] === b[j - 1] ? lengths[(i - 1) * width + j - 1] + 1 : Math.max(lengths[i * width + j - 1], lengths[(i - 1) * width + j]);
    }
  }
  const out: number[] = [];
  for (let i = n, j = m; i > 0 && j > 0;) {
    const here = lengths[i * width + j];
    if (here === lengths[(i - 1) * width + j]) i--;
    else if (here === lengths[i * width + j - 1]) j--;
    else {
      out.push(a[i - 1]);
      i--;
      j--;
    }
  }
  return out.reverse();
}
