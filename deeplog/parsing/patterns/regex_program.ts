import { parseRegex, Unsupported, type Node, type Place } from './regex_parser.js';

/**
 * A regular expression over bytes as a small program (Pike's VM), for the subset that has no back-references and looks around by one
 * character at most (anchors, word boundaries, `(?<=[^a-z])`, `(?!\d)`). Everything else is left to JavaScript's own RegExp.
 */
export type Instruction =
  | { op: 'set'; bytes: Uint8Array }
  /** Goes on where one of the places is. */
  | { op: 'assert'; places: readonly Place[] }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'match' };

/**
 * Parses `pattern` and returns its program, or null when it is outside the subset.
 * `reversed` gives the program of the reversed language, for finding where a match began; `wide`: of a {@link WideLine}'s bytes.
 */
export function regexProgram(pattern: string, reversed = false, wide = false): Instruction[] | null {
  try {
    const node = parseRegex(pattern, { wide });
    const program: Instruction[] = [];
    emit(node, program, reversed);
    program.push({ op: 'match' });
    return program;
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}

function emit(node: Node, program: Instruction[], reversed: boolean): void {
  switch (node.kind) {
    case 'set':
      program.push({ op: 'set', bytes: node.bytes });
      return;
    case 'assert':
      program.push({ op: 'assert', places: node.places });
      return;
    case 'sequence':
      for (const item of reversed ? [...node.items].reverse() : node.items) emit(item, program, reversed);
      return;
    case 'choice': {
      const jumps: { op: 'jump'; to: number }[] = [];
      node.items.forEach((item, i) => {
        if (i < node.items.length - 1) {
          const split: Instruction = { op: 'split', first: program.length + 1, second: 0 };
          program.push(split);
          emit(item, program, reversed);
          const jump: Instruction = { op: 'jump', to: 0 };
          program.push(jump);
          jumps.push(jump);
          split.second = program.length;
        } else emit(item, program, reversed);
      });
      for (const jump of jumps) jump.to = program.length;
      return;
    }
    case 'repeat': {
      for (let i = 0; i < node.min; i++) emit(node.item, program, reversed);
      const optional = (again: boolean): void => {
        const split = { op: 'split' as const, first: 0, second: 0 };
        const at = program.push(split) - 1;
        emit(node.item, program, reversed);
        if (again) program.push({ op: 'jump', to: at });
        const [enter, leave] = [at + 1, program.length];
        split.first = node.greedy ? enter : leave;
        split.second = node.greedy ? leave : enter;
        pending.push({ split, leaveIsFirst: !node.greedy });
      };
      const pending: { split: { first: number; second: number }; leaveIsFirst: boolean }[] = [];
      if (node.max === Infinity) optional(true);
      else {
        for (let i = node.min; i < node.max; i++) optional(false);
        // Leaving early skips all the optional copies that follow.
        for (const { split, leaveIsFirst } of pending) {
          if (leaveIsFirst) split.first = program.length;
          else split.second = program.length;
        }
      }
      return;
    }
    default:
      node satisfies never;
  }
}
