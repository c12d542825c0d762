import type { Instruction } from './regex_program.js';

/** More states than this and the table would not stay in cache: RegExp is used instead. */
export const MAX_STATES = 512;
const BYTES = 128;
const MAX_SKIP = 16;

interface Automaton {
  /** next state = table[state × 128 + byte]; state 0 is dead. */
  readonly table: Uint16Array;
  /** States ≥ this one accept. */
  readonly accepting: number;
  /** States ≥ this one accept by a thread that began after the start state was last left (unanchored automata only). */
  readonly acceptingLater: number;
  readonly start: number;
}

/** A pattern whose matches in ASCII bytes are found in linear time. */
export interface Pattern {
  /** Of the match last found. */
  readonly matchStart: number;
  readonly matchEnd: number;
  /** 1 for each byte that can occur inside a match. */
  readonly alphabet: Uint8Array;
  /** What stands beside the bytes matters. */
  readonly looksAround: boolean;
  /** Finds the leftmost match in bytes[from, end); `before` and `behind`: the bytes beside them, or EDGE where the text ends. */
  find(bytes: Uint8Array, from: number, end: number, before?: number, behind?: number): boolean;
}

/**
 * A pattern compiled to two automata over ASCII bytes: forward and unanchored to find where the leftmost match ends
 * (leftmost-first, as Python and JavaScript match), backward to find where it began. Linear in the input whatever the pattern.
 * Method: RE2, R. Cox, "Regular Expression Matching in the Wild", 2010.
 */
export class BytePattern implements Pattern {
  matchStart = 0;
  matchEnd = 0;
  readonly looksAround = false;
  readonly alphabet: Uint8Array;
  private readonly first: Uint8Array;
  private readonly shortest: number;
  private readonly within: Uint8Array;

  private constructor(private readonly forward: Automaton, private readonly backward: Automaton, { first, shortest, within, alphabet }: Outlook) {
    this.first = first;
    this.shortest = shortest;
    this.within = within;
    this.alphabet = alphabet;
  }

  /** Null when the pattern can match the empty string, or the automaton would be too large. */
  static of(program: readonly Instruction[], reversed: readonly Instruction[]): BytePattern | null {
    const outlook = outlookOf(program);
    const forward = outlook && determinise(program, true);
    const backward = outlook && determinise(reversed, false);
    return outlook && forward && backward && new BytePattern(forward, backward, outlook);
  }

  /**
   * Finds the leftmost match in bytes[from, end), which must be ASCII; sets matchStart and matchEnd.
   */
  find(bytes: Uint8Array, from: number, end: number): boolean {
    const { table, accepting, acceptingLater, start } = this.forward;
    const { first, within } = this;
    const reach = this.shortest - 1;
    let state = start;
    let last = -1;
    let begun = -1;
    let left = from;
    let i = from;
    for (;;) {
      if (state === start) {
        // A byte that cannot stand in the opening of a match rules out every start up to it (as Horspool does).
        while (i + reach < end) {
          if (within[bytes[i + reach]] === 0) i += reach + 1;
          else if (first[bytes[i]] === 0) i++;
          else break;
        }
        if (i + reach >= end) break;
        left = i;
      }
      if (i >= end) break;
      state = table[(state << 7) | bytes[i]];
      i++;
      if (state >= accepting) {
        // The rest of a run of digits or the like, where each byte leads back to the same state.
        const row = state << 7;
        while (i < end && table[row | bytes[i]] === state) i++;
        last = i;
        begun = state < acceptingLater ? left : -1;
      } else if (state === 0) break;
    }
    if (last < 0) return false;
    this.matchEnd = last;
    this.matchStart = begun >= 0 ? begun : this.beginning(bytes, from, last);
    return true;
  }

  private beginning(bytes: Uint8Array, from: number, end: number): number {
    const { table, accepting, start } = this.backward;
    let state = start;
    let begin = end;
    for (let i = end - 1; i >= from; i--) {
      state = table[(state << 7) | bytes[i]];
      if (state === 0) break;
      if (state >= accepting) begin = i;
    }
    return begin;
  }
}

function merge(into: Uint8Array, instruction: Instruction): void {
  if (instruction.op === 'set') for (let b = 0; b < BYTES; b++) into[b] |= instruction.bytes[b];
}

/** Program counters reachable without reading a byte, in priority order. */
function closure(program: readonly Instruction[], from: readonly number[]): number[] {
  const seen = new Set<number>();
  const out: number[] = [];
  const visit = (pc: number): void => {
    if (seen.has(pc)) return;
    seen.add(pc);
    const instruction = program[pc];
    if (instruction.op === 'jump') visit(instruction.to);
    else if (instruction.op === 'split') { visit(instruction.first); visit(instruction.second); }
    else out.push(pc);
  };
  for (const pc of from) visit(pc);
  return out;
}

/** The same with every assertion taken to hold. */
function passing(program: readonly Instruction[], from: readonly number[]): number[] {
  const out = new Set<number>();
  for (let open = [...from]; open.length > 0;) {
    const reached = closure(program, open).filter((pc) => !out.has(pc));
    for (const pc of reached) out.add(pc);
    open = reached.flatMap((pc) => (program[pc].op === 'assert' ? [pc + 1] : []));
  }
  return [...out].filter((pc) => program[pc].op !== 'assert');
}

/** What can be said of matches without the automata: enough to pass over text that cannot begin one. */
export interface Outlook {
  /** 1 for each byte that can begin a match. */
  readonly first: Uint8Array;
  /** Length of the shortest match, at most MAX_SKIP. */
  readonly shortest: number;
  /** 1 for each byte that can stand at one of the first `shortest` places of a match. */
  readonly within: Uint8Array;
  /** 1 for each byte that can occur inside a match. */
  readonly alphabet: Uint8Array;
}

