import { parseRegex, Unsupported, type Node } from './regex_parser.js';

/**
 * Bytes of which every match holds at least one each; look-arounds, of whatever length, are taken to hold. Empty where none is known. Of the
 * rarest kind first: punctuation, then capital letters, then others.
 */
export function neededBytes(pattern: string): number[] {
  try {
    const kind = (b: number): number => (b === 32 ? 3 : /[A-Z]/.test(String.fromCharCode(b)) ? 1 : /[a-z0-9]/.test(String.fromCharCode(b)) ? 2 : 0);
    return [...needed(parseRegex(pattern, { loose: true }))].sort((a, b) => kind(a) - kind(b));
  } catch (error) {
    if (error instanceof Unsupported) return [];
    throw error;
  }
}

function needed(node: Node): Set<number> {
  switch (node.kind) {
    case 'set': return new Set(node.bytes.reduce((a, b) => a + b, 0) === 1 ? [node.bytes.indexOf(1)] : []);
    case 'assert': return new Set();
    case 'repeat': return node.min > 0 ? needed(node.item) : new Set();
    case 'sequence': return new Set(node.items.flatMap((item) => [...needed(item)]));
    case 'choice': {
      const [first, ...others] = node.items.map(needed);
      return new Set([...first].filter((b) => others.every((set) => set.has(b))));
    }
    default: return node satisfies never;
  }
}
