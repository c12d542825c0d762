/** Symbols of a back-off model: events by their index in the vocabulary, from FIRST_EVENT on. */
export const START = 0;
export const END = 1;
export const UNKNOWN = 2;
const FIRST_EVENT = 3;

/** Each step to a shorter context costs this factor (Brants et al. 2007, "stupid back-off"). */
const BACK_OFF = 0.4;

/** What followed a context in training. */
interface Followers {
  readonly counts: Map<number, number>;
  total: number;
}

export interface Judgement {
  /** 1: the likeliest follower; an unknown symbol comes after all known ones. */
  readonly rank: number;
  readonly probability: number;
  /** Symbols of the longest context that training knows, the nearest first. */
  readonly context: readonly number[];
}

/** Flat form of the model, for JSON. */
export interface SavedBackOff {
  readonly history: number;
  readonly ends: boolean;
  readonly events: readonly number[];
  /** Of each context but the empty one, in order: the context that is one symbol shorter, and the symbol before it. */
  readonly contexts: readonly (readonly [parent: number, symbol: number])[];
  /** Of each context: symbol, count, symbol, count, … */
  readonly followers: readonly (readonly number[])[];
}

/**
 * An n-gram model that ranks: what follows the longest context that training knows comes first, by falling count; then what follows shorter
 * ones and has not been named yet, down to no context at all (Katz 1987). Contexts are a trie over what lies before, the nearest first.
 */
export class BackOffModel {
  private readonly indexOf: ReadonlyMap<number, number>;
  private readonly children = new Map<number, number>();
  private readonly contexts: [number, number][] = [];
  private readonly followers: Followers[] = [{ counts: new Map(), total: 0 }];
  private readonly judged = new Map<number, { rank: number; probability: number }>();

  /** @param events the known ones; `history` symbols of context at most; `ends`: where a session ends is to be foreseen, too */
  constructor(readonly events: readonly number[], readonly history: number, readonly ends: boolean) {
    this.indexOf = new Map(events.map((e, i) => [e, i + FIRST_EVENT]));
  }

  get symbols(): number {
    return this.events.length + FIRST_EVENT;
  }

  symbol(event: number): number {
    return this.indexOf.get(event) ?? UNKNOWN;
  }

  event(symbol: number): number | null {
    return symbol < FIRST_EVENT ? null : this.events[symbol - FIRST_EVENT];
  }

  /** A training sequence that `count` sessions have. */
  learn(sequence: Uint32Array, count: number): void {
    const symbols = Array.from(sequence, (e) => this.symbol(e));
    const last = this.ends ? symbols.length : symbols.length - 1;
    for (let i = 0; i <= last; i++) {
      const next = i === symbols.length ? END : symbols[i];
      let node = 0;
      this.count(node, next, count);
      for (let h = 1; h <= this.history && i - h >= -1; h++) {
        node = this.child(node, i - h < 0 ? START : symbols[i - h]);
        this.count(node, next, count);
      }
    }
  }

  /** Every position of a sequence, and its end where ends are foreseen. */
  *judge(sequence: Uint32Array): Generator<Judgement & { readonly index: number }> {
    const symbols = Array.from(sequence, (e) => this.symbol(e));
    const last = this.ends ? symbols.length : symbols.length - 1;
    for (let i = 0; i <= last; i++) {
      const context: number[] = [];
      let node = 0;
      for (let h = 1; h <= this.history && i - h >= -1; h++) {
        const before = i - h < 0 ? START : symbols[i - h];
        const child = this.children.get(node * this.symbols + before);
        if (child === undefined) break;
        node = child;
        context.push(before);
      }
      yield { index: i, context, ...this.judgeAt(node, i === symbols.length ? END : symbols[i]) };
    }
  }

  /** The likeliest followers of a context, by its own counts. */
  expected(context: readonly number[], most: number): { symbol: number; probability: number }[] {
    let node = 0;
    for (const symbol of context) node = this.children.get(node * this.symbols + symbol) ?? node;
    const { counts, total } = this.followers[node];
    return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most).map(([symbol, n]) => ({ symbol, probability: n / total }));
  }

  toJSON(): SavedBackOff {
    return { history: this.history, ends: this.ends, events: this.events, contexts: this.contexts, followers: this.followers.map((f) => [...f.counts].flat()) };
  }

  static fromJSON({ history, ends, events, contexts, followers }: SavedBackOff): BackOffModel {
    const model = new BackOffModel(events, history, ends);
    for (const [parent, symbol] of contexts) model.child(parent, symbol);
    followers.forEach((flat, node) => {
      for (let i = 0; i < flat.length; i += 2) model.count(node, flat[i], flat[i + 1]);
    });
    return model;
  }

  private child(parent: number, symbol: number): number {
    const key = parent * this.symbols + symbol;
    let node = this.children.get(key);
    if (node === undefined) {
      this.children.set(key, (node = this.followers.length));
      this.contexts.push([parent, symbol]);
      this.followers.push({ counts: new Map(), total: 0 });
    }
    return node;
  }

  private count(node: number, symbol: number, n: number): void {
    const known = this.followers[node];
    known.counts.set(symbol, (known.counts.get(symbol) ?? 0) + n);
    known.total += n;
  }

  private judgeAt(node: number, symbol: number): { rank: number; probability: number } {
    const key = node * this.symbols + symbol;
    let found = this.judged.get(key);
    if (found === undefined) this.judged.set(key, (found = this.rankAt(node, symbol)));
    return found;
  }

  private rankAt(from: number, symbol: number): { rank: number; probability: number } {
    const named = new Set<number>();
    let discount = 1;
    for (let node = from; ; node = this.contexts[node - 1][0], discount *= BACK_OFF) {
      const { counts, total } = this.followers[node];
      const own = symbol === UNKNOWN ? undefined : counts.get(symbol);
      if (own !== undefined) {
        let before = named.size;
        for (const [other, n] of counts) if (!named.has(other) && n > own) before++;
        return { rank: before + 1, probability: (discount * own) / total };
      }
      for (const other of counts.keys()) named.add(other);
      // Never seen anywhere: rarer than anything that was.
      if (node === 0) return { rank: this.symbols, probability: (discount * BACK_OFF) / (total + 1) };
    }
  }
}
