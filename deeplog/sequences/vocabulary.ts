/** Vocabulary indices of the specials; event ids come after them. */
export const PAD = 0;
export const UNK = 1;
export const END = 2;
const FIRST_EVENT = 3;

/**
 * Event ids of the training part as indices 3, 4, …, in order of id; everything else is UNK. Event 0 (no template fits) is
 * never known, wherever it was seen.
 */
export class Vocabulary {
  private readonly indexOfEvent: Map<number, number>;

  constructor(readonly events: readonly number[]) {
    this.indexOfEvent = new Map(events.map((e, i) => [e, i + FIRST_EVENT]));
  }

  /** From training sequences only: what validation and test hold must stay unknown. */
  static fit(sequences: Iterable<ArrayLike<number>>): Vocabulary {
    const seen = new Set<number>();
    for (const sequence of sequences) for (let i = 0; i < sequence.length; i++) seen.add(sequence[i]);
    seen.delete(0);
    return new Vocabulary([...seen].sort((a, b) => a - b));
  }

  /** Number of indices, the specials included. */
  get size(): number {
    return this.events.length + FIRST_EVENT;
  }

  index(event: number): number {
    return this.indexOfEvent.get(event) ?? UNK;
  }

  /** The event of an index, or null for a special. */
  event(index: number): number | null {
    return index < FIRST_EVENT ? null : this.events[index - FIRST_EVENT];
  }
}
