import { regexProgram, type Instruction } from './regex_program.js';

/** More states than this and the table would not stay in cache: RegExp is used instead. */
const MAX_STATES = 512;
const BYTES = 128;

interface Automaton {
  /** next state = table[state × 128 + byte]; state 0 is dead. */
  readonly table: Uint16Array;
  /** States ≥ this one accept. */
  readonly accepting: number;
  readonly start: number;
}

/**
 * A pattern compiled to two automata over ASCII bytes: forward and unanchored to find where the leftmost match ends
 * (leftmost-first, as Python and JavaScript match), backward to find where it began. Linear in the input whatever the pattern.
 * Method: RE2, R. Cox, "Regular Expression Matching in the Wild", 2010.
 */
export class BytePattern {
  matchStart = 0;
  matchEnd = 0;

  private constructor(
    private readonly forward: Automaton,
    private readonly backward: Automaton,
    /** 1 for each byte that can begin a match. */
    private readonly first: Uint8Array,
    /** 1 for each byte that can occur inside a match. */
    readonly alphabet: Uint8Array,
    /** A byte that begins a match occurs nowhere else in one: the match began where the search last left its start state. */
    private readonly beginsUniquely: boolean,
  ) {}

  /** Null when the pattern needs look-around, anchors, back-references, or can match the empty string. */
  static compile(pattern: string): BytePattern | null {
    const program = regexProgram(pattern);
    const reversed = regexProgram(pattern, true);
    if (!program || !reversed || closure(program, [0]).some((pc) => program[pc].op === 'match')) return null;
    const forward = determinise(program, true);
    const backward = determinise(reversed, false);
    if (!forward || !backward) return null;
    const first = new Uint8Array(256);
    const alphabet = new Uint8Array(256);
    for (const pc of closure(program, [0])) merge(first, program[pc]);
    for (const instruction of program) merge(alphabet, instruction);
    return new BytePattern(forward, backward, first, alphabet, beginsUniquely(program, first));
  }

  /**
   * Finds the leftmost match in bytes[from, end), which must be ASCII; sets matchStart and matchEnd.
   */
  find(bytes: Uint8Array, from: number, end: number): boolean {
    const { table, accepting, start } = this.forward;
    const first = this.first;
    let state = start;
    let last = -1;
    let left = from;
    let i = from;
    for (;;) {
      if (state === start) {
        while (i < end && first[bytes[i]] === 0) i++;
        left = i;
      }
      if (i >= end) break;
      state = table[(state << 7) | bytes[i]];
      i++;
      if (state >= accepting) last = i;
      else if (state === 0) break;
    }
    if (last < 0) return false;
    this.matchEnd = last;
    this.matchStart = this.beginsUniquely ? left : this.beginning(bytes, from, last);
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

function beginsUniquely(program: readonly Instruction[], first: Uint8Array): boolean {
  const later = new Set<number>();
  const queue = closure(program, [0]);
  for (let pc = queue.pop(); pc !== undefined; pc = queue.pop()) {
    if (program[pc].op !== 'set') continue;
    for (const next of closure(program, [pc + 1])) {
      if (later.has(next)) continue;
      later.add(next);
      queue.push(next);
    }
  }
  return [...later].every((pc) => {
    const instruction = program[pc];
    return instruction.op !== 'set' || instruction.bytes.every((on, b) => on === 0 || first[b] === 0);
  });
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

/**
 * Subset construction over ordered lists, cut after the first match when `leftmostFirst`
 * (a lower-priority thread can no longer win); otherwise the longest match is kept.
 */
function determinise(program: readonly Instruction[], leftmostFirst: boolean): Automaton | null {
  // In the unanchored automaton a restart follows every list, at the lowest priority, until a match is on it.
  const normal = (pcs: readonly number[], restart: boolean): { pcs: number[]; restart: boolean; accepts: boolean } => {
    const all = closure(program, restart ? [...pcs, 0] : pcs);
    const at = all.findIndex((pc) => program[pc].op === 'match');
    if (at < 0) return { pcs: all, restart, accepts: false };
    return leftmostFirst ? { pcs: all.slice(0, at), restart: false, accepts: true } : { pcs: all.filter((_, i) => i !== at), restart, accepts: true };
  };
  type Entry = ReturnType<typeof normal> & { next: string[] };
  const keyOf = (e: { pcs: number[]; restart: boolean; accepts: boolean }): string => `${e.pcs.join(',')}|${e.restart}|${e.accepts}`;
  const entries = new Map<string, Entry>();
  const queue: Entry[] = [];
  const intern = (e: ReturnType<typeof normal>): string => {
    const key = keyOf(e);
    if (!entries.has(key)) {
      const entry = { ...e, next: [] };
      entries.set(key, entry);
      queue.push(entry);
    }
    return key;
  };
  const startKey = intern(normal([0], leftmostFirst));
  for (let entry = queue.pop(); entry; entry = queue.pop()) {
    if (entries.size > MAX_STATES) return null;
    for (let b = 0; b < BYTES; b++) {
      const after: number[] = [];
      for (const pc of entry.pcs) {
        const instruction = program[pc];
        if (instruction.op === 'set' && instruction.bytes[b] === 1) after.push(pc + 1);
      }
      entry.next[b] = after.length === 0 && !entry.restart ? '' : intern(normal(after, entry.restart));
    }
  }
  const rejecting = [...entries].filter(([, e]) => !e.accepts);
  const accepts = [...entries].filter(([, e]) => e.accepts);
  const ids = new Map<string, number>([['', 0]]);
  for (const [key] of [...rejecting, ...accepts]) ids.set(key, ids.size);
  const table = new Uint16Array(ids.size * BYTES);
  for (const [key, entry] of entries) {
    const row = idOf(ids, key) * BYTES;
    for (let b = 0; b < BYTES; b++) table[row + b] = idOf(ids, entry.next[b]);
  }
  return { table, accepting: rejecting.length + 1, start: idOf(ids, startKey) };
}

function idOf(ids: ReadonlyMap<string, number>, key: string): number {
  return ids.get(key) ?? 0;
}
