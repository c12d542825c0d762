import { byteClasses, MAX_STATES, outlookOf, type Outlook, type Pattern } from './automaton.js';
import { EDGE, type Place } from './regex_parser.js';
import type { Instruction } from './regex_program.js';

const BYTES = 128;
const NONE = 0;
const FIRST = 1;
const LATER = 2;

interface Automaton {
  /** next state = table[state × 128 + byte]; state 0 is dead. */
  readonly table: Uint16Array;
  /** Of a state: a match ended before the byte that led there, by a thread that began when the start state was last left (FIRST), or LATER. */
  readonly accepts: Uint8Array;
  /** The same if the text ends in that state. */
  readonly atEdge: Uint8Array;
  /** Where to begin beside a neighbour (a byte or {@link EDGE}); states up to `lastStart` are such. */
  readonly starts: Uint16Array;
  readonly lastStart: number;
}

/**
 * As {@link BytePattern}, for patterns that look around by one character: whether a match ends is known when the byte behind it is seen, and
 * states remember what they must of the byte before. Method: RE2 (R. Cox 2010), its empty-width flags.
 */
export class ContextPattern implements Pattern {
  matchStart = 0;
  matchEnd = 0;
  readonly looksAround = true;
  readonly alphabet: Uint8Array;

  private constructor(private readonly forward: Automaton, private readonly backward: Automaton, private readonly outlook: Outlook) {
    this.alphabet = outlook.alphabet;
  }

  /** Null when the automaton would be too large, or the pattern can match the empty string. */
  static of(program: readonly Instruction[], reversed: readonly Instruction[]): ContextPattern | null {
    const outlook = outlookOf(program);
    const forward = outlook && determinise(program, true);
    const backward = outlook && determinise(reversed, false);
    return outlook && forward && backward && new ContextPattern(forward, backward, outlook);
  }

  /** `before` and `behind`: what stands beside bytes[from, end), a byte or {@link EDGE}. */
  find(bytes: Uint8Array, from: number, end: number, before: number = EDGE, behind: number = EDGE): boolean {
    const { table, accepts, atEdge, starts, lastStart } = this.forward;
    const { first, within, shortest } = this.outlook;
    const reach = shortest - 1;
    let state = starts[before];
    let last = -1;
    let begun = -1;
    let left = from;
    let i = from;
    for (;;) {
      if (state <= lastStart) {
        const at = i;
        while (i + reach < end) {
          if (within[bytes[i + reach]] === 0) i += reach + 1;
          else if (first[bytes[i]] === 0) i++;
          else break;
        }
        if (i + reach >= end) break;
        left = i;
        if (i > at) state = starts[bytes[i - 1]];
      }
      if (i === end) {
        const ended = behind === EDGE ? atEdge[state] : accepts[table[(state << 7) | behind]];
        if (ended !== NONE) {
          last = i;
          begun = ended === FIRST ? left : -1;
        }
        break;
      }
      state = table[(state << 7) | bytes[i]];
      if (state === 0) break;
      const ended = accepts[state];
      if (ended !== NONE) {
        last = i;
        begun = ended === FIRST ? left : -1;
      }
      i++;
    }
    if (last < 0) return false;
    this.matchEnd = last;
    this.matchStart = begun >= 0 ? begun : this.beginning(bytes, from, last, before, last < end ? bytes[last] : behind);
    return true;
  }

  private beginning(bytes: Uint8Array, from: number, end: number, before: number, behind: number): number {
    const { table, accepts, atEdge, starts } = this.backward;
    let state = starts[behind];
    let begin = end;
    for (let i = end - 1; i >= from; i--) {
      state = table[(state << 7) | bytes[i]];
      if (state === 0) return begin;
      if (accepts[state] !== NONE) begin = i + 1;
    }
    return (before === EDGE ? atEdge[state] : accepts[table[(state << 7) | before]]) === NONE ? begin : from;
  }
}

/** A thread that stands behind the byte it took, its assertions not yet looked at. */
interface Thread {
  readonly pc: number;
  readonly later: boolean;
}

interface State {
  readonly threads: readonly Thread[];
  readonly restart: boolean;
  /** Class of the symbol that was read last, or of the neighbour where none was. */
  readonly beside: number;
  readonly isStart: boolean;
  readonly accepts: number;
}

/**
 * Subset construction. A state's threads are carried on when the next symbol is known: then every assertion can be decided, and a thread that
 * has come to its end has matched up to there. Forward searches everywhere, leftmost first; backward is anchored and takes the longest.
 */
