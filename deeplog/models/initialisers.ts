/** Ways a parameter starts, drawn from the generator handed down. All return row-major values. */
export type Initialiser = (random: () => number) => Float32Array;

/** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010); fans are the two dimensions, as in Keras. */
export function glorotUniform(rows: number, columns: number): Initialiser {
  const limit = Math.sqrt(6 / (rows + columns));
  return (random) => Float32Array.from({ length: rows * columns }, () => (random() * 2 - 1) * limit);
}

export function constant(size: number, value: number): Initialiser {
  return () => new Float32Array(size).fill(value);
}

/** Normal with mean 0 (Box–Muller). */
export function normal(size: number, deviation: number): Initialiser {
  return (random) => Float32Array.from({ length: size }, () => gaussian(random) * deviation);
}

/** Rows of [rows, columns] (rows ≤ columns) are orthonormal: Saxe et al. 2013, by Gram–Schmidt over normal draws. */
export function orthogonal(rows: number, columns: number): Initialiser {
  if (rows > columns) throw new RangeError(`orthogonal needs rows ≤ columns, not [${rows}, ${columns}].`);
  return (random) => {
    const values = new Float64Array(rows * columns);
    for (let r = 0; r < rows; r++) {
      const row = values.subarray(r * columns, (r + 1) * columns);
      for (let i = 0; i < columns; i++) row[i] = gaussian(random);
      // Twice is enough: the second pass removes what rounding left of the first.
      for (let pass = 0; pass < 2; pass++) {
        for (let q = 0; q < r; q++) subtractProjection(row, values.subarray(q * columns, (q + 1) * columns));
      }
      const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      for (let i = 0; i < columns; i++) row[i] /= norm;
    }
    return Float32Array.from(values);
  };
}

function subtractProjection(row: Float64Array, unit: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < row.length; i++) dot += row[i] * unit[i];
  for (let i = 0; i < row.length; i++) row[i] -= dot * unit[i];
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