/** Null when the pattern can match the empty string. */
export function outlookOf(program: readonly Instruction[]): Outlook | null {
  const starts = passing(program, [0]);
  if (starts.some((pc) => program[pc].op === 'match')) return null;
  const first = new Uint8Array(256);
  const alphabet = new Uint8Array(256);
  for (const pc of starts) merge(first, program[pc]);
  for (const instruction of program) merge(alphabet, instruction);
  return { first, alphabet, ...opening(program) };
}

/** What the first places of a match look like: the length of the shortest match and the bytes that may stand there. */
function opening(program: readonly Instruction[]): { shortest: number; within: Uint8Array } {
  const within = new Uint8Array(256);
  let threads = passing(program, [0]);
  let shortest = 0;
  while (shortest < MAX_SKIP && !threads.some((pc) => program[pc].op === 'match')) {
    for (const pc of threads) merge(within, program[pc]);
    threads = passing(program, threads.map((pc) => pc + 1));
    shortest++;
  }
  return { shortest, within };
}

/** A thread of the simulation: where it stands, and whether it began after the start state was left. */
interface Thread {
  readonly pc: number;
  readonly later: boolean;
}

/**
 * Subset construction over ordered thread lists. Unanchored: a restart follows every list at the lowest priority, and the list
 * is cut after its first match, since a lower-priority thread can no longer win. Anchored: the longest match is kept.
 */
function determinise(program: readonly Instruction[], unanchored: boolean): Automaton | null {
  // The start state is one of its own even where another has the same threads: leaving it is what marks a beginning.
  type Entry = { threads: Thread[]; restart: boolean; accepts: 'no' | 'first' | 'later'; isStart: boolean; next: string[] };
  const close = (threads: readonly Thread[]): Thread[] => {
    const seen = new Set<number>();
    return threads.flatMap(({ pc, later }) => closure(program, [pc]).filter((q) => !seen.has(q) && seen.add(q)).map((q) => ({ pc: q, later })));
  };
  const normal = (threads: readonly Thread[], restart: boolean, atStart: boolean): Omit<Entry, 'next'> => {
    const all = close(restart ? [...threads, { pc: 0, later: !atStart && threads.length > 0 }] : threads);
    const at = all.findIndex(({ pc }) => program[pc].op === 'match');
    if (at < 0) return { threads: all, restart, accepts: 'no', isStart: atStart };
    const accepts = all[at].later ? 'later' : 'first';
    return unanchored ? { threads: all.slice(0, at), restart: false, accepts, isStart: atStart } : { threads: all.filter((_, i) => i !== at), restart, accepts, isStart: atStart };
  };
  const entries = new Map<string, Entry>();
  const queue: Entry[] = [];
  const intern = (e: Omit<Entry, 'next'>): string => {
    const key = `${e.threads.map((t) => (t.later ? `${t.pc}+` : t.pc)).join(',')}|${e.restart}|${e.accepts}|${e.isStart}`;
    if (!entries.has(key)) {
      const entry = { ...e, next: [] };
      entries.set(key, entry);
      queue.push(entry);
    }
    return key;
  };
  const { classOf, members } = byteClasses(program);
  const startKey = intern(normal([{ pc: 0, later: false }], unanchored, true));
  for (let entry = queue.pop(); entry; entry = queue.pop()) {
    if (entries.size > MAX_STATES) return null;
    for (const [k, b] of members.entries()) {
      const after: Thread[] = [];
      for (const { pc, later } of entry.threads) {
        const instruction = program[pc];
        if (instruction.op === 'set' && instruction.bytes[b] === 1) after.push({ pc: pc + 1, later });
      }
      // No thread alive: the search is back in its start state, or over.
      entry.next[k] = after.length > 0 ? intern(normal(after, entry.restart, false)) : entry.restart ? startKey : '';
    }
  }
  const of = (kind: Entry['accepts']): string[] => [...entries].filter(([, e]) => e.accepts === kind).map(([key]) => key);
  const ids = new Map<string, number>();
  for (const key of ['', ...of('no'), ...of('first'), ...of('later')]) ids.set(key, ids.size);
  const table = new Uint16Array(ids.size * BYTES);
  for (const [key, entry] of entries) {
    const row = idOf(ids, key) * BYTES;
    const next = entry.next.map((k) => idOf(ids, k));
    for (let b = 0; b < BYTES; b++) table[row + b] = next[classOf[b]];
  }
  const accepting = 1 + of('no').length;
  return { table, accepting, acceptingLater: accepting + of('first').length, start: idOf(ids, startKey) };
}

/** Bytes that no instruction tells apart are one class: the class of each byte, and a member of each class. */
export function byteClasses(program: readonly Instruction[]): { classOf: Uint8Array; members: number[] } {
  const sets = program.flatMap((i) => (i.op === 'set' ? [i.bytes] : i.op === 'assert' ? i.places.flatMap((p) => [p.before, p.behind]) : []));
  const classes = new Map<string, number>();
  const classOf = new Uint8Array(BYTES);
  const members: number[] = [];
  for (let b = 0; b < BYTES; b++) {
    const key = sets.map((bytes) => bytes[b]).join('');
    const known = classes.get(key);
    classOf[b] = known ?? members.push(b) - 1;
    if (known === undefined) classes.set(key, classOf[b]);
  }
  return { classOf, members };
}

function idOf(ids: ReadonlyMap<string, number>, key: string): number {
  return ids.get(key) ?? 0;
}