function determinise(program: readonly Instruction[], forward: boolean): Automaton | null {
  const { classOf, members } = byteClasses(program);
  const besides = sideClasses(program, forward);
  const states = new Map<string, { readonly state: State; readonly id: number; readonly next: number[]; edge: number }>();
  const queue: string[] = [];
  const intern = (state: State): number => {
    if (state.threads.length === 0 && !state.restart && state.accepts === NONE) return 0;
    const key = `${state.threads.map((t) => (t.later ? `${t.pc}+` : t.pc)).join(',')}|${state.restart}|${state.beside}|${state.isStart}|${state.accepts}`;
    let known = states.get(key);
    if (known === undefined) {
      known = { state, id: states.size + 1, next: [], edge: NONE };
      states.set(key, known);
      queue.push(key);
    }
    return known.id;
  };
  const startOf = (beside: number): number => intern({ threads: forward ? [] : [{ pc: 0, later: false }], restart: forward, beside, isStart: true, accepts: NONE });
  /** What a state becomes by a symbol. */
  const step = ({ threads, restart, beside, isStart }: State, symbol: number): { after: Thread[]; accepts: number; restart: boolean } => {
    const held = (places: readonly Place[]): boolean => {
      const known = besides.members[beside];
      return places.some((p) => (forward ? p.before[known] === 1 && p.behind[symbol] === 1 : p.behind[known] === 1 && p.before[symbol] === 1));
    };
    const seen = new Set<number>();
    const ready: Thread[] = [];
    const visit = (pc: number, later: boolean): void => {
      if (seen.has(pc)) return;
      seen.add(pc);
      const instruction = program[pc];
      if (instruction.op === 'jump') visit(instruction.to, later);
      else if (instruction.op === 'split') { visit(instruction.first, later); visit(instruction.second, later); }
      else if (instruction.op === 'assert') { if (held(instruction.places)) visit(pc + 1, later); }
      else ready.push({ pc, later });
    };
    for (const { pc, later } of threads) visit(pc, later);
    if (restart) visit(0, !isStart);
    const at = ready.findIndex(({ pc }) => program[pc].op === 'match');
    const going = at < 0 ? ready : forward ? ready.slice(0, at) : ready.filter((_, i) => i !== at);
    const after: Thread[] = [];
    if (symbol !== EDGE) for (const { pc, later } of going) {
      const instruction = program[pc];
      if (instruction.op === 'set' && instruction.bytes[symbol] === 1) after.push({ pc: pc + 1, later });
    }
    return { after, accepts: at < 0 ? NONE : ready[at].later ? LATER : FIRST, restart: restart && at < 0 };
  };
  const starts = besides.members.map((_, beside) => startOf(beside));
  const lastStart = starts[starts.length - 1];
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (states.size > MAX_STATES) return null;
    const entry = states.get(key);
    if (entry === undefined) continue;
    for (const [k, symbol] of members.entries()) {
      const { after, accepts, restart } = step(entry.state, symbol);
      const beside = besides.classOf[symbol];
      // No thread alive: the search is back where it began, or over.
      entry.next[k] = after.length === 0 && restart && accepts === NONE ? starts[beside] : intern({ threads: after, restart, beside, isStart: false, accepts });
    }
    entry.edge = step(entry.state, EDGE).accepts;
  }
  const table = new Uint16Array((states.size + 1) * BYTES);
  const accepts = new Uint8Array(states.size + 1);
  const atEdge = new Uint8Array(states.size + 1);
  for (const { state, id, next, edge } of states.values()) {
    for (let b = 0; b < BYTES; b++) table[id * BYTES + b] = next[classOf[b]];
    accepts[id] = state.accepts;
    atEdge[id] = edge;
  }
  return { table, accepts, atEdge, starts: Uint16Array.from({ length: EDGE + 1 }, (_, symbol) => starts[besides.classOf[symbol]]), lastStart };
}

/** Symbols that no assertion tells apart on the side that is known: the class of each, and a member of each class. */
function sideClasses(program: readonly Instruction[], forward: boolean): { classOf: Uint8Array; members: number[] } {
  const sets = program.flatMap((i) => (i.op === 'assert' ? i.places.map((p) => (forward ? p.before : p.behind)) : []));
  const classes = new Map<string, number>();
  const classOf = new Uint8Array(EDGE + 1);
  const members: number[] = [];
  for (let symbol = 0; symbol <= EDGE; symbol++) {
    const key = sets.map((set) => set[symbol]).join('');
    const known = classes.get(key);
    classOf[symbol] = known ?? members.push(symbol) - 1;
    if (known === undefined) classes.set(key, classOf[symbol]);
  }
  return { classOf, members };
}
