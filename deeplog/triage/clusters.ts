import { createHash } from 'node:crypto';

/** One cluster: all that is needed to tell whether a vector belongs to it. */
export interface Cluster {
  /** Follows from the centre, so that it is the same wherever the cluster is founded again. */
  readonly name: string;
  readonly centre: readonly number[];
}

/**
 * Clusters of vectors that come one after the other (the leader algorithm: Hartigan, Clustering Algorithms, 1975, chapter 3): a vector
 * belongs to the first cluster whose centre is at most `radius` away, and founds one, with itself as the centre, when there is none.
 * A centre never moves and the oldest cluster has precedence, so a vector that was named once keeps its name whatever comes later:
 * an answer that was given for a cluster goes on meaning what it meant.
 */
export class Clusters {
  private readonly byName: Map<string, Cluster>;

  /** @param known in the order in which they were founded */
  constructor(readonly radius: number, known: readonly Cluster[] = []) {
    this.byName = new Map(known.map((c) => [c.name, c]));
  }

  /** In the order in which they were founded. */
  get all(): readonly Cluster[] {
    return [...this.byName.values()];
  }

  /** The name of the vector's cluster. */
  name(vector: ArrayLike<number>): string {
    for (const { name, centre } of this.byName.values()) if (within(centre, vector, this.radius)) return name;
    const centre = Array.from(vector);
    const name = `cluster ${createHash('sha256').update(JSON.stringify(centre)).digest('hex').slice(0, NAME_DIGITS)}`;
    this.byName.set(name, { name, centre });
    return name;
  }
}

const NAME_DIGITS = 12;

/** Euclidean; vectors of another length are nowhere near. */
function within(a: ArrayLike<number>, b: ArrayLike<number>, radius: number): boolean {
  if (a.length !== b.length) return false;
  const most = radius * radius;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += (a[i] - b[i]) ** 2;
    if (sum > most) return false;
  }
  return true;
}
