import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { CountVectors } from './count_vectors.js';
import { PLAIN_COUNTS, type TrainingVectors, type VectorMethod } from './vector_method.js';

/** Σ coefficients × counts of the columns = 0. */
interface Invariant {
  readonly columns: readonly number[];
  readonly coefficients: readonly number[];
}

interface InvariantsModel {
  readonly invariants: readonly Invariant[];
}

/** loglizer's defaults: an invariant holds for 98 % of the sessions; its coefficients are whole numbers, the smallest 1, 2 or 3. */
const HOLDS_FOR = 0.98;
const SCALES = [1, 2, 3] as const;
/** Events of fewer sessions are not mined: what holds for 98 % of a handful says nothing. */
const MIN_SHARE = 0.01;
/** Events in an invariant at most. */
const LONGEST = 3;

/**
 * Lou et al., USENIX ATC 2010 (loglizer's InvariantsMiner): linear relations between event counts that normal sessions keep to. The score is
 * Σ |coefficients · counts| over the invariants, 0 for a session that keeps to all of them. Two differences from loglizer: an invariant must hold
 * for 98 % of the sessions *that have one of its events* (any two rare events would be an invariant otherwise), and one that follows from
 * others is left out by its rank, not by its columns.
 */
export const invariantsMining: VectorMethod<InvariantsModel> = {
  id: 'invariants-mining',
  features: PLAIN_COUNTS,
  supervised: false,
  fit(train) {
    const width = train.vectors[0].length;
    // No training session has an unknown event: an invariant of one column.
    const found: Invariant[] = [{ columns: [width - 1], coefficients: [1] }];
    const basis = new Basis(width);
    basis.add(found[0]);
    const columns = frequentColumns(train);
    const gram = gramOf(train);
    for (let length = 2; length <= LONGEST; length++) {
      for (const chosen of combinations(columns, length)) {
        const invariant = invariantOf(chosen, gram, train);
        if (invariant !== null && basis.add(invariant)) found.push(invariant);
      }
    }
    return { invariants: found };
  },
  scorer({ invariants }) {
    return (vector) => invariants.reduce((sum, invariant) => sum + Math.abs(valueOf(invariant, vector)), 0);
  },
  ownThreshold() {
    return { value: 1e-6, rule: 'any invariant broken' };
  },
  explain({ invariants }, vector, columns) {
    return invariants.filter((i) => valueOf(i, vector) !== 0).map((i) => {
      const column = i.columns.find((c) => vector[c] > 0) ?? i.columns[0];
      return { column, score: Math.abs(valueOf(i, vector)), reason: `${inWords(i, columns)} does not hold: ${i.columns.map((c) => `${vector[c]} × ${columns.name(c)}`).join(', ')}` };
    }).sort((a, b) => b.score - a.score);
  },
  pattern: {
    kind: 'broken invariants',
    names({ invariants }, vector, columns) {
      return invariants.filter((i) => valueOf(i, vector) !== 0).map((i) => `${inWords(i, columns)} is off by ${valueOf(i, vector)}`);
    },
  },
  notes({ invariants }) {
    return [`${invariants.length} invariants of up to ${LONGEST} events`];
  },
};

function valueOf({ columns, coefficients }: Invariant, vector: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < columns.length; k++) sum += coefficients[k] * vector[columns[k]];
  return sum;
}

function inWords({ columns, coefficients }: Invariant, names: CountVectors): string {
  const side = (sign: number): string => columns.flatMap((c, k) => (coefficients[k] * sign > 0 ? [`${Math.abs(coefficients[k]) === 1 ? '' : `${Math.abs(coefficients[k])} × `}${names.name(c)}`] : [])).join(' + ') || '0';
  return `${side(1)} = ${side(-1)}`;
}

function frequentColumns({ vectors, sessions, total }: TrainingVectors): number[] {
  const out: number[] = [];
  for (let c = 0; c < vectors[0].length; c++) {
    let having = 0;
    vectors.forEach((x, v) => { if (x[c] > 0) having += sessions[v]; });
    if (having >= MIN_SHARE * total) out.push(c);
  }
  return out;
}

/** XᵀX, each session counted. */
function gramOf({ vectors, sessions }: TrainingVectors): Matrix {
  const width = vectors[0].length;
  const gram = Matrix.zeros(width, width);
  vectors.forEach((x, v) => {
    const present = Array.from(x.keys()).filter((c) => x[c] !== 0);
    for (const a of present) for (const b of present) gram.set(a, b, gram.get(a, b) + sessions[v] * x[a] * x[b]);
  });
  return gram;
}

function* combinations(items: readonly number[], length: number, from = 0): Generator<number[]> {
  if (length === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= items.length - length; i++) for (const rest of combinations(items, length - 1, i + 1)) yield [items[i], ...rest];
}

/** The relation of these columns that comes closest to holding, in whole numbers; null where it does not hold often enough. */
function invariantOf(columns: readonly number[], gram: Matrix, { vectors, sessions }: TrainingVectors): Invariant | null {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram.selection([...columns], [...columns]), { assumeSymmetric: true });
  const direction = eigenvectorMatrix.getColumn(realEigenvalues.indexOf(Math.min(...realEigenvalues)));
  const smallest = direction.reduce((least, x) => (Math.abs(x) < Math.abs(least) ? x : least));
  if (Math.abs(smallest) < 1e-6) return null;
  for (const scale of SCALES) {
    const coefficients = direction.map((x) => Math.round((x * scale) / smallest));
    if (coefficients.includes(0)) continue;
    const invariant = { columns, coefficients };
    let concerned = 0;
    let kept = 0;
    vectors.forEach((x, v) => {
      if (columns.every((c) => x[c] === 0)) return;
      concerned += sessions[v];
      if (valueOf(invariant, x) === 0) kept += sessions[v];
    });
    if (kept >= HOLDS_FOR * concerned) return invariant;
  }
  return null;
}

/** Orthonormal directions of the invariants so far. */
class Basis {
  private readonly directions: Float64Array[] = [];

  constructor(private readonly width: number) {}

  /** Whether the invariant says something that those before it do not. */
  add({ columns, coefficients }: Invariant): boolean {
    const rest = new Float64Array(this.width);
    columns.forEach((c, k) => { rest[c] = coefficients[k]; });
    const length = Math.hypot(...coefficients);
    for (const d of this.directions) {
      const along = d.reduce((sum, x, c) => sum + x * rest[c], 0);
      for (let c = 0; c < this.width; c++) rest[c] -= along * d[c];
    }
    const left = Math.sqrt(rest.reduce((sum, x) => sum + x * x, 0));
    if (left < 1e-9 * length) return false;
    this.directions.push(rest.map((x) => x / left));
    return true;
  }
}
